//! What is counted for one service.
//!
//! Owns: plain atomics, one set for each worker so that workers do not share cache lines; a snapshot adds them up.
//! Never needed for correctness. Callers: cells (through [`CounterShard`]), listeners, whoever shows numbers.

mod labels;
pub(crate) use labels::fault_label;
mod snapshot;

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidegate_machines::cell::Report;
use tidegate_machines::reason::Fault;

use crate::limits::{GUEST_COUNT_NAME_BYTES_MAX, GUEST_COUNTS_MAX};
pub use snapshot::{Labelled, Snapshot};

/// The counters of one service.
#[derive(Debug)]
pub struct Counters {
    shards: Box<[Shard]>,
    /// What guests count by names of their own.
    guest: Mutex<BTreeMap<Box<str>, u64>>,
}

/// The counters one worker writes. Aligned so that two workers never write the same cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    connections_accepted: AtomicU64,
    connections_gone: AtomicU64,
    accept_failures: AtomicU64,
    instances_made: AtomicU64,
    instances_freed: AtomicU64,
    bytes_in: AtomicU64,
    bytes_discarded: AtomicU64,
    bytes_out: AtomicU64,
    write_calls: AtomicU64,
    events: AtomicU64,
    commands: AtomicU64,
    acks: AtomicU64,
    reading_suspended: AtomicU64,
    reading_resumed: AtomicU64,
    throttled: AtomicU64,
    stale_commands: AtomicU64,
    panics: AtomicU64,
    guest_counts_dropped: AtomicU64,
    queue_peak_bytes: AtomicU64,
    guest_memory_peak_bytes: AtomicU64,
    closed: [AtomicU64; labels::CLOSED.len()],
    refused: [AtomicU64; labels::REFUSED.len()],
    faults: [AtomicU64; labels::FAULTS.len()],
}

impl Counters {
    /// All zero, for `workers` workers (at least one).
    #[must_use]
    pub fn new(workers: usize) -> Arc<Self> {
        let shards = (0..workers.max(1)).map(|_| Shard::default()).collect();
        Arc::new(Self { shards, guest: Mutex::default() })
    }

    /// The part that the worker with this index writes.
    #[must_use]
    pub fn shard(self: &Arc<Self>, worker: usize) -> CounterShard {
        CounterShard { index: worker % self.shards.len(), counters: Arc::clone(self) }
    }

    /// The sums, as of about now: counters of different workers are read one after the other.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let guest = self.guest.lock().unwrap_or_else(PoisonError::into_inner);
        let guest = guest.iter().map(|(name, count)| (name.to_string(), *count)).collect();
        Snapshot::sum(&self.shards, guest)
    }
}

/// The counters of one service, as one worker writes them.
#[derive(Clone, Debug)]
pub struct CounterShard {
    counters: Arc<Counters>,
    index: usize,
}

impl CounterShard {
    /// Counts what a guest counts by a name of its own. Names beyond
    /// [`GUEST_COUNTS_MAX`] or longer than [`GUEST_COUNT_NAME_BYTES_MAX`] bytes are dropped; the drops are counted.
    pub fn count_guest(&self, name: &str, by: u64) {
        let mut counts = self.counters.guest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(name) {
            *count = count.saturating_add(by);
        } else if counts.len() < GUEST_COUNTS_MAX && name.len() <= GUEST_COUNT_NAME_BYTES_MAX {
            counts.insert(name.into(), by);
        } else {
            drop(counts);
            self.add(|shard| &shard.guest_counts_dropped, 1);
        }
    }

    /// An instance's linear memory was this large at its peak.
    pub fn guest_memory_peak(&self, bytes: u64) {
        self.max(|shard| &shard.guest_memory_peak_bytes, bytes);
    }

    pub(crate) fn accepted(&self) {
        self.add(|shard| &shard.connections_accepted, 1);
    }

    /// A connection is gone: nothing of it is left in this process.
    pub(crate) fn gone(&self) {
        self.add(|shard| &shard.connections_gone, 1);
    }

    pub(crate) fn accept_failed(&self) {
        self.add(|shard| &shard.accept_failures, 1);
    }

    pub(crate) fn instance_made(&self) {
        self.add(|shard| &shard.instances_made, 1);
    }

    pub(crate) fn instance_freed(&self) {
        self.add(|shard| &shard.instances_freed, 1);
    }

    pub(crate) fn read(&self, bytes: u64) {
        self.add(|shard| &shard.bytes_in, bytes);
    }

    pub(crate) fn discarded(&self, bytes: u64) {
        self.add(|shard| &shard.bytes_discarded, bytes);
    }

    pub(crate) fn written(&self, calls: u64, bytes: u64) {
        self.add(|shard| &shard.write_calls, calls);
        self.add(|shard| &shard.bytes_out, bytes);
    }

    pub(crate) fn event(&self) {
        self.add(|shard| &shard.events, 1);
    }

    pub(crate) fn commands(&self, count: usize) {
        self.add(|shard| &shard.commands, count as u64);
    }

    pub(crate) fn panicked(&self) {
        self.add(|shard| &shard.panics, 1);
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.add_labelled(|shard| &shard.faults, labels::fault(fault));
    }

    pub(crate) fn report(&self, report: Report) {
        match report {
            Report::Closed(_, reason) => self.add_labelled(|shard| &shard.closed, labels::closed(reason.by)),
            Report::Refused(_, _, refusal) => {
                self.add_labelled(|shard| &shard.refused, labels::refused(refusal));
            }
            Report::Acked(_) => self.add(|shard| &shard.acks, 1),
            Report::ReadingSuspended(_) => self.add(|shard| &shard.reading_suspended, 1),
            Report::ReadingResumed(_) => self.add(|shard| &shard.reading_resumed, 1),
            Report::QueuePeak(_, bytes) => self.max(|shard| &shard.queue_peak_bytes, bytes),
            Report::StaleCommand(_) => self.add(|shard| &shard.stale_commands, 1),
            Report::Throttled => self.add(|shard| &shard.throttled, 1),
            // Counted when its socket is closed, which is the same moment.
            Report::Gone(_) => {}
        }
    }

    fn add(&self, counter: impl Fn(&Shard) -> &AtomicU64, by: u64) {
        if let Some(shard) = self.counters.shards.get(self.index) {
            counter(shard).fetch_add(by, Relaxed);
        }
    }

    fn max(&self, counter: impl Fn(&Shard) -> &AtomicU64, value: u64) {
        if let Some(shard) = self.counters.shards.get(self.index) {
            counter(shard).fetch_max(value, Relaxed);
        }
    }

    fn add_labelled(&self, counters: impl Fn(&Shard) -> &[AtomicU64], label: usize) {
        if let Some(counter) =
            self.counters.shards.get(self.index).and_then(|shard| counters(shard).get(label))
        {
            counter.fetch_add(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
