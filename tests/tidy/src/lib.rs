//! Written rules that a machine checks. Each module is one rule over the files of the project (or
//! over what cargo says of it); `tests/` holds the project to all of them and tries each on samples.
//!
//! Owns: what a violation looks like and how files are found. Never changes a file. A rule reads text
//! and says what breaks it; it never has an opinion that cannot be written down in one sentence.

pub mod guests;
pub mod heads;
pub mod ignored;
pub mod layers;
pub mod length;
pub mod licences;
pub mod links;
pub mod rust;
pub mod tree;
pub mod unsafety;
pub mod uses;
pub mod wit;
pub mod words;

use std::fmt;

/// One place where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The file, relative to the root, or what else it is about.
    pub place: String,
    /// Line, from 1; 0 if the whole file is meant.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl Violation {
    /// A violation in a line (from 1) of a file.
    #[must_use]
    pub fn at(place: &str, line: usize, message: impl Into<String>) -> Self {
        Self { place: place.to_owned(), line, message: message.into() }
    }

    /// A violation of a whole file or package.
    #[must_use]
    pub fn of(place: &str, message: impl Into<String>) -> Self {
        Self::at(place, 0, message)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.place, self.message)
        } else {
            write!(f, "{}:{}: {}", self.place, self.line, self.message)
        }
    }
}
