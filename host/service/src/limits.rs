//! The table of limits and time-outs: every bound a service can set, with its default.
//!
//! Plain data. A guest may lower what concerns its connections, never raise it.

use core::time::Duration;

use tidegate_driver::Tuning;
use tidegate_machines::limits::{ConnectionLimits, HandlerLimits};
use tidegate_sandbox::InstanceLimits;

use crate::error::LimitError;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Every bound of one service. The defaults are those of the table in the README.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time to `register` after `connected`; 5 s.
    pub register: Duration,
    /// Time without a byte either way; off.
    pub idle: Option<Duration>,
    /// Time without the kernel taking a byte while closing; 5 min.
    pub flush: Duration,
    /// Time without a byte in the direction that is still open; 5 min.
    pub half_close: Duration,
    /// Time that handlers get when the service is stopped; 10 s.
    pub drain: Duration,
    /// Linear memory of one instance, bytes; 16 MiB. At most the host's.
    pub memory_bytes: u64,
    /// CPU time of one event; 20 ms.
    pub cpu_per_event: Duration,
    /// CPU time in which events that moved no byte may be handled before any waiting; 50 ms.
    pub cpu_burst: Duration,
    /// CPU time regained per second for such events; 10 ms, which is 1 % of a core. At most 1 s.
    pub cpu_per_second: Duration,
    /// Commands one event may record; 4096.
    pub commands_per_turn: usize,
    /// Bytes one event may record; 32 MiB.
    pub bytes_per_turn: u64,
    /// Bytes of one write or compound; 16 MiB.
    pub write_bytes: u64,
    /// Bytes queued behind the pending write of one connection; 32 MiB.
    pub queued_bytes: u64,
    /// Memory pinned by the chunks one instance holds, bytes; 32 MiB.
    pub chunks_bytes: u64,
    /// Handles one instance holds; 4096.
    pub handles: u32,
    /// Timers one instance has set; 256.
    pub timers: usize,
    /// Bytes of a component; 32 MiB. Of the host, not of one service.
    pub component_bytes: u64,
    /// Bytes read by one system call; 64 KiB, from 512 B to 1 MiB.
    pub read_chunk_bytes: usize,
    /// Connections accepted before others are served; 16.
    pub accept_batch: usize,
    /// Length of the kernel's accept queue; 1024.
    pub backlog: u32,
    /// Live connections; 16 384. At the limit clients wait in the kernel's queue.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            register: Duration::from_secs(5),
            idle: None,
            flush: Duration::from_secs(300),
            half_close: Duration::from_secs(300),
            drain: Duration::from_secs(10),
            memory_bytes: 16 * MIB,
            cpu_per_event: Duration::from_millis(20),
            cpu_burst: Duration::from_millis(50),
            cpu_per_second: Duration::from_millis(10),
            commands_per_turn: 4096,
            bytes_per_turn: 32 * MIB,
            write_bytes: 16 * MIB,
            queued_bytes: 32 * MIB,
            chunks_bytes: 32 * MIB,
            handles: 4096,
            timers: 256,
            component_bytes: 32 * MIB,
            read_chunk_bytes: tidegate_driver::limits::READ_CHUNK_BYTES,
            accept_batch: 16,
            backlog: 1024,
            connections: 16_384,
        }
    }
}

impl Limits {
    /// Whether each value makes sense by itself.
    ///
    /// # Errors
    /// The first that does not, by its name in the table.
    pub fn check(&self) -> Result<(), LimitError> {
        let durations = [
            ("register", Some(self.register)),
            ("idle", self.idle),
            ("flush", Some(self.flush)),
            ("half-close", Some(self.half_close)),
            ("cpu-per-event", Some(self.cpu_per_event)),
            ("cpu-burst", Some(self.cpu_burst)),
            ("cpu-per-second", Some(self.cpu_per_second)),
        ];
        for (key, value) in durations {
            if value == Some(Duration::ZERO) {
                return Err(LimitError::new(key, "0", "must be more than 0"));
            }
        }
        if self.cpu_per_second > Duration::from_secs(1) {
            let value = format!("{:?}", self.cpu_per_second);
            return Err(LimitError::new("cpu-per-second", &value, "a second has 1 s"));
        }
        let counts = [
            ("memory", self.memory_bytes),
            ("commands-per-turn", self.commands_per_turn as u64),
            ("bytes-per-turn", self.bytes_per_turn),
            ("write", self.write_bytes),
            ("handles", u64::from(self.handles)),
            ("component", self.component_bytes),
            ("accept-batch", self.accept_batch as u64),
            ("backlog", u64::from(self.backlog)),
            ("connections", self.connections as u64),
        ];
        for (key, value) in counts {
            if value == 0 {
                return Err(LimitError::new(key, "0", "must be at least 1"));
            }
        }
        let chunks = tidegate_driver::limits::READ_CHUNK_BYTES_RANGE;
        if !chunks.contains(&self.read_chunk_bytes) {
            let rule = format!("must be from {} to {} bytes", chunks.start(), chunks.end());
            return Err(LimitError::new("read-chunk", &self.read_chunk_bytes.to_string(), &rule));
        }
        Ok(())
    }

    pub(crate) fn of_connection(&self) -> ConnectionLimits {
        ConnectionLimits {
            register: self.register,
            idle: self.idle,
            flush: self.flush,
            half_close: self.half_close,
            write_bytes_max: self.write_bytes,
            queued_bytes_max: self.queued_bytes,
            ..ConnectionLimits::default()
        }
    }

    pub(crate) fn of_handler(&self) -> HandlerLimits {
        HandlerLimits {
            commands_per_turn_max: self.commands_per_turn,
            bytes_per_turn_max: self.bytes_per_turn,
            timers_max: self.timers,
            cpu_burst: self.cpu_burst,
            cpu_per_second: self.cpu_per_second,
        }
    }

    pub(crate) fn of_instance(&self) -> InstanceLimits {
        let default = InstanceLimits::default();
        // A full turn in one call of an import must fit, with room for what surrounds it.
        let hostcall_bytes = usize::try_from(self.bytes_per_turn.saturating_add(MIB)).unwrap_or(usize::MAX);
        InstanceLimits {
            memory_bytes_max: usize::try_from(self.memory_bytes).unwrap_or(usize::MAX),
            cpu_per_event: self.cpu_per_event,
            handles_max: self.handles,
            chunks_bytes_max: self.chunks_bytes,
            hostcall_bytes_max: hostcall_bytes,
            ..default
        }
    }

    pub(crate) fn tuning(&self) -> Tuning {
        Tuning {
            read_chunk_bytes: self.read_chunk_bytes,
            accept_batch: self.accept_batch,
            backlog: self.backlog,
            connections_max: self.connections,
        }
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
