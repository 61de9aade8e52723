//! Ways to say how a connection shall be served.
//!
//! Owns: the constructors and setters of [`Registration`]; the record itself is the contract's.

use std::time::Duration;

use crate::{Delivery, ReadMode, Registration};

impl Registration {
    /// Reading stops while output is pending or queued, so a handler that only writes what it was
    /// sent is never refused and needs no flow control of its own.
    #[must_use]
    pub const fn paced() -> Self {
        Self::with_mode(ReadMode::Paced)
    }

    /// Bytes are delivered as they arrive, until `suspend_reading`.
    #[must_use]
    pub const fn push() -> Self {
        Self::with_mode(ReadMode::Push)
    }

    /// At most one `received` per `resume_reading`.
    #[must_use]
    pub const fn pull() -> Self {
        Self::with_mode(ReadMode::Pull)
    }

    /// All constructors start from here: the peer's FIN is reported (`peer_closed`, whose default
    /// closes), a refusal suspends writing, bytes are copied, and limits are the service's.
    const fn with_mode(mode: ReadMode) -> Self {
        Self {
            keep_open_on_peer_closed: true,
            suspend_on_refusal: true,
            read_mode: Some(mode),
            delivery: Delivery::Copied,
            write_buffer: None,
            idle_ms: None,
            flush_ms: None,
            half_close_ms: None,
        }
    }

    /// The peer's FIN ends the connection, without `peer_closed`.
    #[must_use]
    pub const fn close_on_peer_closed(mut self) -> Self {
        self.keep_open_on_peer_closed = false;
        self
    }

    /// Each write is judged alone: after a refused one, later ones may still be accepted.
    #[must_use]
    pub const fn without_suspension(mut self) -> Self {
        self.suspend_on_refusal = false;
        self
    }

    /// In which form received bytes are delivered.
    #[must_use]
    pub const fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Bytes that may be queued behind the pending write; 0 means one write at a time.
    #[must_use]
    pub const fn write_buffer(mut self, bytes: u64) -> Self {
        self.write_buffer = Some(bytes);
        self
    }

    /// Ends the connection when no byte moved for so long. Whole milliseconds; lowers, never raises,
    /// what the service sets.
    #[must_use]
    pub fn idle(mut self, limit: Duration) -> Self {
        self.idle_ms = Some(millis(limit));
        self
    }

    /// Ends a closing connection whose peer takes nothing for so long. As [`idle`](Self::idle).
    #[must_use]
    pub fn flush(mut self, limit: Duration) -> Self {
        self.flush_ms = Some(millis(limit));
        self
    }

    /// Ends a half-open connection when no byte moved for so long. As [`idle`](Self::idle).
    #[must_use]
    pub fn half_close(mut self, limit: Duration) -> Self {
        self.half_close_ms = Some(millis(limit));
        self
    }
}

impl Default for Registration {
    /// [`Registration::paced`]: safe without flow control.
    fn default() -> Self {
        Self::paced()
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
