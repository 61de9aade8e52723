//! Makes sure of what the toolchain file cannot promise: the guests' target and the components, also
//! where rustup is told not to install by itself. Does nothing when all is there, so that a machine
//! without a network works.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::group;
use crate::workspace::Workspace;

/// The target guests are built for.
const GUEST_TARGET: &str = "wasm32-wasip2";

/// Adds the guests' target to the toolchain in use if it is missing.
pub(crate) async fn ensure_guest_target(workspace: &Workspace) -> anyhow::Result<()> {
    if has_guest_target(workspace).await? {
        return Ok(());
    }
    println!("adding the target {GUEST_TARGET}");
    rustup(workspace, &["target", "add", GUEST_TARGET]).await?;
    if !has_guest_target(workspace).await? {
        bail!("rustup added {GUEST_TARGET}, but not to the toolchain in use: see `rustup show`");
    }
    Ok(())
}

/// Adds rustfmt and clippy to the toolchain in use if they are missing.
pub(crate) async fn ensure_components(workspace: &Workspace) -> anyhow::Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let probe = workspace.cargo(&[subcommand, "--version"]).output().await?;
        if !probe.status.success() {
            println!("adding the component {component}");
            rustup(workspace, &["component", "add", component]).await?;
        }
    }
    Ok(())
}

/// Whether the standard library for the target is in the toolchain, however it came there.
async fn has_guest_target(workspace: &Workspace) -> anyhow::Result<bool> {
    let output = group::command("rustc")
        .args(["--print", "target-libdir", "--target", GUEST_TARGET])
        .current_dir(&workspace.root)
        .output()
        .await
        .context("cannot run `rustc`: install Rust with rustup (https://rustup.rs)")?;
    let folder = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(folder.trim_end()).is_dir())
}

async fn rustup(workspace: &Workspace, args: &[&str]) -> anyhow::Result<()> {
    let shown = format!("rustup {}", args.join(" "));
    let status = group::command("rustup").args(args).current_dir(&workspace.root).status().await;
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => bail!("`{shown}` failed; run it yourself in this folder to see why"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("rustup is not installed, and `{shown}` is needed: see https://rustup.rs")
        }
        Err(error) => Err(error).with_context(|| format!("cannot run `{shown}`")),
    }
}
