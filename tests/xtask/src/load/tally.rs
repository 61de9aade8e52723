//! What a load client has seen: running totals for progress, and the outcome as it travels between
//! the two processes.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use serde_json::{Value, json};

/// Most messages kept; a thousand connections that fail alike need not all say so.
const ERRORS_MAX: usize = 8;

/// Running totals of all connections.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Tally {
    pub(crate) fn add_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// As a line of output.
    pub(crate) fn progress(&self) -> Value {
        json!({"kind": "progress", "bytes_sent": self.sent(), "bytes_received": self.received()})
    }
}

/// How one connection ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Bytes that were not what they should be.
    pub(crate) different: u64,
    /// Bytes sent that never came back.
    pub(crate) missing: u64,
    /// Bytes that came back and were never sent.
    pub(crate) surplus: u64,
    /// What went wrong, in words.
    pub(crate) error: Option<String>,
}

/// What came of the whole plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Connections that were to be made.
    pub(crate) connections: u64,
    /// Connections that got back exactly what they sent, and then the end of the stream.
    pub(crate) clean: u64,
    /// Bytes written to the sockets.
    pub(crate) bytes_sent: u64,
    /// Bytes read from them.
    pub(crate) bytes_received: u64,
    /// Bytes that differ.
    pub(crate) different: u64,
    /// Bytes that never came back.
    pub(crate) missing: u64,
    /// Bytes that were never sent.
    pub(crate) surplus: u64,
    /// The first few messages.
    pub(crate) errors: Vec<String>,
}

/// One line of a load client's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Bytes that came back so far.
    Progress {
        /// Read from the sockets.
        bytes_received: u64,
    },
    /// The end.
    Result(Outcome),
}

impl Outcome {
    /// Every connection clean: nothing different, missing or too much, and no error.
    pub(crate) fn is_clean(&self) -> bool {
        self.clean == self.connections && self.wrong_bytes() == 0 && self.errors.is_empty()
    }

    /// Bytes that are not what was sent, whichever way.
    pub(crate) fn wrong_bytes(&self) -> u64 {
        self.different + self.missing + self.surplus
    }

    pub(crate) fn add(&mut self, ended: Ended) {
        if ended == Ended::default() {
            self.clean += 1;
        }
        self.different += ended.different;
        self.missing += ended.missing;
        self.surplus += ended.surplus;
        if let Some(error) = ended.error {
            self.note_error(error);
        }
    }

    pub(crate) fn note_error(&mut self, error: String) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(error);
        }
    }

    /// As a line of output.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "kind": "result",
            "connections": self.connections, "clean": self.clean,
            "bytes_sent": self.bytes_sent, "bytes_received": self.bytes_received,
            "different": self.different, "missing": self.missing, "surplus": self.surplus,
            "errors": self.errors,
        })
    }
}

impl Line {
    /// Reads back what `progress` and `to_json` wrote.
    pub(crate) fn parse(line: &str) -> anyhow::Result<Self> {
        let value: Value = serde_json::from_str(line)?;
        let number =
            |key: &str| value.get(key).and_then(Value::as_u64).with_context(|| format!("no `{key}`"));
        match value.get("kind").and_then(Value::as_str) {
            Some("progress") => Ok(Self::Progress { bytes_received: number("bytes_received")? }),
            Some("result") => {
                let errors = value.get("errors").and_then(Value::as_array).context("no `errors`")?;
                Ok(Self::Result(Outcome {
                    connections: number("connections")?,
                    clean: number("clean")?,
                    bytes_sent: number("bytes_sent")?,
                    bytes_received: number("bytes_received")?,
                    different: number("different")?,
                    missing: number("missing")?,
                    surplus: number("surplus")?,
                    errors: errors.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                }))
            }
            other => anyhow::bail!("a line of kind {other:?}"),
        }
    }
}
