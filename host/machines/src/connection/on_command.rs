//! Commands other than writes.

use super::gate::ReadGate;
use super::phase::{Ending, OnPeerFinished, Phase, Registered, Taker};
use super::writer::Resume;
use super::{Action, Connection, Cost, Ownership, Receive};
use crate::cell::Report;
use crate::command::{CommandName, ConnectionCommand, ReadMode, Registration};
use crate::event::Event;
use crate::id::HandlerId;
use crate::mutation::{self, Mutation};
use crate::payload::Payload;
use crate::reason::{ClosedBy, Refusal};
use crate::time::Timestamp;

impl<P: Payload> Connection<P> {
    /// Executes one command of `from`.
    pub(crate) fn on_command(&mut self, from: HandlerId, command: ConnectionCommand<P>, now: Timestamp) {
        if self.phase.is_terminal() {
            return self.on_stale(&command);
        }
        match command {
            ConnectionCommand::Register(registration) => self.on_register(from, &registration, now),
            ConnectionCommand::Write(write) => self.on_writes(from, vec![write], now),
            ConnectionCommand::ResumeWriting => self.on_resume_writing(from, now),
            ConnectionCommand::SuspendReading => {
                if !mutation::is(Mutation::SuspendIgnored) && self.gate.on_suspend() {
                    self.report(Report::ReadingSuspended(self.id));
                }
            }
            ConnectionCommand::ResumeReading => {
                if self.gate.on_resume() {
                    self.report(Report::ReadingResumed(self.id));
                }
            }
            ConnectionCommand::Close => self.on_close(now),
            ConnectionCommand::ConfirmedClose => self.on_confirmed_close(now),
            ConnectionCommand::Abort => {
                self.act(Action::ResetSocket);
                self.end(ClosedBy::Aborted, 0, Phase::Gone);
            }
            ConnectionCommand::DropHandle => match self.phase {
                // A flush for the peer's FIN was not requested: dropping the handle still means `close` then.
                Phase::Unregistered { .. }
                | Phase::Open(_)
                | Phase::Flushing { ending: Ending::PeerClosed, .. } => self.on_close(now),
                // A drop after a close was requested means nothing (invariant 9).
                Phase::Flushing { .. } | Phase::HalfClosed(_) | Phase::Lingering(_) | Phase::Gone => {}
            },
        }
    }

    /// A command on a connection that is over for the guest: no effect, no answer, counted (invariant 1).
    fn on_stale(&mut self, command: &ConnectionCommand<P>) {
        match command {
            ConnectionCommand::DropHandle => {}
            ConnectionCommand::Register(_)
            | ConnectionCommand::Write(_)
            | ConnectionCommand::ResumeWriting
            | ConnectionCommand::SuspendReading
            | ConnectionCommand::ResumeReading
            | ConnectionCommand::Close
            | ConnectionCommand::ConfirmedClose
            | ConnectionCommand::Abort => self.report(Report::StaleCommand(self.id)),
        }
    }

    fn on_register(&mut self, from: HandlerId, registration: &Registration, now: Timestamp) {
        match self.phase {
            Phase::Unregistered { .. } => {}
            Phase::Open(_) => {
                return self.fail(from, CommandName::Register, None, Refusal::AlreadyRegistered, None);
            }
            Phase::Flushing { .. } | Phase::HalfClosed(_) | Phase::Lingering(_) | Phase::Gone => {
                return self.fail(from, CommandName::Register, None, Refusal::Closing, None);
            }
        }
        // A guest may lower, never raise, what its service sets.
        let limits = &mut self.limits;
        limits.idle = match (limits.idle, registration.idle) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        limits.flush = registration.flush.map_or(limits.flush, |flush| flush.min(limits.flush));
        limits.half_close =
            registration.half_close.map_or(limits.half_close, |theirs| theirs.min(limits.half_close));
        let mode = registration.read_mode.unwrap_or(self.read_mode);
        let buffer = match (registration.write_buffer_bytes, mode) {
            (Some(bytes), _) => bytes.min(limits.queued_bytes_max),
            (None, ReadMode::Paced) => limits.queued_bytes_max,
            (None, ReadMode::Push | ReadMode::Pull) => 0,
        };
        self.gate.on_register(mode);
        self.progress = super::Progress { received: now, transmitted: now };
        self.phase = Phase::Open(Registered::new(registration, buffer));
        if self.receive == Receive::Finished {
            self.on_finished_while_open(now);
        }
    }

