//! A second telling of the contract, to compare the machines with: one command at a time, one write at a time, no
//! batching, no bookkeeping that could be read off something else.
//!
//! It is told every input the cell is told and predicts, exactly and in order, every event the guest must get and every
//! ending of a socket, and what may be read at any time. It does not model the rolling CPU budget (a call may come
//! later) nor when a lingering socket is looked at again.

mod commands;
mod link;
mod moves;
mod normal;
mod writes;

use std::collections::{BTreeMap, VecDeque};
use tidegate_machines::cell::{Input, Output, Purpose, Tenure};
use tidegate_machines::command::Command;
use tidegate_machines::event::{Envelope, Event, StartReason};
use tidegate_machines::limits::HandlerLimits;
use tidegate_machines::payload::Payload;
use tidegate_machines::reason::{ClosedBy, Fault, TimeLimit};
use tidegate_machines::{ConnectionId, Timestamp, Token};

pub(crate) use link::{Link, Standing};

/// What the handler does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Doing {
    Nothing,
    Calling(Called),
    Executing,
    Snapshot(Purpose),
    Restore(Purpose),
    Asleep,
    Gone,
}

/// What it is being told, as far as it matters afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Called {
    Started,
    Closed,
    Else,
}

/// How far its life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Age {
    Warm,
    Used,
    Draining,
    Expired,
}

/// The reference for one handler with its connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reference<P> {
    pub(crate) limits: HandlerLimits,
    pub(crate) tenure: Tenure,
    pub(crate) doing: Doing,
    pub(crate) age: Age,
    pub(crate) links: BTreeMap<ConnectionId, Link<P>>,
    /// Events the guest must get, in order.
    pub(crate) expected: VecDeque<Envelope<P>>,
    /// Outputs that must come, in order: what happens to the instance, and what happens to sockets but for the end of
    /// a lingering one.
    pub(crate) asked: VecDeque<Output<P>>,
    /// Commands of the turn that were not executed yet.
    pub(crate) cursor: VecDeque<Command<P>>,
    pub(crate) held: Vec<Command<P>>,
    /// In the order they were set.
    pub(crate) timers: Vec<(Timestamp, Token)>,
    /// Connections whose `closed` was not handled yet.
    pub(crate) owned: usize,
    pub(crate) wanted: Option<Purpose>,
    pub(crate) now: Timestamp,
}

impl<P: Payload> Reference<P> {
    pub(crate) fn new(limits: HandlerLimits, tenure: Tenure, now: Timestamp) -> Self {
        let started = Envelope { source: ConnectionId::NONE, event: Event::Started(StartReason::Fresh) };
        Self {
            limits,
            tenure,
            doing: Doing::Nothing,
            age: Age::Warm,
            links: BTreeMap::new(),
            expected: VecDeque::from([started]),
            asked: VecDeque::new(),
            cursor: VecDeque::new(),
            held: Vec::new(),
            timers: Vec::new(),
            owned: 0,
            wanted: None,
            now,
        }
    }

    /// Tells it what the cell is told. `GuestReturned` carries the turn that was recorded.
    pub(crate) fn on_input(&mut self, now: Timestamp, input: &Input<P>) {
        self.now = now;
        match input {
            Input::Opened { connection, limits, read_mode } => {
                let link = Link::new(limits.clone(), *read_mode, now);
                self.links.insert(*connection, link);
                if self.doing == Doing::Gone || self.age == Age::Expired {
                    self.orphan(*connection);
                } else {
                    self.owned += 1;
                    if self.age == Age::Warm {
                        self.age = Age::Used;
                    }
                    self.expect(*connection, Event::Connected);
                }
            }
            Input::GuestReturned { turn, .. } => self.on_returned(turn.commands()),
            Input::GuestFaulted(fault) => {
                if matches!(self.doing, Doing::Calling(_)) {
                    self.fail(*fault);
                }
            }
            Input::Received { connection, data } => self.on_received(*connection, data),
            Input::Discarded { connection, bytes } => self.on_discarded(*connection, *bytes),
            Input::PeerFinished(connection) => self.on_peer_finished(*connection),
            Input::SocketFailed { connection, errno, unread_bytes } => {
                if self.is_live(*connection) {
                    self.asked.push_back(Output::CloseSocket(*connection));
                    self.end(*connection, ClosedBy::ErrorClosed(*errno), *unread_bytes, Standing::Over);
                }
            }
            Input::Transmitted { connection, bytes } => self.on_transmitted(*connection, *bytes),
            Input::Blocked(connection) => self.on_blocked(*connection),
            Input::LingerProbed { .. } => {}
            Input::Expired { connection, unread_bytes } => self.on_expired(*connection, *unread_bytes),
            Input::Tick => self.on_tick(),
            Input::Drain(left) => self.on_drain(*left),
            Input::DrainExpired => self.on_drain_expired(),
            Input::Move(purpose) => self.on_move(*purpose),
            Input::SnapshotTaken => self.on_snapshot(true),
            Input::SnapshotRefused => self.on_snapshot(false),
            Input::Restored(turn) => self.on_restored(Some(turn.commands())),
            Input::RestoreFailed => self.on_restored(None),
        }
        self.run();
    }

