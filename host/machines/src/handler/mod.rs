//! The machine of one handler, that is of one component instance.
//!
//! Owns: the mailbox, one guest call at a time, the recorded turn and its cursor, commands held by `started`, timers,
//! the rolling CPU budget, hand-over and hibernation, and when the instance ends. Knows connections by id only.
//!
//! Invariants: 3 one queue, in the order things were learned; 9 a turn that faults has no effect; 10 hand-over happens
//! at an event boundary; 11 everything is bounded. `handle` is never re-entered: a call is made
//! only in `Phase::Idle`.

mod budget;
mod mailbox;
#[cfg(any(test, feature = "model"))]
mod model;
mod moving;
mod phase;
mod tenure;
mod timers;

use crate::cell::Report;
use crate::command::{Command, CommandName, ConnectionCommand, Write};
use crate::connection::Cost;
use crate::event::{Envelope, Event, Failure, StartReason};
use crate::id::{ConnectionId, HandlerId, Token};
use crate::limits::HandlerLimits;
use crate::mutation::{self, Mutation};
use crate::payload::Payload;
use crate::reason::Refusal;
use crate::time::Timestamp;
use crate::turn::Turn;
use budget::Budget;
use core::time::Duration;
use mailbox::Mailbox;
pub(crate) use moving::Moved;
pub use moving::Purpose;
use phase::{Call, Cursor, Phase};
use std::collections::VecDeque;
use tenure::Life;
pub use tenure::Tenure;
use timers::Timers;

/// What the handler wants next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step<P> {
    Call(Envelope<P>),
    /// Consecutive writes to one connection; `on_judged` is awaited.
    Writes(ConnectionId, Vec<Write<P>>),
    Command(ConnectionId, ConnectionCommand<P>),
    /// A command this host does not carry out, to be refused by name.
    Unsupported(ConnectionId, CommandName, Option<Token>),
    TakeSnapshot(Purpose),
    Restore(Purpose),
    AbandonMove,
    Report(Report),
    /// It owns nothing any more and is over.
    Freed,
}

/// One handler. See the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Handler<P> {
    id: HandlerId,
    limits: HandlerLimits,
    phase: Phase<P>,
    tenure: Tenure,
    life: Life,
    mailbox: Mailbox<P>,
    /// Recorded in `started`, or while waking; run at the head of the first turn that may have effects.
    held: Vec<Command<P>>,
    /// Connections whose `closed` was not handled yet.
    owned: usize,
    timers: Timers,
    budget: Budget,
    /// A move that waits for the event boundary.
    wanted: Option<Purpose>,
}

