//! What cargo knows about the workspace: its folder and its target folder. Read once per
//! command from `cargo metadata`; nothing here builds anything.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::process::Command;

use crate::group;

/// The workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// Its root folder.
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks cargo, in the current folder.
    pub(crate) async fn load() -> anyhow::Result<Self> {
        let output = group::command(cargo_program())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .await
            .context("cannot run `cargo metadata`")?;
        if !output.status.success() {
            bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr).trim_end());
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        Self::from_metadata(&metadata).context("`cargo metadata` printed something unexpected")
    }

    /// From the JSON cargo prints.
    pub(crate) fn from_metadata(metadata: &Value) -> anyhow::Result<Self> {
        let root = PathBuf::from(text(metadata, "workspace_root")?);
        let target = PathBuf::from(text(metadata, "target_directory")?);
        Ok(Self { root, target })
    }

    /// `cargo` in the root folder.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = group::command(cargo_program());
        command.args(args).current_dir(&self.root);
        command
    }

    /// Builds one package's programs as users do and returns the folder they are in.
    pub(crate) async fn build_release(&self, package: &str) -> anyhow::Result<PathBuf> {
        let status = self.cargo(&["build", "--release", "-p", package]).status().await?;
        if !status.success() {
            bail!("`cargo build --release -p {package}` failed");
        }
        Ok(self.target.join("release"))
    }
}

/// The cargo that started us, so that the toolchain is the same.
fn cargo_program() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn text<'a>(value: &'a Value, key: &str) -> anyhow::Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("no `{key}`"))
}
