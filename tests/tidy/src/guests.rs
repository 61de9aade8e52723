//! Guests are not left alone: every one is used by an end-to-end test, and the SDK's copy of the WIT
//! package is the package.

use std::collections::BTreeMap;

use crate::Violation;
use crate::tree::File;

/// Every component under `guests/` is named in an end-to-end test, as `"name"` or as the constant
/// `NAME` that stands for its bytes.
#[must_use]
pub fn untested(files: &[File]) -> Vec<Violation> {
    let tests: Vec<&File> =
        files.iter().filter(|file| file.path.starts_with("tests/e2e/") && file.is("rs")).collect();
    let mut found = Vec::new();
    for file in files {
        let Some(name) = component(file) else { continue };
        let quoted = format!("\"{name}\"");
        let constant = name.replace('-', "_").to_uppercase();
        let used = |test: &&File| {
            test.text.contains(&quoted)
                || test.text.lines().any(|line| crate::rust::has_word(line, &constant))
        };
        if !tests.iter().any(used) {
            found.push(Violation::of(
                &file.path,
                format!("no test in tests/e2e names {quoted} or {constant}"),
            ));
        }
    }
    found
}

/// Name of the guest whose manifest this is, if it is one.
fn component(file: &File) -> Option<&str> {
    let name = file.path.strip_prefix("guests/")?.strip_suffix("/Cargo.toml")?;
    file.text.contains("cdylib").then_some(name)
}

/// `guests/sdk/wit` holds the same files with the same text as `wit`.
#[must_use]
pub fn copies(files: &[File]) -> Vec<Violation> {
    let folder = |prefix: &str| -> BTreeMap<String, String> {
        let inside = files.iter().filter(|file| file.is("wit"));
        inside
            .filter_map(|file| Some((file.path.strip_prefix(prefix)?.to_owned(), file.text.clone())))
            .collect()
    };
    let (contract, copy) = (folder("wit/"), folder("guests/sdk/wit/"));
    let mut found = Vec::new();
    if contract.is_empty() {
        found.push(Violation::of("wit", "there is no contract"));
    }
    for name in contract.keys().chain(copy.keys().filter(|name| !contract.contains_key(*name))) {
        if contract.get(name) != copy.get(name) {
            let message = format!("differs from wit/{name}: copy the one that is right");
            found.push(Violation::of(&format!("guests/sdk/wit/{name}"), message));
        }
    }
    found
}
