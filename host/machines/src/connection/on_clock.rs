//! Time-outs. Each counts lack of progress, not length (invariant 6), and each phase has its own: register, then idle
//! while it is open (and half-close once the peer finished), flush while a close is on its way, half-close after our
//! FIN, flush again while it lingers. Idle does not run on beside those of a close.
//!
//! How it ends: idle and half-close with everything accepted in the kernel close in order (FIN, linger); with output
//! waiting they reset. Register, flush and the drain deadline reset. A reset by a limit or by `abort` tells as unread
//! what the driver knows of; `abort` tells 0.

use super::phase::Phase;
use super::{Action, Connection, Receive};
use crate::mutation::{self, Mutation};
use crate::payload::Payload;
use crate::reason::{ClosedBy, TimeLimit};
use crate::time::Timestamp;

impl<P: Payload> Connection<P> {
    /// When `on_expired` is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Lingering(linger) => {
                Some(linger.probe_at.min(linger.progress_at.after(self.limits.flush)))
            }
            Phase::Gone => None,
            Phase::Unregistered { .. } | Phase::Open(_) | Phase::Flushing { .. } | Phase::HalfClosed(_) => {
                self.limit_due().map(|(_, at)| at)
            }
        }
    }

    /// The time limit that comes first in this phase.
    fn limit_due(&self) -> Option<(TimeLimit, Timestamp)> {
        match self.phase {
            Phase::Unregistered { deadline } => Some((TimeLimit::Register, deadline)),
            Phase::Open(_) => {
                let last = self.progress.received.max(self.progress.transmitted);
                let idle = self.limits.idle.map(|idle| (TimeLimit::Idle, last.after(idle)));
                let half_close = match self.receive {
                    Receive::Open => None,
                    Receive::Finished => {
                        Some((TimeLimit::HalfClose, self.progress.transmitted.after(self.limits.half_close)))
                    }
                };
                [idle, half_close].into_iter().flatten().min_by_key(|(_, at)| *at)
            }
            Phase::Flushing { .. } if mutation::is(Mutation::FlushUnlimited) => None,
            Phase::Flushing { .. } => {
                Some((TimeLimit::Flush, self.progress.transmitted.after(self.limits.flush)))
            }
            Phase::HalfClosed(_) => {
                Some((TimeLimit::HalfClose, self.progress.received.after(self.limits.half_close)))
            }
            Phase::Lingering(_) | Phase::Gone => None,
        }
    }

    /// Time passed. Harmless if nothing is due.
    pub(crate) fn on_expired(&mut self, unread_bytes: u64, now: Timestamp) {
        if let Phase::Lingering(linger) = &mut self.phase {
            if now >= linger.progress_at.after(self.limits.flush) {
                self.gone(Action::CloseSocket);
            } else if now >= linger.probe_at {
                linger.back_off(now, &self.limits);
                self.act(Action::ProbeLinger);
            }
            return;
        }
        let Some((limit, at)) = self.limit_due() else { return };
        if now < at {
            return;
        }
        let by = ClosedBy::TimedOut(limit);
        match limit {
            // Output that was never acked is cut off: a FIN would pass a part for the whole.
            TimeLimit::Register | TimeLimit::Flush | TimeLimit::Drain => self.reset(by, unread_bytes),
            TimeLimit::Idle | TimeLimit::HalfClose if !self.queue.is_empty() => self.reset(by, unread_bytes),
            TimeLimit::Idle | TimeLimit::HalfClose => self.close_timed_out(by, unread_bytes, now),
        }
    }

    /// Everything that was accepted is with the kernel, so it is closed in order (invariant 8).
    fn close_timed_out(&mut self, by: ClosedBy, unread_bytes: u64, now: Timestamp) {
        if self.receive == Receive::Finished {
            self.act(Action::CloseSocket);
            return self.end(by, unread_bytes, Phase::Gone);
        }
        if !matches!(self.phase, Phase::HalfClosed(_)) {
            self.act(Action::ShutdownWrite);
        }
        self.linger(by, unread_bytes, now);
    }

    pub(super) fn reset(&mut self, by: ClosedBy, unread_bytes: u64) {
        self.act(Action::ResetSocket);
        self.end(by, unread_bytes, Phase::Gone);
    }
}
