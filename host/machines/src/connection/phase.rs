//! Where a connection stands. Data lives in the phase in which it is valid.

use crate::command::{Delivery, Registration};
use crate::limits::ConnectionLimits;
use crate::reason::ClosedBy;
use crate::time::Timestamp;
use core::time::Duration;

/// What `register` fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Registered {
    pub(crate) on_peer_finished: OnPeerFinished,
    pub(crate) on_refusal: OnRefusal,
    pub(crate) delivery: Delivery,
    pub(crate) write_buffer_bytes: u64,
}

/// What the peer's FIN means while no close was requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum OnPeerFinished {
    /// The end: flush, then close with `peer-closed`.
    Close,
    /// The event `peer-closed`; writing goes on.
    KeepOpen,
}

/// What a refused write means for those after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum OnRefusal {
    /// Nothing: each is judged on its own.
    JudgeEach,
    /// They are refused too, until `writing-resumed` was delivered.
    Suspend,
}

impl Registered {
    pub(crate) fn new(registration: &Registration, write_buffer_bytes: u64) -> Self {
        Self {
            on_peer_finished: if registration.keep_open_on_peer_closed {
                OnPeerFinished::KeepOpen
            } else {
                OnPeerFinished::Close
            },
            on_refusal: if registration.suspend_on_refusal {
                OnRefusal::Suspend
            } else {
                OnRefusal::JudgeEach
            },
            delivery: registration.delivery,
            write_buffer_bytes,
        }
    }
}

/// How a flush ends. Ordered by strength: an end is only ever replaced by a stronger one (invariant 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ending {
    /// Not requested: the peer's FIN with keep-open off.
    PeerClosed,
    /// `confirmed-close`: send our FIN, then deliver until the peer's.
    ConfirmedClose,
    /// `close`, or the owner is gone: send our FIN, discard what arrives.
    Close,
}

impl Ending {
    pub(crate) fn closed_by(self) -> ClosedBy {
        match self {
            Self::PeerClosed => ClosedBy::PeerClosed,
            Self::ConfirmedClose => ClosedBy::ConfirmedClosed,
            Self::Close => ClosedBy::Closed,
        }
    }
}

/// Who takes what the peer still sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Taker {
    /// The guest, through the read gate.
    Guest(Delivery),
    /// Nobody can any more: it is thrown away and counted.
    Nobody,
}

/// The lingering close of invariant 8: the guest knows that the connection is closed, the kernel does not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Linger {
    /// When the peer's kernel last acknowledged something, or we began.
    pub(crate) progress_at: Timestamp,
    /// What the kernel held when last asked.
    pub(crate) unacked_bytes: u64,
    /// Input that may still be thrown away.
    pub(crate) discard_bytes_left: u64,
    /// When to ask again.
    pub(crate) probe_at: Timestamp,
    /// The interval that led there.
    pub(crate) interval: Duration,
}

/// However the limits are set, a deadline that was answered lies ahead again: else the driver would ask for ever.
const INTERVAL_MIN: Duration = Duration::from_micros(1);

impl Linger {
    pub(crate) fn begin(now: Timestamp, limits: &ConnectionLimits) -> Self {
        Self {
            progress_at: now,
            unacked_bytes: u64::MAX,
            discard_bytes_left: limits.linger_bytes_max,
            probe_at: now.after(limits.linger_poll_min.max(INTERVAL_MIN)),
            interval: limits.linger_poll_min.max(INTERVAL_MIN),
        }
    }

    pub(crate) fn back_off(&mut self, now: Timestamp, limits: &ConnectionLimits) {
        self.interval = self.interval.saturating_mul(2).min(limits.linger_poll_max).max(INTERVAL_MIN);
        self.probe_at = now.after(self.interval);
    }
}

/// The phases, in the order a connection can pass through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// Waits for `register`.
    Unregistered {
        /// Reset then.
        deadline: Timestamp,
    },
    /// Registered, no close requested.
    Open(Registered),
    /// A close was requested, or the peer's FIN implies one; accepted output goes out first.
    Flushing {
        /// What comes then.
        ending: Ending,
        /// Who takes input meanwhile.
        taker: Taker,
    },
    /// `confirmed-close`: our FIN is sent, the peer's is awaited.
    HalfClosed(Taker),
    /// The terminal event was decided; the kernel still has output of ours.
    Lingering(Linger),
    /// Nothing is left.
    Gone,
}

impl Phase {
    /// Whether the terminal event was decided: no event follows, commands are stale.
    pub(crate) fn is_terminal(self) -> bool {
        match self {
            Self::Lingering(_) | Self::Gone => true,
            Self::Unregistered { .. } | Self::Open(_) | Self::Flushing { .. } | Self::HalfClosed(_) => false,
        }
    }

    /// Never decreases (invariant 5).
    #[cfg(any(debug_assertions, test))]
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Unregistered { .. } => 0,
            Self::Open(_) => 1,
            Self::Flushing { ending: Ending::PeerClosed, .. } => 2,
            Self::Flushing { ending: Ending::ConfirmedClose, .. } => 3,
            Self::HalfClosed(_) => 4,
            Self::Flushing { ending: Ending::Close, .. } => 5,
            Self::Lingering(_) => 6,
            Self::Gone => 7,
        }
    }
}
