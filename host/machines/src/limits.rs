//! Every bound of the machines, with its default. Tests use tiny ones.

use core::time::Duration;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Bounds of one connection. A guest may lower, never raise them at `register`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionLimits {
    /// Time to `register`; 5 s. No command restarts it.
    pub register: Duration,
    /// Time without a byte either way; off.
    pub idle: Option<Duration>,
    /// Time without the kernel taking a byte while closing; 5 min.
    pub flush: Duration,
    /// Time without a byte in the direction that is still open; 5 min.
    pub half_close: Duration,
    /// Largest single write or compound; 16 MiB.
    pub write_bytes_max: u64,
    /// Most bytes queued behind the pending write; 32 MiB.
    pub queued_bytes_max: u64,
    /// Most input discarded while the last output is on its way; 16 MiB.
    pub linger_bytes_max: u64,
    /// First interval between looks at what the kernel still holds; doubled up to [`Self::linger_poll_max`].
    pub linger_poll_min: Duration,
    /// Longest such interval.
    pub linger_poll_max: Duration,
    /// From how many bytes on automatic delivery is by reference; 2 KiB, the measured break-even.
    pub by_reference_bytes_min: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            register: Duration::from_secs(5),
            idle: None,
            flush: Duration::from_secs(300),
            half_close: Duration::from_secs(300),
            write_bytes_max: 16 * MIB,
            queued_bytes_max: 32 * MIB,
            linger_bytes_max: 16 * MIB,
            linger_poll_min: Duration::from_millis(1),
            linger_poll_max: Duration::from_secs(1),
            by_reference_bytes_min: 2048,
        }
    }
}

/// Bounds of one handler.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HandlerLimits {
    /// Commands one turn may record; 4096. Answers owed are at most twice this.
    pub commands_per_turn_max: usize,
    /// Bytes one turn may record; 32 MiB.
    pub bytes_per_turn_max: u64,
    /// Timers that may be set at once; 256.
    pub timers_max: usize,
    /// CPU time in which events that moved no byte may be handled before any waiting; 50 ms.
    pub cpu_burst: Duration,
    /// CPU time regained per second for such events; 10 ms, that is 1 % of a core.
    pub cpu_per_second: Duration,
}

impl Default for HandlerLimits {
    fn default() -> Self {
        Self {
            commands_per_turn_max: 4096,
            bytes_per_turn_max: 32 * MIB,
            timers_max: 256,
            cpu_burst: Duration::from_millis(50),
            cpu_per_second: Duration::from_millis(10),
        }
    }
}
