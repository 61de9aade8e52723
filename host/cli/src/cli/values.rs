//! Single values of the command line: addresses, names, arguments.
//!
//! Owns: what is accepted for each and the words of a refusal. Looks at the text alone.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use crate::units::Span;

/// Longest service name.
const NAME_LENGTH_MAX: usize = 64;

/// The shortest interval between two reports: below, writing them would be the main work.
const REPORT_EVERY_MIN: Duration = Duration::from_millis(10);

/// The handler's arguments: keys and values.
pub(crate) type Arguments = Vec<(String, String)>;

/// One argument for the handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Argument {
    /// Before the first `=`, never empty.
    pub(crate) key: String,
    /// After it.
    pub(crate) value: String,
}

impl FromStr for Argument {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            None => Err("write it as KEY=VALUE"),
            Some(("", _)) => Err("the key before `=` is missing: write it as KEY=VALUE"),
            Some((key, value)) => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
        }
    }
}

/// The name of a service: it stands between spaces in a line others parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceName(String);

impl ServiceName {
    /// The name itself.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest name to any text: what is not allowed becomes `-`.
    pub(crate) fn from_any(text: &str) -> Self {
        let name: String =
            text.chars().take(NAME_LENGTH_MAX).map(|c| if is_allowed(c) { c } else { '-' }).collect();
        Self(if name.is_empty() { "service".to_owned() } else { name })
    }
}

impl FromStr for ServiceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > NAME_LENGTH_MAX || !text.chars().all(is_allowed) {
            return Err(format!(
                "a name is 1 to {NAME_LENGTH_MAX} letters, digits, `-`, `_` or `.`, without spaces"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// An address to listen on.
///
/// # Errors
/// What is wrong and how it would be right, for the mistakes people make.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let usual = "write it as IP:PORT, such as 127.0.0.1:7007 or [::1]:7007";
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Err(format!("the port is missing: {usual}"));
    }
    if text.strip_prefix(':').unwrap_or(text).parse::<u16>().is_ok() {
        return Err(format!("the IP address is missing (0.0.0.0 for all of this machine): {usual}"));
    }
    let Some((host, port)) = text.rsplit_once(':') else { return Err(usual.to_owned()) };
    if port.parse::<u16>().is_err() {
        return Err(format!("`{port}` is no port, a number from 0 to 65535: {usual}"));
    }
    if host.contains(':') {
        return Err(format!("an IPv6 address stands in brackets: {usual}"));
    }
    Err(format!("`{host}` is no IP address, and names are not looked up: {usual}"))
}

/// How often counters are written.
///
/// # Errors
/// No time, or less than 10 ms.
pub(crate) fn report_every(text: &str) -> Result<Span, String> {
    let span: Span = text.parse().map_err(|error: crate::units::UnitError| error.to_string())?;
    if span.0 < REPORT_EVERY_MIN {
        return Err(format!("the least is {}", Span(REPORT_EVERY_MIN)));
    }
    Ok(span)
}
