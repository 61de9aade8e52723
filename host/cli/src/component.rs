//! Which component is meant: a file or a built-in guest.
//!
//! Owns: the rule (a text with a `/` or ending in `.wasm` is a path, anything else the name of a
//! built-in guest), the list of built-in guests, and the suggestion for a name that is none. What
//! exists on disk does not change what a text means.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use tidegate_guest_artifacts as guests;

use crate::cli::values::ServiceName;

/// The guests inside the program: name and component.
const BUILT_IN: [(&str, &[u8]); 4] = [
    ("echo", guests::ECHO),
    ("echo-ack", guests::ECHO_ACK),
    ("echo-nack", guests::ECHO_NACK),
    ("echo-pull", guests::ECHO_PULL),
];

/// A component, as named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Component {
    /// A file.
    File(PathBuf),
    /// A guest inside the program.
    BuiltIn {
        /// Its name.
        name: &'static str,
        /// Its component.
        bytes: &'static [u8],
    },
}

impl Component {
    /// The service's name where none is given.
    pub(crate) fn service_name(&self) -> ServiceName {
        match self {
            Self::File(path) => {
                ServiceName::from_any(&path.file_stem().unwrap_or_default().to_string_lossy())
            }
            Self::BuiltIn { name, .. } => ServiceName::from_any(name),
        }
    }
}

impl FromStr for Component {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('/') || text.ends_with(".wasm") {
            return Ok(Self::File(PathBuf::from(text)));
        }
        if let Some((name, bytes)) = BUILT_IN.iter().find(|(name, _)| *name == text) {
            return Ok(Self::BuiltIn { name, bytes });
        }
        let known = BUILT_IN.map(|(name, _)| name).join(", ");
        let mut why = format!("no built-in guest has this name; there are {known}");
        if let Some(near) = nearest(text) {
            why.push_str(&format!(" (did you mean `{near}`?)"));
        }
        if Path::new(text).exists() {
            why.push_str(&format!("; for the file of this name write `./{text}`"));
        } else {
            why.push_str("; a path has a `/` or ends in `.wasm`");
        }
        Err(why)
    }
}

/// The built-in guest that differs from `text` in at most two letters.
fn nearest(text: &str) -> Option<&'static str> {
    /// Longer texts are no misspelt names, and comparing them would cost their length.
    const LENGTH_MAX: usize = 32;
    if text.len() > LENGTH_MAX {
        return None;
    }
    BUILT_IN
        .iter()
        .map(|(name, _)| (distance(text, name), *name))
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Insertions, removals and replacements that make one of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (to, above) in b.iter().zip(row.iter().skip(1)) {
            let cost = (diagonal + usize::from(from != *to)).min(left + 1).min(above + 1);
            diagonal = *above;
            left = cost;
            next.push(cost);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Component, distance};

    #[test]
    fn a_slash_or_the_extension_makes_a_path_and_anything_else_a_name() {
        for text in ["./echo", "a/b", "my.wasm", "/tmp/x"] {
            assert_eq!(text.parse::<Component>(), Ok(Component::File(PathBuf::from(text))));
        }
        assert!(matches!("echo-nack".parse(), Ok(Component::BuiltIn { name: "echo-nack", .. })));
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones_and_the_nearest() {
        let error = "echo-nak".parse::<Component>().expect_err("unknown");
        assert!(error.contains("echo, echo-ack, echo-nack, echo-pull"), "{error}");
        assert!(error.contains("did you mean `echo-nack`?"), "{error}");
        let error = "postgres".parse::<Component>().expect_err("unknown");
        assert!(!error.contains("did you mean"), "{error}");
    }

    #[test]
    fn the_distance_counts_single_changes() {
        for (a, b, expected) in
            [("", "", 0), ("", "abc", 3), ("echo", "ecko", 1), ("ehco", "echo", 2), ("a", "", 1)]
        {
            assert_eq!(distance(a, b), expected, "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_service_is_named_after_its_component() {
        let name = |text: &str| text.parse::<Component>().expect(text).service_name().to_string();
        assert_eq!(name("echo"), "echo");
        assert_eq!(name("some/where/my chat.v2.wasm"), "my-chat.v2");
        assert_eq!(name("/"), "service");
    }
}
