//! What the socket says about input and about the connection as a whole.

use super::phase::{Ending, Phase, Taker};
use super::{Action, Connection, Cost, Receive};
use crate::cell::Report;
use crate::command::Delivery;
use crate::event::Event;
use crate::mutation::{self, Mutation};
use crate::payload::Payload;
use crate::reason::{ClosedBy, TimeLimit};
use crate::time::Timestamp;

impl<P: Payload> Connection<P> {
    /// Bytes were read for the guest. Bytes read while the gate was closed are delivered too: a flow rule broken by
    /// whoever read them is a smaller evil than a stream with a hole.
    pub(crate) fn on_received(&mut self, data: P, now: Timestamp) {
        if data.is_empty() {
            return;
        }
        let Some(delivery) = self.delivery() else {
            return self.on_discarded(data.len() as u64, now);
        };
        self.progress.received = now;
        self.gate.on_delivered();
        let by_reference = match delivery {
            Delivery::Copied => false,
            Delivery::ByReference => true,
            Delivery::Automatic => data.len() >= self.limits.by_reference_bytes_min,
        };
        let event = if by_reference { Event::ReceivedChunk(data) } else { Event::Received(data) };
        self.tell(event, Cost::Peer);
    }

    /// Bytes were read and thrown away.
    pub(crate) fn on_discarded(&mut self, bytes: u64, now: Timestamp) {
        self.progress.received = now;
        match &mut self.phase {
            Phase::Lingering(linger) => {
                linger.discard_bytes_left = linger.discard_bytes_left.saturating_sub(bytes);
                if linger.discard_bytes_left == 0 {
                    self.gone(Action::CloseSocket);
                }
            }
            Phase::Unregistered { .. } | Phase::Open(_) | Phase::Flushing { .. } => {
                self.discarded_bytes = self.discarded_bytes.saturating_add(bytes);
            }
            Phase::HalfClosed(_) => {
                self.discarded_bytes = self.discarded_bytes.saturating_add(bytes);
                if self.discard_bytes_left() == 0 {
                    // A peer that sends for ever to nobody: the direction makes no progress that counts.
                    self.linger(ClosedBy::TimedOut(TimeLimit::HalfClose), 0, now);
                }
            }
            Phase::Gone => {}
        }
    }

    /// How bytes that arrive reach the guest, if they still can.
    fn delivery(&self) -> Option<Delivery> {
        if self.receive == Receive::Finished {
            return None;
        }
        match self.phase {
            Phase::Open(registered) => Some(registered.delivery),
            Phase::Flushing { taker: Taker::Guest(delivery), .. }
            | Phase::HalfClosed(Taker::Guest(delivery)) => Some(delivery),
            Phase::Unregistered { .. }
            | Phase::Flushing { taker: Taker::Nobody, .. }
            | Phase::HalfClosed(Taker::Nobody)
            | Phase::Lingering(_)
            | Phase::Gone => None,
        }
    }

    /// The peer's FIN was read, or noticed with nothing unread.
    pub(crate) fn on_peer_finished(&mut self, now: Timestamp) {
        if self.receive == Receive::Finished {
            return;
        }
        self.receive = Receive::Finished;
        self.progress.received = now;
        match self.phase {
            Phase::Flushing { taker, .. } if mutation::is(Mutation::CloseRenamed) => {
                self.phase = Phase::Flushing { ending: Ending::PeerClosed, taker };
            }
            // Told when it registers; after a close was requested the terminal event tells. A requested close is never
            // renamed by it (invariant 5).
            Phase::Unregistered { .. } | Phase::Flushing { .. } | Phase::Gone => {}
            Phase::Open(_) => self.on_finished_while_open(now),
            Phase::HalfClosed(_) => {
                self.act(Action::CloseSocket);
                self.end(ClosedBy::ConfirmedClosed, 0, Phase::Gone);
            }
            Phase::Lingering(_) => self.gone(Action::CloseSocket),
        }
    }

    /// The socket failed: terminal at once (invariant 7).
    pub(crate) fn on_failed(&mut self, errno: i32, unread_bytes: u64) {
        match self.phase {
            Phase::Unregistered { .. } | Phase::Open(_) | Phase::Flushing { .. } | Phase::HalfClosed(_) => {
                self.act(Action::CloseSocket);
                self.end(ClosedBy::ErrorClosed(errno), unread_bytes, Phase::Gone);
            }
            Phase::Lingering(_) => self.gone(Action::CloseSocket),
            Phase::Gone => {}
        }
    }

    /// What the kernel still holds while we linger.
    pub(crate) fn on_linger_probed(&mut self, unacked_bytes: u64, unread_bytes: u64, now: Timestamp) {
        let Phase::Lingering(linger) = &mut self.phase else { return };
        if unacked_bytes == 0 && unread_bytes == 0 {
            return self.gone(Action::CloseSocket);
        }
        if unacked_bytes < linger.unacked_bytes {
            linger.progress_at = now;
            linger.unacked_bytes = unacked_bytes;
        }
    }

    /// Nothing is left of a connection whose terminal event was decided before.
    pub(super) fn gone(&mut self, last: Action<P>) {
        self.phase = Phase::Gone;
        self.act(last);
        self.report(Report::Gone(self.id));
    }
}
