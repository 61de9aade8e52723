//! What one instance may still do before its worker serves others.

use tidegate_machines::Timestamp;

use crate::limits::{BYTES_PER_ROUND_MAX, EVENTS_PER_ROUND_MAX, LOOKS_PER_ROUND_MAX};

/// The work left in this round, and its time.
#[derive(Debug)]
pub(super) struct Round {
    /// The time; read again after each guest call, which is all that takes long.
    pub(super) now: Timestamp,
    events_left: usize,
    looks_left: usize,
    bytes_left: u64,
}

impl Round {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            now,
            events_left: EVENTS_PER_ROUND_MAX,
            looks_left: LOOKS_PER_ROUND_MAX,
            bytes_left: BYTES_PER_ROUND_MAX,
        }
    }

    /// Others come first now.
    pub(super) fn is_spent(&self) -> bool {
        self.events_left == 0 || self.looks_left == 0 || self.bytes_left == 0
    }

    pub(super) fn bytes_left(&self) -> u64 {
        self.bytes_left
    }

    pub(super) fn spend_event(&mut self) {
        self.events_left = self.events_left.saturating_sub(1);
    }

    pub(super) fn spend_look(&mut self) {
        self.looks_left = self.looks_left.saturating_sub(1);
    }

    pub(super) fn spend_bytes(&mut self, bytes: u64) {
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
    }
}
