//! Every bound of the driver. What an operator can set is in [`Tuning`]; the rest are constants with their reason.

use core::time::Duration;

/// What a service sets for its sockets and listeners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Most bytes read by one system call, and the size of a worker's scratch buffer; 64 KiB.
    pub read_chunk_bytes: usize,
    /// Most connections taken from a listener before others on its worker are served; 16.
    pub accept_batch: usize,
    /// Length of the kernel's accept queue; 1024. The kernel may cut it (`net.core.somaxconn`).
    pub backlog: u32,
    /// Most connections of the service that live at once; 65 536. At the limit nothing is accepted: clients wait in
    /// the kernel's queue.
    pub connections_max: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { read_chunk_bytes: READ_CHUNK_BYTES, accept_batch: 16, backlog: 1024, connections_max: 65_536 }
    }
}

/// Default of [`Tuning::read_chunk_bytes`].
pub const READ_CHUNK_BYTES: usize = 64 * 1024;

/// Smallest and largest [`Tuning::read_chunk_bytes`] that is obeyed: below, a system call costs more than it moves;
/// above, one connection's read keeps the others waiting.
pub const READ_CHUNK_BYTES_RANGE: core::ops::RangeInclusive<usize> = 512..=1024 * 1024;

/// Events one instance gets before its worker serves others (invariant 11).
pub const EVENTS_PER_ROUND_MAX: usize = 64;

/// Connections of one instance looked at before its worker serves others. More than events: a look that finds
/// nothing is cheap.
pub const LOOKS_PER_ROUND_MAX: usize = 256;

/// Bytes read for, and bytes written by, one instance before its worker serves others: sixteen full chunks.
pub const BYTES_PER_ROUND_MAX: u64 = 1024 * 1024;

/// Buffers in one vectored write (`IOV_MAX`).
pub const IO_SLICES_MAX: usize = 1024;

/// A payload under this part of its buffer is copied into an allocation of its own, so that it does not pin the rest.
pub const PINNED_PART_MIN: usize = 4;

/// Accepted sockets and requests that may wait for one worker. Beyond it accepting waits.
pub const WORKER_QUEUE_MAX: usize = 256;

/// Workers a runtime may have.
pub const WORKERS_MAX: usize = 1024;

/// Listeners of one service.
pub const LISTENERS_MAX: usize = 16;

/// First pause after the system refused another descriptor, doubled up to [`ACCEPT_PAUSE_MAX`].
pub const ACCEPT_PAUSE_MIN: Duration = Duration::from_millis(10);

/// Longest such pause.
pub const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);

/// At most one log line in this time about a listener that cannot accept.
pub const ACCEPT_LOG_INTERVAL: Duration = Duration::from_secs(1);

/// Time that connections which were reset at the drain deadline get to be gone. Nothing but the worker's own work
/// stands between the two.
pub const RESET_GRACE: Duration = Duration::from_secs(5);

/// Names under which guests may count (contract: `host.count`), for each service. Counts under further names are
/// dropped, and the drops are counted.
pub const GUEST_COUNTS_MAX: usize = 64;

/// Bytes of such a name; longer ones are dropped as well.
pub const GUEST_COUNT_NAME_BYTES_MAX: usize = 64;
