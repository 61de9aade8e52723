//! The normal form of a connection, for proofs.

use super::phase::Phase;
use super::{Connection, Receive};
use crate::model::{Names, PRESENT, rebase};
use crate::payload::Payload;
use crate::time::Timestamp;

impl<P: Payload> Connection<P> {
    pub(crate) fn normalize(&mut self, now: Timestamp, names: &mut Names) {
        for write in self.queue.writes_mut() {
            names.rename_write(write);
        }
        self.queue_peak_bytes = 0;
        // Only what a time-out of this phase is counted from matters; every other phase sets it anew.
        let progress = &mut self.progress;
        match self.phase {
            Phase::Open(_) => {
                if self.limits.idle.is_none() {
                    progress.received = now;
                } else if progress.received < progress.transmitted {
                    progress.received = progress.transmitted;
                }
                if self.receive == Receive::Open {
                    progress.transmitted = progress.received;
                }
            }
            Phase::Flushing { .. } => progress.received = progress.transmitted,
            Phase::HalfClosed(_) => progress.transmitted = progress.received,
            Phase::Unregistered { .. } | Phase::Lingering(_) | Phase::Gone => {
                progress.received = now;
                progress.transmitted = now;
            }
        }
        progress.received = rebase(progress.received, now);
        progress.transmitted = rebase(progress.transmitted, now);
        match &mut self.phase {
            Phase::Unregistered { deadline } => *deadline = rebase(*deadline, now),
            Phase::Lingering(linger) => {
                linger.progress_at = rebase(linger.progress_at, now);
                linger.probe_at = rebase(linger.probe_at, now);
            }
            Phase::Open(_) | Phase::Flushing { .. } | Phase::HalfClosed(_) | Phase::Gone => {}
        }
        debug_assert!(self.deadline().is_none_or(|at| at.0 >= PRESENT.0 >> 1), "times are near the present");
    }

    /// The name of its state, for people.
    pub(crate) fn state_name(&self) -> &'static str {
        use super::phase::{Ending, Taker};
        match self.phase {
            Phase::Unregistered { .. } => "unregistered",
            Phase::Open(_) => match (self.receive, self.queue.is_empty()) {
                (Receive::Open, true) => "open",
                (Receive::Open, false) => "open, pending",
                (Receive::Finished, true) => "open, peer finished",
                (Receive::Finished, false) => "open, peer finished, pending",
            },
            Phase::Flushing { ending: Ending::PeerClosed, .. } => "flushing by peer-closed",
            Phase::Flushing { ending: Ending::ConfirmedClose, .. } => "flushing by confirmed-close",
            Phase::Flushing { ending: Ending::Close, .. } => "flushing by close",
            Phase::HalfClosed(Taker::Guest(_)) => "half-closed",
            Phase::HalfClosed(Taker::Nobody) => "half-closed, nobody reads",
            Phase::Lingering(_) => "lingering",
            Phase::Gone => "gone",
        }
    }
}
