//! Writes: judging, refusing, acking.
//!
//! The rule (invariant 4): a write of n bytes is refused iff one is pending and the write buffer is 0 or the bytes
//! queued behind the pending one + n exceed it. Writes of one turn are offered to the kernel together; what is
//! observable is the same as if each had been executed alone.

use super::phase::{Ending, OnRefusal, Phase};
use super::queue::{Done, Entry};
use super::writer::{Resume, Suspension};
use super::{Action, Connection, Cost};
use crate::cell::Report;
use crate::command::{CommandName, Part, Write, WriteData};
use crate::event::{Event, Failure};
use crate::id::{HandlerId, Token};
use crate::mutation::{self, Mutation};
use crate::payload::Payload;
use crate::reason::Refusal;
use crate::time::Timestamp;

impl<P: Payload> Connection<P> {
    /// Consecutive writes of one turn. Answered with `Judged` when each was accepted or refused.
    pub(crate) fn on_writes(&mut self, from: HandlerId, writes: Vec<Write<P>>, now: Timestamp) {
        if self.phase.is_terminal() {
            for _ in &writes {
                self.report(Report::StaleCommand(self.id));
            }
            self.act(Action::Judged(from));
            return;
        }
        for write in writes {
            self.queue.push_unjudged(from, write);
        }
        self.judging.push(from);
        self.judge(now);
        if self.has_transmit() && self.queue.first_unjudged().is_some() {
            self.act(Action::Transmit);
        }
    }

    /// The kernel took bytes and may take more.
    pub(crate) fn on_transmitted(&mut self, bytes: u64, now: Timestamp) {
        let bytes = self.offered_bytes(bytes);
        if bytes == 0 || self.phase.is_terminal() {
            return;
        }
        if !mutation::is(Mutation::IdleNotRestarted) {
            self.progress.transmitted = now;
        }
        let mut done = Vec::new();
        self.queue.advance(bytes, &mut done);
        self.ack(done);
        self.judge(now);
    }

    /// The kernel takes nothing now: the first unjudged write is the pending one, the others are judged by the rule.
    pub(crate) fn on_blocked(&mut self, now: Timestamp) {
        if self.phase.is_terminal() {
            return;
        }
        if !self.queue.has_pending() && self.queue.first_unjudged().is_some() {
            self.queue.accept_first_unjudged();
            // Empty parts at the front of a compound wait for nobody (case 36).
            let mut done = Vec::new();
            self.queue.advance(0, &mut done);
            self.ack(done);
        }
        self.judge(now);
    }

    /// `claimed`, but no more than is offered: else a write that has to be refused could count as sent.
    fn offered_bytes(&self, claimed: u64) -> u64 {
        let mut offered = 0_u64;
        for payload in self.transmit() {
            offered = offered.saturating_add(payload.len() as u64);
            if offered >= claimed {
                return claimed;
            }
        }
        offered
    }

    /// Reports how much waits, when it is more than ever before.
    fn note_peak(&mut self) {
        let waiting = self.queue.waiting_bytes();
        if waiting > self.queue_peak_bytes {
            self.queue_peak_bytes = waiting;
            self.report(Report::QueuePeak(self.id, waiting));
        }
    }

    /// Why this write cannot be accepted whatever the kernel takes. A write that is too large is refused like any
    /// other: with suspension on, those after it are refused too.
    pub(super) fn static_refusal(&self, entry: &Entry<P>) -> Option<Refusal> {
        match self.phase {
            Phase::Unregistered { .. } => return Some(Refusal::NotRegistered),
            Phase::Open(_) => {}
            Phase::Flushing { .. } if mutation::is(Mutation::WriteAfterClose) => {}
            Phase::Flushing { .. } | Phase::HalfClosed(_) | Phase::Lingering(_) | Phase::Gone => {
                return Some(Refusal::Closing);
            }
        }
        let suspended =
            |writer: &super::Writer| writer.id == entry.from && writer.suspension == Suspension::Suspended;
        if self.writers.iter().any(suspended) {
            return Some(Refusal::WritingSuspended);
        }
        (entry.write.len() > self.limits.write_bytes_max).then_some(Refusal::TooLarge)
    }

    /// Judges what can be judged without the kernel.
    fn judge(&mut self, now: Timestamp) {
        while let Some(entry) = self.queue.first_unjudged() {
            let bytes = entry.left_bytes;
            if !entry.is_begun
                && let Some(reason) = self.static_refusal(entry)
            {
                self.refuse_first(reason);
            } else if self.queue.has_pending() {
                match self.is_full_for(bytes) {
                    true => self.refuse_first(Refusal::QueueFull),
                    false => self.queue.accept_first_unjudged(),
                }
            } else if bytes == 0 {
                let mut done = Vec::new();
                self.queue.advance(0, &mut done);
                self.ack(done);
            } else {
                return;
            }
        }
        self.note_peak();
        self.judged();
        self.on_drained(now);
    }