    fn on_resume_writing(&mut self, from: HandlerId, now: Timestamp) {
        let refusal = match self.phase {
            Phase::Unregistered { .. } => Some(Refusal::NotRegistered),
            Phase::Open(_) => None,
            Phase::Flushing { .. } | Phase::HalfClosed(_) | Phase::Lingering(_) | Phase::Gone => {
                Some(Refusal::Closing)
            }
        };
        if let Some(reason) = refusal {
            return self.fail(from, CommandName::ResumeWriting, None, reason, None);
        }
        let Some(writer) = self.writers.iter_mut().find(|writer| writer.id == from) else { return };
        match writer.resume {
            Resume::None => {
                writer.resume = Resume::Waiting;
                if mutation::is(Mutation::ResumedAtOnce) {
                    writer.suspension = super::writer::Suspension::Flowing;
                }
            }
            Resume::Waiting | Resume::Announced | Resume::Overtaken => {
                return self.fail(from, CommandName::ResumeWriting, None, Refusal::ResumePending, None);
            }
        }
        self.on_drained(now);
    }

    /// The guest of `handler` has `writing-resumed` in hand.
    pub(crate) fn on_resumed_delivered(&mut self, handler: HandlerId) {
        for writer in self.writers.iter_mut().filter(|writer| writer.id == handler) {
            writer.on_resumed_delivered();
        }
    }

    fn on_close(&mut self, now: Timestamp) {
        match self.phase {
            Phase::Unregistered { .. } | Phase::Open(_) => self.flush(Ending::Close, Taker::Nobody, now),
            Phase::Flushing { .. } if mutation::is(Mutation::UpgradeIgnored) => {}
            Phase::Flushing { ending, .. } if ending < Ending::Close => {
                // The flush goes on under the same clock: only what follows it changes.
                self.phase = Phase::Flushing { ending: Ending::Close, taker: Taker::Nobody };
            }
            // Our FIN is sent already: what is left is what a close does after it.
            Phase::HalfClosed(_) => self.linger(ClosedBy::Closed, 0, now),
            Phase::Flushing { .. } | Phase::Lingering(_) | Phase::Gone => {}
        }
    }

    fn on_confirmed_close(&mut self, now: Timestamp) {
        match self.phase {
            // Nobody can take input of a connection that was never registered and no longer can be.
            Phase::Unregistered { .. } => self.flush(Ending::ConfirmedClose, Taker::Nobody, now),
            Phase::Open(registered) => {
                self.flush(Ending::ConfirmedClose, Taker::Guest(registered.delivery), now);
            }
            Phase::Flushing { ending: Ending::PeerClosed, taker } => {
                self.phase = Phase::Flushing { ending: Ending::ConfirmedClose, taker };
            }
            Phase::Flushing { .. } | Phase::HalfClosed(_) | Phase::Lingering(_) | Phase::Gone => {}
        }
    }

    /// The peer's FIN is in hand, registered, no close requested.
    pub(super) fn on_finished_while_open(&mut self, now: Timestamp) {
        let Phase::Open(registered) = self.phase else { return };
        match registered.on_peer_finished {
            OnPeerFinished::KeepOpen => {
                // The half-close limit counts from here.
                self.progress.transmitted = now;
                self.tell(Event::PeerClosed, Cost::Peer);
            }
            OnPeerFinished::Close => self.flush(Ending::PeerClosed, Taker::Nobody, now),
        }
    }

    /// Output has run out and an end is due.
    pub(super) fn flushed(&mut self, ending: Ending, taker: Taker, now: Timestamp) {
        match (self.receive, ending) {
            (Receive::Finished, _) | (Receive::Open, Ending::PeerClosed) => {
                // Both directions are over: nothing can arrive that would turn the close into a reset.
                self.act(Action::CloseSocket);
                self.end(ending.closed_by(), 0, Phase::Gone);
            }
            (Receive::Open, Ending::Close) => {
                self.act(Action::ShutdownWrite);
                self.linger(ending.closed_by(), 0, now);
            }
            (Receive::Open, Ending::ConfirmedClose) => {
                self.act(Action::ShutdownWrite);
                self.progress.received = now;
                self.phase = Phase::HalfClosed(match self.ownership {
                    Ownership::Owned => taker,
                    Ownership::Orphaned => Taker::Nobody,
                });
            }
        }
    }

    /// Our FIN is sent and the guest's part is over; the kernel's is not (invariant 8).
    pub(super) fn linger(&mut self, by: ClosedBy, unread_bytes: u64, now: Timestamp) {
        let linger = super::phase::Linger::begin(now, &self.limits);
        self.end(by, unread_bytes, Phase::Lingering(linger));
        self.act(Action::ProbeLinger);
    }

    /// Whether `register` was accepted.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        !matches!(self.gate, ReadGate::Unregistered(_))
    }
}
