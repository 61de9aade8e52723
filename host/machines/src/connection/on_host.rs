//! What the host does to a connection: its owner failed, the service is out of time.
//!
//! An owner's fault resets the connection unless a close was requested, or the peer's FIN implies one: a flush goes on
//! as `close` does, and a half-closed connection lingers. All limits hold on.

use super::phase::{Ending, Phase, Taker};
use super::{Action, Connection, Ownership};
use crate::payload::Payload;
use crate::reason::{ClosedBy, TimeLimit};
use crate::time::Timestamp;

impl<P: Payload> Connection<P> {
    /// The owning instance failed: RST, unless a close was requested before; that is carried out (invariant 9).
    pub(crate) fn on_owner_failed(&mut self, now: Timestamp) {
        self.ownership = Ownership::Orphaned;
        match self.phase {
            Phase::Unregistered { .. } | Phase::Open(_) => self.reset(ClosedBy::HandlerFailed, 0),
            // Nobody is left to confirm anything to, or to take input: it goes on as `close`.
            Phase::Flushing { ending: Ending::ConfirmedClose | Ending::Close, .. } => {
                self.phase = Phase::Flushing { ending: Ending::Close, taker: Taker::Nobody };
            }
            Phase::Flushing { ending: Ending::PeerClosed, .. } => {}
            Phase::HalfClosed(_) => self.linger(ClosedBy::Closed, 0, now),
            Phase::Lingering(_) | Phase::Gone => {}
        }
    }

    /// It was opened for an instance that is over or out of time: nobody is told of it.
    pub(crate) fn on_unwanted(&mut self) {
        self.ownership = Ownership::Orphaned;
        self.reset(ClosedBy::TimedOut(TimeLimit::Drain), 0);
    }

    /// The drain deadline passed.
    pub(crate) fn on_drain_expired(&mut self) {
        match self.phase {
            Phase::Unregistered { .. } | Phase::Open(_) | Phase::Flushing { .. } | Phase::HalfClosed(_) => {
                self.reset(ClosedBy::TimedOut(TimeLimit::Drain), 0);
            }
            // Our FIN is out; the kernel finishes without us.
            Phase::Lingering(_) => self.gone(Action::CloseSocket),
            Phase::Gone => {}
        }
    }
}