impl<P: Payload> Handler<P> {
    /// A handler whose first event is `started(fresh)`.
    #[must_use]
    pub fn new(id: HandlerId, limits: HandlerLimits, tenure: Tenure) -> Self {
        let mut mailbox = Mailbox::new();
        let started = Envelope { source: ConnectionId::NONE, event: Event::Started(StartReason::Fresh) };
        mailbox.push(started, Cost::Peer);
        Self {
            id,
            budget: Budget::new(&limits),
            limits,
            phase: Phase::Idle,
            tenure,
            life: Life::Warm,
            mailbox,
            held: Vec::new(),
            owned: 0,
            timers: Timers::new(),
            wanted: None,
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> HandlerId {
        self.id
    }

    /// Whether the instance is over.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.phase, Phase::Gone)
    }

    /// Whether an event handed in now would be the next the guest sees: bytes are read only then (invariant 3).
    #[must_use]
    pub fn can_receive(&self) -> bool {
        (self.mailbox.is_empty() || mutation::is(Mutation::ReadAhead))
            && match self.phase {
                Phase::Idle => self.wanted.is_none(),
                Phase::Hibernated => true,
                Phase::Calling(..)
                | Phase::Executing(_)
                | Phase::Snapshotting(_)
                | Phase::Restoring(_)
                | Phase::Gone => false,
            }
    }

    /// Answers that wait in the mailbox, and held commands that will be answered.
    pub(crate) fn answers_owed(&self) -> usize {
        self.mailbox.answers() + self.held.iter().map(Command::answers_max).sum::<usize>()
    }

    /// A turn with the bounds of the next call, given the answers owed by connections.
    pub(crate) fn turn(&self, owed_by_connections: usize) -> Turn<P> {
        let owed = self.answers_owed().saturating_add(owed_by_connections);
        Turn::new(&self.limits, if mutation::is(Mutation::AnswersUncounted) { 0 } else { owed })
    }

    /// The earliest time at which `on_tick` or `step` has something to do by itself.
    #[must_use]
    pub fn deadline(&self, now_or_earlier: Timestamp) -> Option<Timestamp> {
        let throttled = match (&self.phase, self.mailbox.front_cost()) {
            (Phase::Idle, Some(cost)) => self.throttled_until(cost, now_or_earlier),
            _ => None,
        };
        let timer = if self.is_gone() { None } else { self.timers.first_due() };
        [throttled, timer].into_iter().flatten().min()
    }

    pub(crate) fn on_opened(&mut self, connection: ConnectionId) {
        self.life.on_used();
        self.owned += 1;
        self.enqueue(Envelope { source: connection, event: Event::Connected }, Cost::Peer);
    }

    pub(crate) fn enqueue(&mut self, envelope: Envelope<P>, cost: Cost) {
        if !self.is_gone() {
            self.mailbox.push(envelope, cost);
        }
    }

    /// The guest call returned.
    pub(crate) fn on_returned(&mut self, turn: Turn<P>, cpu: Duration, now: Timestamp) {
        let Phase::Calling(call, cost) = self.phase else { return };
        if cost == Cost::Budget {
            self.budget.charge(cpu, now);
        }
        let mut commands = turn.into_commands();
        match (call, self.tenure) {
            (Call::Started, Tenure::Isolated | Tenure::Shared) => {
                self.held.append(&mut commands);
                self.phase = Phase::Idle;
                return;
            }
            (Call::Started, Tenure::Standalone) => self.life.on_used(),
            (Call::Closed, _) => self.owned = self.owned.saturating_sub(1),
            (Call::Other, _) => {}
        }
        let mut all = core::mem::take(&mut self.held);
        all.append(&mut commands);
        self.phase = Phase::Executing(Cursor { commands: VecDeque::from(all), waiting: None });
    }

    /// Whether it takes new connections: not when it is over, nor after the drain deadline.
    pub(crate) fn takes_connections(&self) -> bool {
        !self.is_gone() && self.life != Life::Expired
    }

    /// Whether a guest call is under way.
    pub(crate) fn is_calling(&self) -> bool {
        matches!(self.phase, Phase::Calling(..))
    }

    /// The instance is lost, or over. Nothing of its turn has any effect, nothing more is told to it.
    pub(crate) fn on_faulted(&mut self) {
        self.phase = Phase::Gone;
        self.mailbox = Mailbox::new();
        self.held = Vec::new();
        self.timers = Timers::new();
        self.wanted = None;
    }

    /// The writes the cursor waits for were judged.
    pub(crate) fn on_judged(&mut self, connection: ConnectionId) {
        if let Phase::Executing(cursor) = &mut self.phase
            && cursor.waiting == Some(connection)
        {
            cursor.waiting = None;
        }
    }

    /// Timers that are due enter the queue.
    pub(crate) fn on_tick(&mut self, now: Timestamp) {
        if self.is_gone() {
            return;
        }
        while let Some(token) = self.timers.pop_due(now) {
            let timer = Envelope { source: ConnectionId::NONE, event: Event::Timer(token) };
            self.mailbox.push(timer, Cost::Budget);
        }
    }

    /// The service is being stopped. A warm instance simply ends.
    pub(crate) fn on_drain(&mut self, left: Duration) {
        match self.life {
            Life::Warm => self.life = Life::Draining,
            Life::Used | Life::Draining => {
                self.life = Life::Draining;
                self.mailbox.cancel_draining();
                self.enqueue(
                    Envelope { source: ConnectionId::NONE, event: Event::Draining(left) },
                    Cost::Peer,
                );
            }
            Life::Expired => {}
        }
    }

    /// The drain deadline passed: no timer keeps the instance any more, and no new one is set.
    pub(crate) fn on_drain_expired(&mut self) {
        self.life = Life::Expired;
        self.timers = Timers::new();
        self.mailbox.cancel_timers();
        self.mailbox.cancel_draining();
    }

    /// Whether the instance owns nothing and nothing waits for it: it is over.
    fn is_over(&self) -> bool {
        self.life.ends_with_nothing(self.tenure)
            && self.owned == 0
            && self.timers.is_empty()
            && self.mailbox.is_empty()
    }

    fn free(&mut self) -> Step<P> {
        self.on_faulted();
        Step::Freed
    }

    /// What to do next; `None` when something has to happen first.
    pub(crate) fn step(&mut self, now: Timestamp) -> Option<Step<P>> {
        match self.phase {
            Phase::Executing(_) => self.step_cursor(now),
            Phase::Idle => self.step_idle(now),
            Phase::Hibernated if self.is_over() => Some(self.free()),
            Phase::Hibernated if !self.mailbox.is_empty() => Some(self.wake()),
            Phase::Hibernated
            | Phase::Calling(..)
            | Phase::Snapshotting(_)
            | Phase::Restoring(_)
            | Phase::Gone => None,
        }
    }

    fn step_idle(&mut self, now: Timestamp) -> Option<Step<P>> {
        if self.is_over() {
            return Some(self.free());
        }
        if let Some(step) = self.begin_move() {
            return Some(step);
        }
        let cost = self.mailbox.front_cost()?;
        if self.throttled_until(cost, now).is_some() {
            return self.mailbox.mark_throttled().then_some(Step::Report(Report::Throttled));
        }
        let envelope = self.mailbox.pop()?;
        let call = match envelope.event {
            Event::Started(_) => Call::Started,
            Event::Closed(_) => Call::Closed,
            Event::Connected
            | Event::Received(_)
            | Event::ReceivedChunk(_)
            | Event::Acked(_)
            | Event::CommandFailed(_)
            | Event::WritingResumed
            | Event::PeerClosed
            | Event::Timer(_)
            | Event::Draining(_) => Call::Other,
        };
        self.phase = Phase::Calling(call, cost);
        Some(Step::Call(envelope))
    }

    /// Until when an event of this cost is put off. After the drain deadline none is: it would only delay the end.
    fn throttled_until(&self, cost: Cost, now: Timestamp) -> Option<Timestamp> {
        match (cost, self.life) {
            (Cost::Peer, _) | (Cost::Budget, Life::Expired) => None,
            (Cost::Budget, Life::Warm | Life::Used | Life::Draining) => self.budget.ready_at(now),
        }
    }

    /// One command of the turn; consecutive writes to one connection are one request.
    fn step_cursor(&mut self, now: Timestamp) -> Option<Step<P>> {
        loop {
            let Phase::Executing(cursor) = &mut self.phase else { return None };
            if cursor.waiting.is_some() {
                return None;
            }
            let Some(command) = cursor.commands.pop_front() else {
                self.phase = Phase::Idle;
                return self.step_idle(now);
            };
            match command {
                Command::On(connection, ConnectionCommand::Write(write)) => {
                    let writes = cursor.take_writes(connection, write);
                    cursor.waiting = Some(connection);
                    return Some(Step::Writes(connection, writes));
                }
                Command::On(connection, command) => return Some(Step::Command(connection, command)),
                Command::SetTimer { token, after } => {
                    if let Some(step) = self.set_timer(token, after, now) {
                        return Some(step);
                    }
                }
                Command::CancelTimer(token) => self.cancel_timer(token),
                Command::Unsupported { connection, name, token } => {
                    return Some(Step::Unsupported(connection, name, token));
                }
            }
        }
    }

    fn set_timer(&mut self, token: Token, after: Duration, now: Timestamp) -> Option<Step<P>> {
        self.cancel_timer(token);
        // Those that are due and wait count too: else each call could set as many again.
        let waiting = if mutation::is(Mutation::TimersUncounted) { 0 } else { self.mailbox.timers() };
        let is_full = self.timers.len() + waiting >= self.limits.timers_max;
        if is_full || self.life == Life::Expired {
            return Some(self.refuse(CommandName::SetTimer, Some(token), Refusal::Limit));
        }
        self.life.on_used();
        // Never due in the round that set it (invariant 11).
        self.timers.set(token, now.after(after.max(Duration::from_nanos(1))));
        None
    }

    fn cancel_timer(&mut self, token: Token) {
        self.timers.cancel(token);
        if !mutation::is(Mutation::CancelledTimerFires) {
            self.mailbox.cancel_timer(token);
        }
    }

    /// Refuses a command that concerns no connection.
    pub(crate) fn refuse(&mut self, command: CommandName, token: Option<Token>, reason: Refusal) -> Step<P> {
        let failure = Failure { command, token, reason, sent_bytes: 0, returned: None };
        self.enqueue(
            Envelope { source: ConnectionId::NONE, event: Event::CommandFailed(failure) },
            Cost::Budget,
        );
        Step::Report(Report::Refused(ConnectionId::NONE, command, reason))
    }

    #[cfg(any(debug_assertions, test))]
    pub(crate) fn check(&self, owed_by_connections: usize) {
        let bound = self.limits.commands_per_turn_max.saturating_mul(2);
        assert!(
            self.answers_owed() + owed_by_connections <= bound,
            "invariant 11: more answers are owed than twice the limit"
        );
        let timers = self.timers.len() + self.mailbox.timers();
        assert!(timers <= self.limits.timers_max, "invariant 11: too many timers");
        let mut tokens = std::collections::BTreeSet::new();
        let all = self.timers.tokens().chain(self.mailbox.timer_tokens());
        for token in all {
            assert!(
                tokens.insert(token),
                "invariant 3: a timer that was replaced or cancelled is still there"
            );
        }
        self.mailbox.check();
    }
}
