//! `tidegate new`: a handler crate from the template inside the program, with SDK and contract.
//!
//! Owns: what the folder holds and that it appears whole or not at all: everything is written into a
//! temporary folder beside it, which is renamed at the end. Never touches a folder that has anything
//! in it, never runs cargo.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use crate::exit::Failure;
use crate::new::name::CrateName;
use crate::stdout;

pub(crate) mod name;

/// The SDK's files, named from its root.
mod sdk {
    include!(concat!(env!("OUT_DIR"), "/sdk_files.rs"));
}

/// The template: where a file goes, and its text with `{{name}}` and `{{file}}` to be filled in.
const TEMPLATE: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("../template/Cargo.toml.in")),
    (".gitignore", include_str!("../template/gitignore.in")),
    ("README.md", include_str!("../template/README.md.in")),
    ("src/lib.rs", include_str!("../template/handler.rs.in")),
    ("src/tests.rs", include_str!("../template/tests.rs.in")),
];

/// The SDK's folder inside the new crate, and its crate name.
pub(crate) const SDK_FOLDER: &str = "tidegate-guest";

/// Makes the crate `name` in the folder `path`, or in `./<name>`, and says what to do next.
pub(crate) fn run(name: &CrateName, path: Option<&Path>) -> Result<(), Failure> {
    let folder = path.map_or_else(|| PathBuf::from(name.as_str()), Path::to_path_buf);
    create(name, &folder)?;
    let folder = folder.display();
    stdout::say(&format!(
        "created the handler `{name}` in {folder}\n\n\
         test it:   cd {folder} && cargo test\n\
         build it:  cargo build --release --target wasm32-wasip2\n\
         serve it:  tidegate serve target/wasm32-wasip2/release/{file}.wasm\n\n\
         {folder}/README.md goes on from there\n",
        file = name.file_stem(),
    ));
    Ok(())
}

/// Makes the folder, whole or not at all.
fn create(name: &CrateName, folder: &Path) -> Result<(), Failure> {
    refuse_occupied(folder)?;
    let cannot = || format!("cannot create {}", folder.display());
    // The part that is made before the crate's own folder must exist, as for `mkdir`.
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let staging =
        tempfile::Builder::new().prefix(".tidegate-new-").tempdir_in(parent).with_context(cannot).map_err(
            |error| {
                Failure::starting(error).help(format!("is {} a folder you may write to?", parent.display()))
            },
        )?;
    // One level below, because the temporary folder itself is readable by its owner alone.
    let staged = staging.path().join("crate");
    write_all(name, &staged).with_context(cannot).map_err(Failure::starting)?;
    // Onto an empty folder a rename succeeds, onto an occupied one it fails: nothing is overwritten
    // even if somebody made the folder meanwhile.
    fs::rename(&staged, folder).with_context(cannot).map_err(Failure::starting)
}

/// An existing empty folder is as good as none; anything else stays untouched.
fn refuse_occupied(folder: &Path) -> Result<(), Failure> {
    let occupied = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) if error.kind() == ErrorKind::NotADirectory => true,
        Err(error) => {
            let error = anyhow!(error).context(format!("cannot look into {}", folder.display()));
            return Err(Failure::starting(error));
        }
    };
    if occupied {
        let error = anyhow!("{} exists already and is not an empty folder", folder.display());
        return Err(Failure::starting(error).help("choose another name, or another folder with --path DIR"));
    }
    Ok(())
}

fn write_all(name: &CrateName, folder: &Path) -> io::Result<()> {
    for (file, text) in TEMPLATE {
        let text = text.replace("{{name}}", name.as_str()).replace("{{file}}", &name.file_stem());
        write(&folder.join(file), text.as_bytes())?;
    }
    for (file, content) in sdk::FILES {
        write(&folder.join(SDK_FOLDER).join(file), content)?;
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, content)
}

#[cfg(test)]
mod tests;
