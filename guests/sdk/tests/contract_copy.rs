//! The SDK carries the contract. In the repository it must be the contract.

#![allow(clippy::expect_used, clippy::panic, reason = "a failed expectation ends the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn texts(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "wit"))
        .map(|path| {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("readable"))
        })
        .collect()
}

#[test]
fn the_copy_is_the_contract() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (ours, original) = (texts(&here.join("wit")), texts(&here.join("../../wit")));
    assert!(!original.is_empty());
    assert!(
        ours == original,
        "guests/sdk/wit differs from wit/: run `cp wit/*.wit guests/sdk/wit/` in the workspace's folder"
    );
}
