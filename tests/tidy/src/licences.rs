//! Everything the workspace links may be linked by anybody: each package names a licence that is on
//! the list. Judged from `cargo metadata`, so a new dependency is looked at before it is used.

use anyhow::Context as _;
use serde_json::Value;

use crate::Violation;

/// Licences that ask for no more than a notice.
const ALLOWED: [&str; 10] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

/// Looks at every package cargo knows of.
///
/// # Errors
/// If the JSON is not what cargo prints.
pub fn check(metadata: &Value) -> anyhow::Result<Vec<Violation>> {
    let packages = metadata.get("packages").and_then(Value::as_array).context("no list `packages`")?;
    let mut found = Vec::new();
    for package in packages {
        let name = package.get("name").and_then(Value::as_str).context("a package without a name")?;
        match package.get("license").and_then(Value::as_str) {
            Some(expression) if is_allowed(expression) => {}
            Some(expression) => found.push(Violation::of(name, format!("licence `{expression}`"))),
            None => found.push(Violation::of(name, "names no licence")),
        }
    }
    Ok(found)
}

/// Whether the expression can be satisfied with licences of the list: one side of an `OR` is enough,
/// both sides of an `AND` are needed. `/` is the old way to write `OR`.
#[must_use]
pub fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let allowed = either(&mut words);
    allowed && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>) -> bool {
    let mut allowed = both(words);
    while words.next_if_eq(&"OR").is_some() {
        // Both sides are read, whatever the first one says.
        allowed |= both(words);
    }
    allowed
}

fn both(words: &mut Words<'_>) -> bool {
    let mut allowed = one(words);
    while words.next_if_eq(&"AND").is_some() {
        allowed &= one(words);
    }
    allowed
}

fn one(words: &mut Words<'_>) -> bool {
    match words.next() {
        Some("(") => {
            let allowed = either(words);
            words.next_if_eq(&")").is_some() && allowed
        }
        Some(name) if words.next_if_eq(&"WITH").is_some() => {
            let exception = words.next().unwrap_or_default();
            ALLOWED.contains(&format!("{name} WITH {exception}").as_str())
        }
        Some(name) => ALLOWED.contains(&name),
        None => false,
    }
}
