//! Names a new crate may have.
//!
//! Owns: the rule, a subset of cargo's that is also a good file name: lower-case ASCII letters, digits,
//! `-` and `_`, beginning with a letter, at most 64 characters, no Rust keyword and no crate that would
//! clash.

use std::fmt;
use std::str::FromStr;

/// Longest name.
const LENGTH_MAX: usize = 64;

/// Names that mean something else to Rust or cargo: keywords, the crates every program sees, and our
/// SDK.
const TAKEN: [&str; 57] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "tidegate-guest",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// A name for a new crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CrateName(String);

impl CrateName {
    /// As it is written in a manifest.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What cargo calls the built file, without `.wasm`.
    pub(crate) fn file_stem(&self) -> String {
        self.0.replace('-', "_")
    }
}

impl FromStr for CrateName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let rule = "a name is lower-case letters, digits, `-` and `_`, and begins with a letter";
        if name.is_empty() {
            return Err(format!("it is empty: {rule}"));
        }
        if name.len() > LENGTH_MAX {
            return Err(format!("it is longer than {LENGTH_MAX} characters"));
        }
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(rule.to_owned());
        }
        if let Some(bad) = name.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-' | '_')) {
            return Err(format!("`{}` is not allowed: {rule}", bad.escape_default()));
        }
        let dashed = name.replace('_', "-");
        if TAKEN.contains(&dashed.as_str()) {
            return Err(
                "this name has a meaning of its own in Rust or is the SDK's: choose another".to_owned()
            );
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for CrateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
