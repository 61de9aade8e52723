//! Words that have no place in the tree: marks of unfinished work, and paths of the machine somebody
//! worked on. The words are put together here from halves, so that this file passes its own rule.

use crate::Violation;
use crate::tree::File;

/// Macros and marks, found wherever they are written.
const MARKS: [(&str, &str); 5] = [
    (concat!("todo", "!("), "unfinished work is not committed"),
    (concat!("unimplemented", "!("), "unfinished work is not committed"),
    (concat!("FIX", "ME"), "repair it, or write down what is known as a sentence"),
    (concat!("XX", "X"), "write down what is known as a sentence"),
    (concat!("dbg", "!("), "output for debugging is not committed"),
];

/// Beginnings of paths that only one machine has.
const PATHS: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
    concat!("C:\\", "Us"),
];

/// The only registry, as cargo writes it into the lock file.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Looks at every file.
#[must_use]
pub fn check(files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            found.extend(
                in_line(line).into_iter().map(|message| Violation::at(&file.path, index + 1, message)),
            );
        }
        if file.path.ends_with("Cargo.lock") {
            found.extend(sources(file));
        }
    }
    found
}

fn in_line(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (mark, what_to_do) in MARKS {
        if line.contains(mark) {
            found.push(format!("`{mark}`: {what_to_do}"));
        }
    }
    for path in PATHS {
        let alone = |at: usize| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '}'))
        };
        if line.match_indices(path).any(|(at, _)| alone(at)) {
            found.push(format!("`{path}`: a path of one machine"));
        }
    }
    found
}

/// Every package of a lock file comes from this workspace or from crates.io.
fn sources(file: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if let Some(source) = line.strip_prefix("source = ")
            && source.trim_matches('"') != REGISTRY
        {
            found.push(Violation::at(&file.path, index + 1, "a package that is not from crates.io"));
        }
    }
    found
}
