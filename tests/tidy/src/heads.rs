//! Every Rust file begins with a comment that says what it owns.

use crate::Violation;
use crate::tree::File;

/// Looks at the first line of every `.rs` file.
#[must_use]
pub fn check(files: &[File]) -> Vec<Violation> {
    files
        .iter()
        .filter(|file| file.is("rs") && !file.text.trim_start().starts_with("//!"))
        .map(|file| Violation::of(&file.path, "begins without a `//!` comment that says what it owns"))
        .collect()
}
