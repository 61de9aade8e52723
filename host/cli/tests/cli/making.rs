//! `tidegate new`, all the way: made, tested, changed as its README says, built, served, and it answers.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tidegate_e2e::{Client, Ending, Program, Started};

use crate::tidegate;

/// Building the SDK's dependencies takes its time, once: the target folder is kept between runs.
fn target_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("made-handlers")
}

/// Runs cargo in a folder as a person would: without what the cargo that runs this test passes on.
fn cargo(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(folder).args(arguments);
    for (key, _) in std::env::vars_os() {
        if is_ours(&key) {
            command.env_remove(key);
        }
    }
    command.env("CARGO_TARGET_DIR", target_folder());
    let output = command.output().expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo {arguments:?}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn is_ours(key: &OsString) -> bool {
    let Some(key) = key.to_str() else { return false };
    let kept = ["CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_HTTP_PROXY"];
    (key.starts_with("CARGO") || key.starts_with("RUSTC") || key == "RUSTFLAGS")
        && !kept.contains(&key)
        && !key.starts_with("CARGO_REGISTRIES")
        && !key.starts_with("CARGO_SOURCE")
}

/// The `number`th code block of a README that is Rust.
fn rust_block(readme: &str, number: usize) -> &str {
    let block = readme.split("```rust\n").nth(number + 1).expect("a block of Rust");
    block.split("```").next().expect("its end")
}

#[test]
fn a_new_handler_is_tested_changed_built_and_served() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let handler = folder.path().join("my-handler");
    let path = handler.to_str().expect("a path of ours");
    let exit = Program::run(tidegate(), &["new", "my-handler", "--path", path]);
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert!(exit.stdout.contains("cargo build --release --target wasm32-wasip2"), "{}", exit.stdout);

    cargo(&handler, &["test", "--quiet"]);

    // The change its README describes, with the README's own words.
    let readme = fs::read_to_string(handler.join("README.md")).expect("the README");
    let source = handler.join("src/lib.rs");
    let before = fs::read_to_string(&source).expect("the handler");
    let after = before.replacen(rust_block(&readme, 0), rust_block(&readme, 1), 1);
    assert_ne!(before, after, "what the README says to replace is there");
    fs::write(&source, after).expect("changed");
    let tests = handler.join("src/tests.rs");
    let text = fs::read_to_string(&tests).expect("the tests");
    fs::write(&tests, text.replace("Command::write(c, b\"hello\"", "Command::write(c, b\"HELLO\""))
        .expect("changed");

    cargo(&handler, &["test", "--quiet"]);
    cargo(&handler, &["build", "--quiet", "--release", "--target", "wasm32-wasip2"]);

    let built = target_folder().join("wasm32-wasip2/release/my_handler.wasm");
    let wasm = folder.path().join("my.wasm");
    fs::copy(built, &wasm).expect("the component");
    let host = Started::serve(tidegate(), &[wasm.to_str().expect("a path of ours")]);
    let mut client = Client::connect(host.address(), 1);
    client.send_text("hello\n");
    client.finish();
    assert_eq!(client.read_to_end(), "HELLO\n");
    assert_eq!(client.ending(), Ending::Finished);
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let occupied = folder.path().join("occupied");
    fs::create_dir(&occupied).expect("a folder");
    fs::write(occupied.join("precious"), "mine").expect("a file");
    let occupied_path = occupied.to_str().expect("a path of ours");
    let missing = folder.path().join("missing/parent/x");
    for arguments in [
        &["new", "fine", "--path", occupied_path] as &[&str],
        &["new", "fine", "--path", missing.to_str().expect("a path of ours")],
        &["new", "Not-Fine"],
        &["new", "fn"],
        &["new", ""],
    ] {
        let mut command = Command::new(tidegate());
        command.current_dir(folder.path()).args(arguments);
        let exit = Program::spawn(command).exit();
        assert_eq!(exit.code, Some(2), "{arguments:?}: {}", exit.stderr);
        assert!(exit.stderr.starts_with("error: "), "{arguments:?}: {}", exit.stderr);
        assert_eq!(exit.stdout, "", "{arguments:?}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).expect("the folder").collect();
    assert_eq!(left.len(), 1, "only what was there before: {left:?}");
    assert_eq!(fs::read_to_string(occupied.join("precious")).expect("still there"), "mine");
}
