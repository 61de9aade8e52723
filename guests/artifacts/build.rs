//! Builds the guests for wasm32-wasip2 and writes `guests.rs`, which the library includes.
//!
//! Owns: the nested cargo and what it depends on. One nested target directory, `<target>/guests`, is
//! shared by everything that runs this script, so a lint after a test does not build the guests again.
//! `TIDEGATE_GUESTS_DIR=<folder>` uses `<folder>/<guest>.wasm` instead of building.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

/// Every guest, by the name of its folder under `guests/`. Its package is `guest-<name>`.
const GUESTS: [&str; 8] =
    ["echo", "echo-ack", "echo-nack", "echo-pull", "every-import", "fault", "raw-fault", "resumable"];

const TARGET: &str = "wasm32-wasip2";

/// Variables of the outer cargo that would change what the nested one builds. The first list is of
/// prefixes, the second of whole names.
const CLEARED_PREFIXES: [&str; 8] = [
    "CARGO_CFG_",
    "CARGO_FEATURE_",
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_PROFILE_",
    "CARGO_BUILD_",
    "CARGO_TARGET_",
    "DEP_",
];
const CLEARED: [&str; 12] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_PRIMARY_PACKAGE",
    "DEBUG",
    "HOST",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC_LINKER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "TARGET",
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            for line in message.lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=TIDEGATE_GUESTS_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(var("OUT_DIR")?);
    let built = match env::var_os("TIDEGATE_GUESTS_DIR") {
        Some(dir) => prebuilt(Path::new(&dir))?,
        None => build(&out)?,
    };
    let mut copies = Vec::new();
    for (name, wasm) in GUESTS.iter().zip(built) {
        let copy = out.join(format!("{name}.wasm"));
        fs::copy(&wasm, &copy).map_err(|e| format!("cannot copy {}: {e}", wasm.display()))?;
        copies.push((*name, copy));
    }
    let source = out.join("guests.rs");
    fs::write(&source, generate(&copies)).map_err(|e| format!("cannot write {}: {e}", source.display()))
}

fn var(name: &str) -> Result<String, String> {
    env::var(name).map_err(|e| format!("{name}: {e} (cargo sets it for build scripts)"))
}

/// The files of `TIDEGATE_GUESTS_DIR`, in the order of [`GUESTS`].
fn prebuilt(dir: &Path) -> Result<Vec<PathBuf>, String> {
    GUESTS
        .iter()
        .map(|name| {
            let file = dir.join(format!("{name}.wasm"));
            println!("cargo::rerun-if-changed={}", file.display());
            if file.is_file() {
                Ok(file)
            } else {
                Err(format!("TIDEGATE_GUESTS_DIR: {} is missing", file.display()))
            }
        })
        .collect()
}

