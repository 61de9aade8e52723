//! `unsafe` in the documented places only, and each use there with its reason.

use crate::Violation;
use crate::rust::{code_of, has_word};
use crate::tree::File;

/// Where it may be, and why there.
pub const PLACES: [(&str, &str); 3] = [
    ("host/driver/src/sys.rs", "system calls for which there is no safe wrapper"),
    ("host/sandbox/src/cache.rs", "loading compiled code that was verified before"),
    (
        "guests/raw-fault/src/raw.rs",
        "a test guest that calls imports past the bindings, to break the contract",
    ),
];

/// Looks at the code of every `.rs` file. The lint attribute `unsafe_code` is another word.
#[must_use]
pub fn check(files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is("rs")) {
        if PLACES.iter().any(|(place, _)| file.path.starts_with(place)) {
            continue;
        }
        for (index, line) in code_of(&file.text).lines().enumerate() {
            if has_word(line, "unsafe") {
                let message = "`unsafe` outside the documented places (see tests/tidy/src/unsafety.rs)";
                found.push(Violation::at(&file.path, index + 1, message));
            }
        }
    }
    found
}
