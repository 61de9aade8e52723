//! The sums of a service's counters at one moment. Plain data.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::collections::BTreeMap;

use super::{Shard, labels};

/// Numbers of one service since it was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Connections taken from a listener.
    pub connections_accepted: u64,
    /// Of those, how many are gone; the others are live.
    pub connections_gone: u64,
    /// Accepts that the system refused (no descriptor, no memory) or that could not be placed.
    pub accept_failures: u64,
    /// Instances made for connections; probes are not counted.
    pub instances_made: u64,
    /// Instances freed, with or without a fault.
    pub instances_freed: u64,
    /// Bytes read and delivered.
    pub bytes_in: u64,
    /// Bytes read and thrown away after a close.
    pub bytes_discarded: u64,
    /// Bytes the kernel took.
    pub bytes_out: u64,
    /// System calls that wrote them.
    pub write_calls: u64,
    /// Events delivered to handlers.
    pub events: u64,
    /// Commands that handlers recorded in turns that counted.
    pub commands: u64,
    /// Writes acked.
    pub acks: u64,
    /// `suspend-reading` executed.
    pub reading_suspended: u64,
    /// `resume-reading` executed while suspended.
    pub reading_resumed: u64,
    /// Calls put off because the rolling CPU budget was used up.
    pub throttled: u64,
    /// Commands on connections whose end the handler had been told.
    pub stale_commands: u64,
    /// Panics of this program that cost a handler and its connections.
    pub panics: u64,
    /// Counts by guests that were dropped: too many names, or too long a name.
    pub guest_counts_dropped: u64,
    /// Most bytes pending and queued on one connection.
    pub queue_peak_bytes: u64,
    /// Largest linear memory of one instance, known when it is freed.
    pub guest_memory_peak_bytes: u64,
    /// Terminal events, by reason.
    pub closed: Labelled,
    /// Refused commands, by refusal.
    pub refused: Labelled,
    /// Faults of handlers, by kind.
    pub faults: Labelled,
    /// What guests count by names of their own.
    pub guest: BTreeMap<String, u64>,
}

impl Snapshot {
    pub(super) fn sum(shards: &[Shard], guest: BTreeMap<String, u64>) -> Self {
        let mut sum = Self {
            closed: Labelled::zero(&labels::CLOSED),
            refused: Labelled::zero(&labels::REFUSED),
            faults: Labelled::zero(&labels::FAULTS),
            guest,
            ..Self::default()
        };
        for shard in shards {
            sum.add(shard);
        }
        sum
    }

    /// Connections that are live: accepted and not gone.
    #[must_use]
    pub fn connections_live(&self) -> u64 {
        self.connections_accepted.saturating_sub(self.connections_gone)
    }

    fn add(&mut self, shard: &Shard) {
        let sums: [(&mut u64, &AtomicU64); 18] = [
            (&mut self.connections_accepted, &shard.connections_accepted),
            (&mut self.connections_gone, &shard.connections_gone),
            (&mut self.accept_failures, &shard.accept_failures),
            (&mut self.instances_made, &shard.instances_made),
            (&mut self.instances_freed, &shard.instances_freed),
            (&mut self.bytes_in, &shard.bytes_in),
            (&mut self.bytes_discarded, &shard.bytes_discarded),
            (&mut self.bytes_out, &shard.bytes_out),
            (&mut self.write_calls, &shard.write_calls),
            (&mut self.events, &shard.events),
            (&mut self.commands, &shard.commands),
            (&mut self.acks, &shard.acks),
            (&mut self.reading_suspended, &shard.reading_suspended),
            (&mut self.reading_resumed, &shard.reading_resumed),
            (&mut self.throttled, &shard.throttled),
            (&mut self.stale_commands, &shard.stale_commands),
            (&mut self.panics, &shard.panics),
            (&mut self.guest_counts_dropped, &shard.guest_counts_dropped),
        ];
        for (sum, counter) in sums {
            *sum = sum.saturating_add(counter.load(Relaxed));
        }
        self.queue_peak_bytes = self.queue_peak_bytes.max(shard.queue_peak_bytes.load(Relaxed));
        self.guest_memory_peak_bytes =
            self.guest_memory_peak_bytes.max(shard.guest_memory_peak_bytes.load(Relaxed));
        self.closed.add(&shard.closed);
        self.refused.add(&shard.refused);
        self.faults.add(&shard.faults);
    }
}

/// Counts by reason, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labelled {
    counts: Vec<(&'static str, u64)>,
}

impl Labelled {
    fn zero(labels: &[&'static str]) -> Self {
        Self { counts: labels.iter().map(|label| (*label, 0)).collect() }
    }

    fn add(&mut self, counters: &[AtomicU64]) {
        for ((_, count), counter) in self.counts.iter_mut().zip(counters) {
            *count = count.saturating_add(counter.load(Relaxed));
        }
    }

    /// The count of one reason; 0 for a reason that does not exist.
    #[must_use]
    pub fn of(&self, label: &str) -> u64 {
        self.counts.iter().find(|(name, _)| *name == label).map_or(0, |(_, count)| *count)
    }

    /// All of them together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// Every reason with its count, zeros included.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.counts.iter().copied()
    }
}