    /// The guest is called: it must be with the next event that was predicted.
    ///
    /// # Errors
    /// What was expected instead.
    pub(crate) fn on_called(&mut self, envelope: &Envelope<P>) -> Result<(), String> {
        if self.doing != Doing::Nothing {
            return Err(format!("called with {envelope:?} while {:?}", self.doing));
        }
        let expected = self.expected.pop_front();
        if expected.as_ref() != Some(envelope) {
            return Err(format!("called with {envelope:?}, expected {expected:?}"));
        }
        let called = match envelope.event {
            Event::Started(_) => Called::Started,
            Event::Closed(_) => Called::Closed,
            _ => Called::Else,
        };
        self.doing = Doing::Calling(called);
        if envelope.event == Event::WritingResumed
            && let Some(link) = self.links.get_mut(&envelope.source)
        {
            link.on_resumed();
        }
        Ok(())
    }

    pub(crate) fn expect(&mut self, source: ConnectionId, event: Event<P>) {
        if self.doing != Doing::Gone {
            self.expected.push_back(Envelope { source, event });
        }
    }

    /// Answers that are owed and were not delivered.
    pub(crate) fn answers_owed(&self) -> usize {
        let queued = self.expected.iter().filter(|envelope| envelope.event.is_answer()).count();
        let held: usize = self.held.iter().map(Command::answers_max).sum();
        queued + held + self.links.values().map(Link::answers_owed).sum::<usize>()
    }

    /// Whether bytes may be read for the guest.
    pub(crate) fn can_receive(&self) -> bool {
        self.expected.is_empty() && matches!(self.doing, Doing::Nothing | Doing::Asleep)
    }

    /// When a connection is over if nothing moves, and why.
    pub(crate) fn limit_of(&self, connection: ConnectionId) -> Option<(TimeLimit, Timestamp)> {
        self.links.get(&connection).and_then(Link::limit)
    }

    pub(crate) fn is_live(&self, connection: ConnectionId) -> bool {
        self.links.get(&connection).is_some_and(|link| !link.standing.is_over())
    }

    /// The instance is lost with everything it owns, but for closes that were requested.
    pub(crate) fn fail(&mut self, fault: Fault) {
        let ids: Vec<ConnectionId> = self.links.keys().copied().collect();
        self.forget();
        for connection in ids {
            self.orphan(connection);
        }
        self.asked.push_back(Output::Failed(fault));
    }

    /// Nothing is told to the guest any more.
    pub(crate) fn forget(&mut self) {
        self.doing = Doing::Gone;
        self.expected.clear();
        self.held.clear();
        self.cursor.clear();
        self.timers.clear();
        self.wanted = None;
    }

    /// Does what can be done without anything more happening.
    fn run(&mut self) {
        loop {
            match self.doing {
                Doing::Executing => {
                    if self.links.values().any(|link| link.offered.is_some()) {
                        return;
                    }
                    match self.cursor.pop_front() {
                        Some(command) => self.execute(command),
                        None => self.doing = Doing::Nothing,
                    }
                }
                Doing::Nothing => {
                    if !self.begin_at_boundary() {
                        return;
                    }
                }
                Doing::Asleep => {
                    if self.is_over() {
                        self.asked.push_back(Output::Freed);
                        self.forget();
                    } else if !self.expected.is_empty() {
                        self.doing = Doing::Restore(Purpose::Hibernate);
                        self.asked.push_back(Output::Restore(Purpose::Hibernate));
                    }
                    return;
                }
                Doing::Calling(_) | Doing::Snapshot(_) | Doing::Restore(_) | Doing::Gone => return,
            }
        }
    }

    /// Whether it owns nothing and nothing waits for it.
    pub(crate) fn is_over(&self) -> bool {
        let ends = match self.age {
            Age::Warm => false,
            Age::Used => self.tenure != Tenure::Shared,
            Age::Draining | Age::Expired => true,
        };
        ends && self.owned == 0 && self.timers.is_empty() && self.expected.is_empty()
    }
}