/// Builds all guests; gives the components in the order of [`GUESTS`].
fn build(out: &Path) -> Result<Vec<PathBuf>, String> {
    require_target()?;
    let here = PathBuf::from(var("CARGO_MANIFEST_DIR")?);
    let workspace = here.ancestors().nth(2).ok_or("this crate is not at <workspace>/guests/artifacts")?;
    let target_dir = target_dir(out)?.join("guests");

    let mut cargo = Command::new(var("CARGO")?);
    cargo.current_dir(workspace).args(["build", "--release", "--lib", "--target", TARGET]);
    for name in GUESTS {
        cargo.arg("--package").arg(format!("guest-{name}"));
    }
    for (key, _) in env::vars_os() {
        let leaks = key.to_str().is_some_and(|k| {
            CLEARED.contains(&k) || CLEARED_PREFIXES.iter().any(|prefix| k.starts_with(prefix))
        });
        if leaks {
            cargo.env_remove(key);
        }
    }
    cargo.env("CARGO_TARGET_DIR", &target_dir);
    let result = cargo.output().map_err(|e| format!("cannot run the nested cargo: {e}"))?;
    if !result.status.success() {
        return Err(format!(
            "the guests do not build ({}):\n{}",
            result.status,
            String::from_utf8_lossy(&result.stderr)
        ));
    }

    let built = target_dir.join(TARGET).join("release");
    let mut sources = BTreeSet::from([
        workspace.join("Cargo.toml"),
        workspace.join("Cargo.lock"),
        workspace.join("guests/sdk/Cargo.toml"),
        workspace.join("guests/sdk/wit"),
    ]);
    let mut files = Vec::new();
    for name in GUESTS {
        sources.insert(workspace.join("guests").join(name).join("Cargo.toml"));
        let stem = format!("guest_{}", name.replace('-', "_"));
        sources.extend(dependencies(&built.join(format!("{stem}.d")))?);
        files.push(built.join(format!("{stem}.wasm")));
    }
    for source in sources {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    Ok(files)
}

/// Without the target's standard library the nested build ends in hundreds of unhelpful lines.
fn require_target() -> Result<(), String> {
    let rustc = var("RUSTC")?;
    let result = Command::new(&rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .map_err(|e| format!("cannot run {rustc}: {e}"))?;
    let folder = PathBuf::from(String::from_utf8_lossy(&result.stdout).trim());
    if result.status.success() && folder.is_dir() {
        return Ok(());
    }
    Err(format!(
        "the guests need the Rust target {TARGET}, which is not installed. Install it with:\n    \
         rustup target add {TARGET}"
    ))
}

/// The outer target directory: the nearest ancestor of `OUT_DIR` that cargo marked as one.
fn target_dir(out: &Path) -> Result<PathBuf, String> {
    let marked = out.ancestors().skip(1).find(|folder| folder.join("CACHEDIR.TAG").is_file());
    // <target>/<profile>/build/<package>/out, should cargo ever stop marking it.
    marked
        .or_else(|| out.ancestors().nth(4))
        .map(Path::to_path_buf)
        .ok_or_else(|| format!("no target directory above {}", out.display()))
}

/// The files one artefact was made from, out of cargo's `.d` file: `artefact: file file …`, spaces in
/// names escaped with a backslash.
fn dependencies(file: &Path) -> Result<Vec<PathBuf>, String> {
    let text = fs::read_to_string(file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((_, list)) = line.split_once(": ") else { continue };
        let list = list.replace("\\ ", "\u{0}");
        found.extend(
            list.split(' ').filter(|f| !f.is_empty()).map(|f| PathBuf::from(f.replace('\u{0}', " "))),
        );
    }
    if found.is_empty() {
        return Err(format!("{} lists no source files", file.display()));
    }
    Ok(found)
}

/// The text of `guests.rs`.
fn generate(guests: &[(&str, PathBuf)]) -> String {
    let mut text = String::new();
    let mut all = String::new();
    let mut each = String::new();
    for (name, path) in guests {
        let constant = name.replace('-', "_").to_uppercase();
        let ident = name.replace('-', "_");
        let path = path.display().to_string();
        let _ = writeln!(text, "/// The guest `{name}`: the bytes of its component.");
        let _ = writeln!(text, "pub const {constant}: &[u8] = include_bytes!({path:?});");
        let _ = writeln!(text, "/// The guest `{name}`: the path of its component on this machine.");
        let _ = writeln!(text, "pub const {constant}_PATH: &str = {path:?};");
        let _ = writeln!(all, "    ({name:?}, {constant}),");
        let _ = writeln!(each, "        $each!({ident}, {name:?});");
    }
    let _ = writeln!(text, "/// Every guest: its name and the bytes of its component.");
    let _ = writeln!(text, "pub const ALL: &[(&str, &[u8])] = &[\n{all}];");
    let _ = writeln!(text, "/// Calls a macro once per guest, as `each!(identifier, \"name\")`.");
    let _ = writeln!(
        text,
        "#[macro_export]\nmacro_rules! foreach_guest {{\n    ($each:ident) => {{\n{each}    }};\n}}"
    );
    text
}
