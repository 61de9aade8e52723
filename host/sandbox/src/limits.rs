//! Every bound on a guest, with its default, and the one that wasmtime asks about: memory and tables.
//!
//! The limiter refuses growth and remembers that it did. A refusal alone is no fault (a guest may cope with it); a
//! trap that follows in the same call is classified as `memory` by [`crate::fault`].

use std::time::Duration;
use wasmtime::{ResourceLimiter, Result};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Bounds of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceLimits {
    /// Linear memory in bytes; 16 MiB. At most the engine's slot ([`crate::EngineConfig::memory_bytes_max`]).
    pub memory_bytes_max: usize,
    /// Elements of all its tables together; 20 000.
    pub table_elements_max: usize,
    /// CPU time of one event; 20 ms. Measured on the thread's own clock, to within two ticks of the engine.
    pub cpu_per_event: Duration,
    /// Handles it may hold at once, connections, listeners, chunks and pending waits together; 4096.
    pub handles_max: u32,
    /// Memory pinned by the chunks it holds, plus 128 bytes for each; 32 MiB.
    pub chunks_bytes_max: u64,
    /// Bytes one call of an import may bring along; 33 MiB, so that a full turn (32 MiB) fits.
    pub hostcall_bytes_max: usize,
    /// Bytes of one log line, before escaping; 1024. The rest of a longer line is cut off and counted.
    pub log_line_bytes_max: usize,
    /// Log lines in one event; 64.
    pub log_lines_per_event_max: u32,
    /// Log lines in one second, as a burst or spread; 256.
    pub log_lines_per_second_max: u32,
}

impl Default for InstanceLimits {
    fn default() -> Self {
        Self {
            memory_bytes_max: 16 * MIB,
            table_elements_max: 20_000,
            cpu_per_event: Duration::from_millis(20),
            handles_max: 4096,
            chunks_bytes_max: 32 * MIB as u64,
            hostcall_bytes_max: 33 * MIB,
            log_line_bytes_max: KIB,
            log_lines_per_event_max: 64,
            log_lines_per_second_max: 256,
        }
    }
}

/// What wasmtime asks before memory or a table grows.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory_bytes_max: usize,
    table_elements_max: usize,
    memory_bytes: usize,
    table_elements: usize,
    refused: bool,
}

impl Limiter {
    pub(crate) fn new(limits: &InstanceLimits) -> Self {
        Self {
            memory_bytes_max: limits.memory_bytes_max,
            table_elements_max: limits.table_elements_max,
            memory_bytes: 0,
            table_elements: 0,
            refused: false,
        }
    }

    /// A refusal counts for the call it happened in: a guest that coped with it and traps in a later event did so
    /// for another reason.
    pub(crate) fn begin_call(&mut self) {
        self.refused = false;
    }

    /// Whether growth was refused in this call.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    /// The limit on linear memory, bytes.
    pub(crate) fn memory_bytes_max(&self) -> usize {
        self.memory_bytes_max
    }

    /// Linear memory in use, bytes. Memory never shrinks, so this is its peak too.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        let allowed = total <= self.memory_bytes_max && maximum.is_none_or(|maximum| desired <= maximum);
        if allowed {
            self.memory_bytes = total;
        } else {
            self.refused = true;
        }
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> Result<()> {
        // The pool had no more for it although we allowed it: for the guest that is the same refusal.
        self.refused = true;
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let total = self.table_elements.saturating_add(desired.saturating_sub(current));
        let allowed = total <= self.table_elements_max && maximum.is_none_or(|maximum| desired <= maximum);
        if allowed {
            self.table_elements = total;
        } else {
            self.refused = true;
        }
        Ok(allowed)
    }
}
