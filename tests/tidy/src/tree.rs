//! The files of the project, everything below the root but what is built or belongs to git, and what
//! cargo says of it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

/// Folders that are never part of the project.
const SKIPPED: [&str; 2] = [".git", "target"];

/// Most files looked at: far above what there is, so that a link in a circle ends with an error.
const FILES_MAX: usize = 20_000;

/// One file with its text.
#[derive(Clone, Debug)]
pub struct File {
    /// Path relative to the root, with `/` between names.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl File {
    /// A file that need not exist, for trying a rule.
    #[must_use]
    pub fn sample(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether its name ends so.
    #[must_use]
    pub fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// Whether it holds tests only: in a folder of tests, or named for them.
    #[must_use]
    pub fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || name == "tests.rs"
            || name.ends_with("_tests.rs")
    }
}

/// The project's root folder.
///
/// # Errors
/// If this crate is not where it should be in the project.
pub fn root() -> anyhow::Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).context("no folder two above this crate")?;
    ensure!(root.join("Cargo.toml").is_file(), "the workspace is not two folders above this crate");
    Ok(root.to_owned())
}

/// Every text file of the project, in the order of their paths. Files that are no UTF-8 (inputs of
/// fuzzing, for example) are left out.
///
/// # Errors
/// If a folder cannot be read or there are more files than a project of this kind has.
pub fn files(root: &Path) -> anyhow::Result<Vec<File>> {
    let mut folders = vec![root.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let path = entry.path();
            if kind.is_dir() {
                if !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
                    folders.push(path);
                }
            } else if kind.is_file() {
                ensure!(files.len() < FILES_MAX, "more than {FILES_MAX} files");
                if let Ok(text) = String::from_utf8(std::fs::read(&path)?) {
                    let relative = path.strip_prefix(root).unwrap_or(&path);
                    files.push(File { path: relative.to_string_lossy().replace('\\', "/"), text });
                }
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// What `cargo metadata` says of the workspace at `root`.
///
/// # Errors
/// If cargo fails; a lock file that is not up to date is such a failure.
pub fn metadata(root: &Path) -> anyhow::Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("`cargo metadata --locked`: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