    /// The rule of invariant 4, given that a write is pending.
    fn is_full_for(&self, bytes: u64) -> bool {
        let Phase::Open(registered) = self.phase else { return true };
        let buffer = registered.write_buffer_bytes;
        let lost = u64::from(mutation::is(Mutation::BufferShort));
        buffer == 0 || self.queue.queued_bytes().saturating_add(bytes).saturating_add(lost) > buffer
    }

    fn ack(&mut self, mut done: Vec<Done>) {
        if mutation::is(Mutation::AcksReversed) {
            done.reverse();
        }
        if mutation::is(Mutation::AckTwice) {
            done.extend_from_within(..);
        }
        for Done { to, token, bytes } in done {
            let cost = if bytes > 0 { Cost::Peer } else { Cost::Budget };
            self.report(Report::Acked(self.id));
            if self.ownership == super::Ownership::Owned {
                self.act(Action::Tell { to, event: Event::Acked(token), cost });
            }
        }
    }

    fn refuse_first(&mut self, reason: Refusal) {
        let Some(entry) = self.queue.refuse_first_unjudged() else { return };
        let from = entry.from;
        if let Phase::Open(registered) = self.phase
            && registered.on_refusal == OnRefusal::Suspend
        {
            for writer in self.writers.iter_mut().filter(|writer| writer.id == from) {
                writer.on_refused();
            }
        }
        let name = entry.write.name();
        match entry.write {
            Write::Single(part) => self.fail_part(from, name, part, reason),
            Write::Compound(parts) => {
                let mut told = false;
                for part in parts {
                    if part.answer.token().is_some() {
                        told = true;
                        self.fail_part(from, name, part, reason);
                    }
                }
                if !told {
                    self.fail(from, name, None, reason, None);
                }
            }
        }
    }

    fn fail_part(&mut self, from: HandlerId, name: CommandName, part: Part<P>, reason: Refusal) {
        let returned = match part.data {
            WriteData::Bytes(_) => None,
            WriteData::Chunk(id, payload) => Some(WriteData::Chunk(id, payload)),
        };
        self.fail(from, name, part.answer.token(), reason, returned);
    }

    /// Reports a refused command to who sent it (invariant 2, last sentence).
    pub(crate) fn fail(
        &mut self,
        to: HandlerId,
        command: CommandName,
        token: Option<Token>,
        reason: Refusal,
        returned: Option<WriteData<P>>,
    ) {
        self.report(Report::Refused(self.id, command, reason));
        if token.is_none() && mutation::is(Mutation::RefusalUntold) {
            return;
        }
        let failure = Failure { command, token, reason, sent_bytes: 0, returned };
        if self.ownership == super::Ownership::Owned {
            self.act(Action::Tell { to, event: Event::CommandFailed(failure), cost: Cost::Budget });
        }
    }

    /// Called whenever output may have run out: those who wait for it are told, a flush ends.
    pub(super) fn on_drained(&mut self, now: Timestamp) {
        if !self.queue.is_empty() {
            return;
        }
        match self.phase {
            Phase::Open(_) => {
                for index in 0..self.writers.len() {
                    let Some(writer) = self.writers.get_mut(index) else { break };
                    if writer.is_waiting() {
                        writer.resume = Resume::Announced;
                        let to = writer.id;
                        self.act(Action::Tell { to, event: Event::WritingResumed, cost: Cost::Budget });
                    }
                }
            }
            Phase::Flushing { ending, taker } => self.flushed(ending, taker, now),
            Phase::Unregistered { .. } | Phase::HalfClosed(_) | Phase::Lingering(_) | Phase::Gone => {}
        }
    }

    /// Begins the flush that leads to `ending`; ends it at once if nothing waits.
    /// A `resume-writing` that still waits has no answer of its own any more: the terminal event ends it.
    pub(super) fn flush(&mut self, ending: Ending, taker: super::Taker, now: Timestamp) {
        self.phase = Phase::Flushing { ending, taker };
        self.progress.transmitted = now;
        if self.queue.first_unjudged().is_some_and(|entry| entry.is_begun) {
            // The kernel has part of it: it was accepted in all but name.
            self.queue.accept_first_unjudged();
        }
        self.judge(now);
    }
}
