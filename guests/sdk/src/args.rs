//! The service's arguments, as the operator gave them.
//!
//! Owns: parsing and the texts of its errors. Never guesses: an unknown key, a key given twice and a
//! bad value are errors, and a guest that meets one refuses to start.

use std::fmt;

/// The `key=value` arguments of the service. Each is asked for once; what is left at the end was
/// unknown.
#[derive(Debug)]
pub struct Args {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Args {
    pub(crate) fn new(pairs: Vec<(String, String)>) -> Self {
        Self { pairs, known: Vec::new() }
    }

    /// The value of `key`, if given.
    ///
    /// # Errors
    /// [`ArgError`] if it was given twice.
    pub fn text(&mut self, key: &'static str) -> Result<Option<String>, ArgError> {
        self.known.push(key);
        let Some(at) = self.pairs.iter().position(|(k, _)| k == key) else { return Ok(None) };
        let (_, value) = self.pairs.remove(at);
        if self.pairs.iter().any(|(k, _)| k == key) {
            return Err(ArgError::new(format!("argument `{key}` was given more than once")));
        }
        Ok(Some(value))
    }

    /// The value of `key` as a number from `least` to `most`.
    ///
    /// # Errors
    /// [`ArgError`] if it was given twice, is no number, or is out of range.
    pub fn number(&mut self, key: &'static str, least: u64, most: u64) -> Result<Option<u64>, ArgError> {
        let Some(value) = self.text(key)? else { return Ok(None) };
        match value.parse::<u64>() {
            Ok(n) if (least..=most).contains(&n) => Ok(Some(n)),
            _ => Err(ArgError::new(format!(
                "argument `{key}={value}`: expected a whole number from {least} to {most}"
            ))),
        }
    }

    /// The value of `key` as a number of bytes from `least` to `most`, with an optional suffix `KiB`,
    /// `MiB` or `GiB`.
    ///
    /// # Errors
    /// [`ArgError`] if it was given twice, is no such number, or is out of range.
    pub fn bytes(&mut self, key: &'static str, least: u64, most: u64) -> Result<Option<u64>, ArgError> {
        let Some(value) = self.text(key)? else { return Ok(None) };
        match parse_bytes(&value) {
            Some(n) if (least..=most).contains(&n) => Ok(Some(n)),
            _ => Err(ArgError::new(format!(
                "argument `{key}={value}`: expected bytes from {least} to {most}, such as 65536, 64KiB or 4MiB"
            ))),
        }
    }

    /// The value of `key`, one of the words in `choices`; gives what stands beside the word.
    ///
    /// # Errors
    /// [`ArgError`] if it was given twice or is none of the words.
    pub fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<Option<T>, ArgError> {
        let Some(value) = self.text(key)? else { return Ok(None) };
        match choices.iter().find(|(word, _)| *word == value) {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
                Err(ArgError::new(format!("argument `{key}={value}`: expected one of {}", words.join(", "))))
            }
        }
    }

    /// All arguments that were not asked for yet, in the order given. For handlers with keys of their
    /// own making; none is unknown afterwards.
    pub fn take_rest(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.pairs)
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), ArgError> {
        let Some((key, _)) = self.pairs.first() else { return Ok(()) };
        let known = if self.known.is_empty() {
            "this handler takes no arguments".to_owned()
        } else {
            format!("known: {}", self.known.join(", "))
        };
        Err(ArgError::new(format!("unknown argument `{key}` ({known})")))
    }
}

/// Why a handler refuses its arguments. The text reaches the operator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ArgError {
    message: String,
}

impl ArgError {
    /// An error with a text of the handler's own: say which key, what is wrong, what is expected.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for ArgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ArgError {}

fn parse_bytes(text: &str) -> Option<u64> {
    for (suffix, unit) in [("KiB", 1_u64 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)] {
        if let Some(number) = text.strip_suffix(suffix) {
            return number.parse::<u64>().ok()?.checked_mul(unit);
        }
    }
    text.parse().ok()
}
