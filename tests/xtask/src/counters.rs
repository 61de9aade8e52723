//! The host's own counters, as the program writes them with `--report-json`. Strict about what is
//! missing or has the wrong type, indifferent to what is new.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

/// One snapshot of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// Name of the service.
    pub(crate) service: String,
    /// Connections accepted so far.
    pub(crate) accepted: u64,
    /// Connections that still count as live (a lingering one does).
    pub(crate) live: u64,
    /// Connections ended, by reason.
    pub(crate) closed: BTreeMap<String, u64>,
    /// Bytes read from peers.
    pub(crate) bytes_in: u64,
    /// Bytes the kernel took for peers.
    pub(crate) bytes_out: u64,
    /// Events given to guests.
    pub(crate) events: u64,
    /// Writes acked.
    pub(crate) acks: u64,
    /// Commands refused.
    pub(crate) refusals: u64,
    /// The same, by reason.
    pub(crate) refusals_by_reason: BTreeMap<String, u64>,
    /// How often reading was suspended by a guest.
    pub(crate) suspends: u64,
    /// How often it was resumed after that.
    pub(crate) resumes: u64,
    /// Most bytes that ever waited on one connection, pending and queued.
    pub(crate) queue_peak_bytes: u64,
    /// Largest guest memory seen, in bytes.
    pub(crate) guest_memory_peak_bytes: u64,
    /// Guest faults, by kind.
    pub(crate) faults: BTreeMap<String, u64>,
    /// What guests counted themselves.
    pub(crate) guest_counts: BTreeMap<String, u64>,
}

impl Counters {
    /// Reads the file the program rewrites; `None` while it has not been written for the first time.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context("cannot read the program's counters"),
        };
        Self::parse(&text).map(Some).context("the program's counters are not as agreed")
    }

    /// Parses one snapshot.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let root: Value = serde_json::from_str(text)?;
        let connections = root.get("connections").context("`connections` is missing")?;
        Ok(Self {
            service: root.get("service").and_then(Value::as_str).context("`service` is no text")?.to_owned(),
            accepted: number(connections, "accepted")?,
            live: number(connections, "live")?,
            closed: numbers(connections, "closed")?,
            bytes_in: number(&root, "bytes_in")?,
            bytes_out: number(&root, "bytes_out")?,
            events: number(&root, "events")?,
            acks: number(&root, "acks")?,
            refusals: number(&root, "refusals")?,
            refusals_by_reason: numbers(&root, "refusals_by_reason")?,
            suspends: number(&root, "suspends")?,
            resumes: number(&root, "resumes")?,
            queue_peak_bytes: number(&root, "queue_peak_bytes")?,
            guest_memory_peak_bytes: number(&root, "guest_memory_peak_bytes")?,
            faults: numbers(&root, "faults")?,
            guest_counts: numbers(&root, "guest_counts")?,
        })
    }
}

fn number(value: &Value, key: &str) -> anyhow::Result<u64> {
    let found = value.get(key).with_context(|| format!("`{key}` is missing"))?;
    found.as_u64().with_context(|| format!("`{key}` is no whole number: {found}"))
}

fn numbers(value: &Value, key: &str) -> anyhow::Result<BTreeMap<String, u64>> {
    let found = value.get(key).with_context(|| format!("`{key}` is missing"))?;
    let entries = found.as_object().with_context(|| format!("`{key}` is no object: {found}"))?;
    entries
        .iter()
        .map(|(name, count)| {
            let count =
                count.as_u64().with_context(|| format!("`{key}.{name}` is no whole number: {count}"))?;
            Ok((name.clone(), count))
        })
        .collect()
}
