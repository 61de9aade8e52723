//! What the system says about a process, this one or another.
//!
//! Owns: reading `/proc`. Linux only; on other systems the numbers are not known and tests that compare
//! them do not run.

use std::fs;

/// What a process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Open descriptors.
    pub descriptors: usize,
    /// Resident memory and page tables, bytes.
    pub resident_bytes: u64,
    /// Memory mappings.
    pub mappings: usize,
}

/// What the process with this id holds now; `None` if it is gone or the system does not say.
#[must_use]
pub fn of(process: u32) -> Option<Facts> {
    let folder = format!("/proc/{process}");
    let status = fs::read_to_string(format!("{folder}/status")).ok()?;
    let kib = |key: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_ascii_whitespace().next()?.parse().ok()
    };
    Some(Facts {
        descriptors: fs::read_dir(format!("{folder}/fd")).ok()?.count(),
        resident_bytes: (kib("VmRSS:")? + kib("VmPTE:")?) * 1024,
        mappings: fs::read_to_string(format!("{folder}/maps")).ok()?.lines().count(),
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn this_process_holds_something() {
        let facts = super::of(std::process::id()).expect("facts");
        assert!(facts.descriptors >= 3 && facts.resident_bytes > 0 && facts.mappings > 0, "{facts:?}");
    }

    #[test]
    fn a_process_that_is_not_there_has_no_facts() {
        assert_eq!(super::of(u32::MAX), None);
    }
}
