//! What the program knows of the checkout it was built from.
//!
//! Owns: which files of `guests/sdk` travel inside the program, so that `tidegate new` can write them
//! beside a new handler, and the versions that `--version` names. The SDK's manifest is written out with
//! everything that it inherits from the workspace, because the copy has no workspace. Invariant: a
//! manifest that still refers to the workspace fails the build here, not at the user.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use toml::{Table, Value};

/// What of the SDK is needed to build a handler: its tests stay behind.
const FOLDERS: [&str; 2] = ["src", "wit"];
/// Single files, where they exist.
const FILES: [&str; 3] = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];
/// The SDK is small; a tree deeper than this is not the SDK.
const DEPTH_MAX: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let root = here.join("../..").canonicalize()?;
    let sdk = root.join("guests/sdk");

    let manifest = out.join("sdk-Cargo.toml");
    fs::write(&manifest, standalone_manifest(&root, &sdk)?)?;
    let mut files = vec![("Cargo.toml".to_owned(), manifest)];
    for name in FILES {
        let path = sdk.join(name);
        if path.is_file() {
            files.push((name.to_owned(), path));
        }
    }
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={}", sdk.join(folder).display());
        list(&sdk.join(folder), folder, DEPTH_MAX, &mut files)?;
    }
    files.sort();

    let mut code = String::from("pub(crate) const FILES: &[(&str, &[u8])] = &[\n");
    for (name, path) in &files {
        // What this script writes itself would make every build a new one.
        if !path.starts_with(&out) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        writeln!(code, "    ({name:?}, include_bytes!({:?})),", path.display().to_string())?;
    }
    code.push_str("];\n");
    fs::write(out.join("sdk_files.rs"), code)?;
    println!("cargo::rerun-if-changed={}", root.join("Cargo.toml").display());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=TIDEGATE_CONTRACT={}", contract(&root)?);
    println!("cargo::rustc-env=TIDEGATE_WASMTIME={}", locked_version(&root, "wasmtime")?);
    Ok(())
}

/// The contract's package with its version, as `wit/` names it: `tidegate:tcp@0.1.0`.
fn contract(root: &Path) -> Result<String, Box<dyn Error>> {
    let folder = root.join("wit");
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "wit") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let package = text.lines().find_map(|line| line.strip_prefix("package ")?.strip_suffix(';'));
        if let Some(package) = package {
            return Ok(package.trim().to_owned());
        }
    }
    Err(format!("no file in {} names the package", folder.display()).into())
}

/// The version of a dependency that this build uses.
fn locked_version(root: &Path, name: &str) -> Result<String, Box<dyn Error>> {
    let file = root.join("Cargo.lock");
    println!("cargo::rerun-if-changed={}", file.display());
    let lock: Table = fs::read_to_string(&file)?.parse()?;
    let packages = lock.get("package").and_then(Value::as_array).ok_or("Cargo.lock lists no packages")?;
    packages
        .iter()
        .find(|package| package.get("name").and_then(Value::as_str) == Some(name))
        .and_then(|package| package.get("version").and_then(Value::as_str))
        .map(str::to_owned)
        .ok_or_else(|| format!("Cargo.lock has no {name}").into())
}

/// Appends every file below `folder`, named from the SDK's root with `/`.
fn list(
    folder: &Path,
    prefix: &str,
    depth: usize,
    files: &mut Vec<(String, PathBuf)>,
) -> Result<(), Box<dyn Error>> {
    if depth == 0 {
        return Err(format!("{} is nested too deeply", folder.display()).into());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry.file_name().into_string().map_err(|name| format!("odd file name {name:?}"))?;
        let name = format!("{prefix}/{file_name}");
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &name, depth - 1, files)?;
        } else {
            files.push((name, entry.path()));
        }
    }
    Ok(())
}

/// The SDK's manifest with what it inherits from the workspace written out.
fn standalone_manifest(root: &Path, sdk: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", sdk.join("Cargo.toml").display());
    let workspace: Table = fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let workspace = table(&workspace, "workspace")?;
    let mut manifest: Table = fs::read_to_string(sdk.join("Cargo.toml"))?.parse()?;

    // The workspace's lints are this project's taste, not the handler author's.
    manifest.remove("lints");
    for (section, source) in
        [("package", "package"), ("dependencies", "dependencies"), ("dev-dependencies", "dependencies")]
    {
        let Some(Value::Table(entries)) = manifest.get_mut(section) else { continue };
        let inherited = table(workspace, source)?;
        for (key, value) in entries.iter_mut() {
            if let Value::Table(spec) = value
                && spec.get("workspace") == Some(&Value::Boolean(true))
            {
                let found =
                    inherited.get(key).ok_or_else(|| format!("the workspace has no {source}.{key}"))?;
                *value = merged(found, spec);
            }
        }
    }
    let text = toml::to_string(&manifest)?;
    if text.contains("workspace") {
        return Err("the SDK's manifest inherits something that this build script does not know".into());
    }
    Ok(format!("# Written by `tidegate new`: the SDK as it was when the program was built.\n{text}"))
}

/// An inherited entry with the features that are asked for on top.
fn merged(inherited: &Value, asked: &Table) -> Value {
    let Some(Value::Array(more)) = asked.get("features") else { return inherited.clone() };
    let mut entry = match inherited {
        Value::Table(entry) => entry.clone(),
        version => Table::from_iter([("version".to_owned(), version.clone())]),
    };
    let features = entry.entry("features").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(features) = features {
        features.extend(more.iter().cloned());
    }
    Value::Table(entry)
}

fn table<'a>(parent: &'a Table, key: &str) -> Result<&'a Table, String> {
    parent.get(key).and_then(Value::as_table).ok_or_else(|| format!("no table {key:?} in the manifest"))
}
