//! A test is left out only with a reason that is written where it is left out.

use crate::Violation;
use crate::rust::code_of;
use crate::tree::File;

/// Looks for `#[ignore]` without a text.
#[must_use]
pub fn check(files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is("rs")) {
        for (index, line) in code_of(&file.text).lines().enumerate() {
            let bare: String = line.chars().filter(|c| !c.is_whitespace()).collect();
            if bare.contains("#[ignore]") || (bare.contains("cfg_attr(") && bare.contains(",ignore)")) {
                let message = "a test is ignored without a reason: write #[ignore = \"why\"]";
                found.push(Violation::at(&file.path, index + 1, message));
            }
        }
    }
    found
}
