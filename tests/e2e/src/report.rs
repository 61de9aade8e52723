//! The program's counters, as it writes them with `--report-json`.

use std::path::Path;

use serde_json::Value;

/// One state of the counters.
#[derive(Clone, Debug, PartialEq)]
pub struct Report(Value);

impl Report {
    /// Reads the file. It is whole at every moment, so anything else fails the test.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("the file of the counters");
        Self(serde_json::from_str(&text).expect("counters as JSON, whole at every moment"))
    }

    /// The number at this place (a JSON pointer).
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn number(&self, place: &str) -> u64 {
        self.find(place).unwrap_or_else(|| panic!("no number at {place} in {self}"))
    }

    /// The number at this place, 0 if there is none: a reason or a kind that never came up.
    #[must_use]
    pub fn count(&self, place: &str) -> u64 {
        self.find(place).unwrap_or(0)
    }

    /// The text at this place.
    #[must_use]
    pub fn text(&self, place: &str) -> &str {
        self.0
            .pointer(place)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no text at {place} in {self}"))
    }

    fn find(&self, place: &str) -> Option<u64> {
        self.0.pointer(place).and_then(Value::as_u64)
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}
