//! The file of counters.
//!
//! Owns: its form (JSON, one object) and that a reader finds it whole at every moment: it is written
//! beside its place and renamed. Fields may be added, none is renamed or removed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tidegate_service::{Labelled, Snapshot};

/// Writes the counters of one service to one file.
#[derive(Debug)]
pub(crate) struct ReportFile {
    path: PathBuf,
    /// Beside it, so that the rename stays within one file system; ours alone by the process id.
    staging: PathBuf,
}

/// The content.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    service: &'a str,
    connections: Connections,
    instances: Instances,
    bytes_in: u64,
    bytes_out: u64,
    bytes_discarded: u64,
    events: u64,
    commands: u64,
    acks: u64,
    refusals: u64,
    refusals_by_reason: BTreeMap<&'static str, u64>,
    suspends: u64,
    resumes: u64,
    throttled: u64,
    stale_commands: u64,
    queue_peak_bytes: u64,
    guest_memory_peak_bytes: u64,
    faults: BTreeMap<&'static str, u64>,
    guest_counts: &'a BTreeMap<String, u64>,
    write_calls: u64,
    accept_failures: u64,
    panics: u64,
}

#[derive(Debug, Serialize)]
struct Connections {
    accepted: u64,
    live: u64,
    closed: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct Instances {
    made: u64,
    freed: u64,
    live: u64,
}

impl<'a> Report<'a> {
    /// The content for a service.
    pub(crate) fn new(service: &'a str, counters: &'a Snapshot) -> Self {
        let refusals_by_reason = nonzero(&counters.refused);
        Self {
            service,
            connections: Connections {
                accepted: counters.connections_accepted,
                live: counters.connections_live(),
                closed: nonzero(&counters.closed),
            },
            instances: Instances {
                made: counters.instances_made,
                freed: counters.instances_freed,
                live: counters.instances_made.saturating_sub(counters.instances_freed),
            },
            bytes_in: counters.bytes_in,
            bytes_out: counters.bytes_out,
            bytes_discarded: counters.bytes_discarded,
            events: counters.events,
            commands: counters.commands,
            acks: counters.acks,
            refusals: refusals_by_reason.values().sum(),
            refusals_by_reason,
            suspends: counters.reading_suspended,
            resumes: counters.reading_resumed,
            throttled: counters.throttled,
            stale_commands: counters.stale_commands,
            queue_peak_bytes: counters.queue_peak_bytes,
            guest_memory_peak_bytes: counters.guest_memory_peak_bytes,
            faults: nonzero(&counters.faults),
            guest_counts: &counters.guest,
            write_calls: counters.write_calls,
            accept_failures: counters.accept_failures,
            panics: counters.panics,
        }
    }
}

impl ReportFile {
    /// For a file at this path; nothing is touched yet.
    pub(crate) fn new(path: &Path) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.tmp", std::process::id()));
        Self { path: path.to_path_buf(), staging: path.with_file_name(name) }
    }

    /// Where.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// What the system says; the file is then as it was.
    pub(crate) fn write(&self, report: &Report<'_>) -> io::Result<()> {
        let mut text = serde_json::to_vec(report)?;
        text.push(b'\n');
        let written = fs::write(&self.staging, text).and_then(|()| fs::rename(&self.staging, &self.path));
        if written.is_err() {
            // Whatever is left of it is of no use to anybody.
            let _ = fs::remove_file(&self.staging);
        }
        written
    }
}

fn nonzero(counts: &Labelled) -> BTreeMap<&'static str, u64> {
    counts.iter().filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;
    use tidegate_service::Snapshot;

    use super::{Report, ReportFile};

    fn counters() -> Snapshot {
        let guest = [("stored-peak".to_owned(), 7)].into_iter().collect();
        Snapshot { connections_accepted: 3, connections_gone: 1, acks: 5, guest, ..Snapshot::default() }
    }

    #[test]
    fn the_file_has_every_agreed_field() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = ReportFile::new(&folder.path().join("r.json"));
        file.write(&Report::new("echo", &counters())).expect("written");
        let text = fs::read_to_string(file.path()).expect("there");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        for (place, expected) in [
            ("/connections/accepted", 3),
            ("/connections/live", 2),
            ("/acks", 5),
            ("/guest_counts/stored-peak", 7),
            ("/bytes_in", 0),
            ("/bytes_out", 0),
            ("/events", 0),
            ("/refusals", 0),
            ("/suspends", 0),
            ("/resumes", 0),
            ("/queue_peak_bytes", 0),
            ("/guest_memory_peak_bytes", 0),
        ] {
            assert_eq!(json.pointer(place).and_then(Value::as_u64), Some(expected), "{place} in {text}");
        }
        for place in ["/connections/closed", "/refusals_by_reason", "/faults"] {
            assert!(json.pointer(place).is_some_and(Value::is_object), "{place} in {text}");
        }
        assert_eq!(json.get("service").and_then(Value::as_str), Some("echo"));
    }

    #[test]
    fn writing_replaces_the_file_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = ReportFile::new(&folder.path().join("r.json"));
        for _ in 0..3 {
            file.write(&Report::new("echo", &counters())).expect("written");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_an_error_and_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let occupied = folder.path().join("occupied");
        fs::create_dir(&occupied).expect("a folder in the way");
        let file = ReportFile::new(&occupied);
        assert!(file.write(&Report::new("echo", &counters())).is_err());
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
    }
}
