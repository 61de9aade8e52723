//! What happens to the handler as a whole: calls that return, timers, draining, hand-over and hibernation.

use super::{Age, Called, Doing, Reference};
use core::time::Duration;
use tidegate_machines::ConnectionId;
use tidegate_machines::cell::{Output, Purpose, Tenure};
use tidegate_machines::command::Command;
use tidegate_machines::event::Event;
use tidegate_machines::payload::Payload;
use tidegate_machines::reason::{ClosedBy, Fault, TimeLimit};

impl<P: Payload> Reference<P> {
    pub(super) fn on_returned(&mut self, commands: &[Command<P>]) {
        let Doing::Calling(called) = self.doing else { return };
        match called {
            Called::Started if self.tenure != Tenure::Standalone => {
                self.held.extend_from_slice(commands);
                self.doing = Doing::Nothing;
                return;
            }
            Called::Started => {
                if self.age == Age::Warm {
                    self.age = Age::Used;
                }
            }
            Called::Closed => self.owned -= 1,
            Called::Else => {}
        }
        self.cursor.extend(core::mem::take(&mut self.held));
        self.cursor.extend(commands.iter().cloned());
        self.doing = Doing::Executing;
    }

    pub(super) fn on_tick(&mut self) {
        loop {
            let due = self.timers.iter().enumerate().filter(|(_, (at, _))| *at <= self.now);
            // Of two due at once the one set first.
            let Some((index, _)) = due.min_by_key(|(index, (at, _))| (*at, *index)) else { return };
            let (_, token) = self.timers.remove(index);
            self.expect(ConnectionId::NONE, Event::Timer(token));
        }
    }

    pub(super) fn on_drain(&mut self, left: Duration) {
        if self.doing == Doing::Gone {
            return;
        }
        match self.age {
            Age::Warm => self.age = Age::Draining,
            Age::Used | Age::Draining => {
                self.age = Age::Draining;
                self.expected.retain(|envelope| !matches!(envelope.event, Event::Draining(_)));
                self.expect(ConnectionId::NONE, Event::Draining(left));
            }
            Age::Expired => {}
        }
    }

    pub(super) fn on_drain_expired(&mut self) {
        self.age = Age::Expired;
        self.timers.clear();
        self.expected.retain(|envelope| !matches!(envelope.event, Event::Draining(_) | Event::Timer(_)));
        let live: Vec<ConnectionId> = self.links.keys().copied().filter(|id| self.is_live(*id)).collect();
        for connection in live {
            self.reset(connection, ClosedBy::TimedOut(TimeLimit::Drain), 0);
        }
    }

    pub(super) fn on_move(&mut self, purpose: Purpose) {
        if matches!(self.doing, Doing::Nothing | Doing::Calling(_) | Doing::Executing)
            && self.wanted.is_none()
        {
            self.wanted = Some(purpose);
        }
    }

    /// At an event boundary: whether something else is to be done now than to wait for the next call.
    pub(super) fn begin_at_boundary(&mut self) -> bool {
        if self.is_over() {
            self.asked.push_back(Output::Freed);
            self.forget();
            return true;
        }
        let Some(purpose) = self.wanted.take() else { return false };
        if purpose == Purpose::Hibernate && !self.expected.is_empty() {
            self.asked.push_back(Output::AbandonMove);
        } else {
            self.doing = Doing::Snapshot(purpose);
            self.asked.push_back(Output::TakeSnapshot(purpose));
        }
        true
    }

    pub(super) fn on_snapshot(&mut self, is_taken: bool) {
        let Doing::Snapshot(purpose) = self.doing else { return };
        let (doing, output) = match (is_taken, purpose) {
            (false, _) => (Doing::Nothing, Output::AbandonMove),
            (true, Purpose::Hibernate) => (Doing::Asleep, Output::Sleep),
            (true, Purpose::HandOver) => (Doing::Restore(purpose), Output::Restore(purpose)),
        };
        self.doing = doing;
        self.asked.push_back(output);
    }

    pub(super) fn on_restored(&mut self, commands: Option<&[Command<P>]>) {
        let Doing::Restore(purpose) = self.doing else { return };
        match (commands, purpose) {
            (Some(commands), _) => {
                self.asked.push_back(Output::CommitMove);
                if purpose == Purpose::HandOver {
                    self.cursor.extend(core::mem::take(&mut self.held));
                    self.cursor.extend(commands.iter().cloned());
                    self.doing = Doing::Executing;
                } else {
                    self.held.extend_from_slice(commands);
                    self.doing = Doing::Nothing;
                }
            }
            (None, Purpose::HandOver) => {
                self.doing = Doing::Nothing;
                self.asked.push_back(Output::AbandonMove);
            }
            (None, Purpose::Hibernate) => self.fail(Fault::Trap),
        }
    }
}
