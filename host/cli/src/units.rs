//! Numbers with units, as they are written on the command line.
//!
//! Owns: parsing and printing of sizes and time spans. Never guesses a unit: a bare number of seconds
//! or kilobytes is an error that says how to write it. Invariant: what [`Size`] and [`Span`] print,
//! they also read.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A number of bytes: `512`, `64KiB`, `16MiB`, `1GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Size(pub(crate) u64);

/// A time span: `250us`, `20ms`, `5s`, `5min`, `1h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(pub(crate) Duration);

/// A limit that can be switched off with the word `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrOff<T> {
    /// No limit.
    Off,
    /// This limit.
    Limit(T),
}

/// Why a text is no number with a unit. The text reaches the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnitError(String);

impl FromStr for Size {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text);
        let factor = match unit {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => {
                return Err(UnitError(format!(
                    "{}: write bytes as 512, 64KiB, 16MiB or 1GiB",
                    unknown_unit(text, unit)
                )));
            }
        };
        scaled(text, number, factor, "a number of bytes such as 512, 64KiB, 16MiB or 1GiB").map(Self)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (factor, unit) in [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
            if self.0 >= factor && self.0.is_multiple_of(factor) {
                return write!(f, "{}{unit}", self.0 / factor);
            }
        }
        write!(f, "{}", self.0)
    }
}

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text);
        let micros = match unit {
            "us" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "min" => 60_000_000,
            "h" => 3_600_000_000,
            "" if !number.is_empty() => {
                return Err(UnitError(format!(
                    "the unit is missing: `{number}ms`, `{number}s` or `{number}min`?"
                )));
            }
            _ => {
                return Err(UnitError(format!(
                    "{}: write times as 250us, 20ms, 5s, 5min or 1h",
                    unknown_unit(text, unit)
                )));
            }
        };
        let micros = scaled(text, number, micros, "a time such as 250us, 20ms, 5s, 5min or 1h")?;
        Ok(Self(Duration::from_micros(micros)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        for (factor, unit) in [(3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms")] {
            if micros >= factor && micros.is_multiple_of(factor) {
                return write!(f, "{}{unit}", micros / factor);
            }
        }
        write!(f, "{micros}us")
    }
}

impl<T> OrOff<T> {
    /// `None` is off.
    pub(crate) fn limit(self) -> Option<T> {
        match self {
            Self::Off => None,
            Self::Limit(limit) => Some(limit),
        }
    }
}

impl<T: FromStr<Err = UnitError>> FromStr for OrOff<T> {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::Limit).map_err(|UnitError(why)| UnitError(format!("{why}, or `off`")))
    }
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnitError {}

/// The digits and what follows them.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn unknown_unit(text: &str, unit: &str) -> String {
    if unit == text { "this is no number".to_owned() } else { format!("unknown unit `{unit}`") }
}

fn scaled(text: &str, number: &str, factor: u64, expected: &str) -> Result<u64, UnitError> {
    if number.is_empty() {
        return Err(UnitError(format!("expected {expected}")));
    }
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| UnitError(format!("`{text}` is larger than this program can count")))
}

#[cfg(test)]
mod tests;
