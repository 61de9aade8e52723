//! Routing: inputs to machines, actions of connections to the handler, commands of the handler to connections.

use super::{Cell, Input, Output, Report};
use crate::command::{CommandName, ConnectionCommand};
use crate::connection::{Action, Connection, Cost};
use crate::event::{Envelope, Event, Failure};
use crate::handler::{Moved, Step};
use crate::id::{ConnectionId, Token};
use crate::mutation::{self, Mutation};
use crate::payload::Payload;
use crate::reason::{Fault, Refusal};
use crate::time::Timestamp;

impl<P: Payload> Cell<P> {
    pub(super) fn dispatch(&mut self, input: Input<P>) {
        let now = self.now;
        match input {
            Input::Opened { connection, limits, read_mode } => {
                let machine = Connection::new(connection, self.handler.id(), limits, read_mode, now);
                self.open(connection, machine);
            }
            Input::GuestReturned { turn, cpu } => {
                // Out of call it is ignored; beyond its bounds it is the fault it would have been when recorded.
                if self.handler.is_calling() && !turn.fits(&self.turn()) {
                    self.fail(Fault::Commands);
                }
                self.handler.on_returned(turn, cpu, now);
            }
            Input::GuestFaulted(fault) if self.handler.is_calling() => self.fail(fault),
            Input::GuestFaulted(_) => {}
            Input::Received { connection, data } => {
                self.on(connection, |machine| machine.on_received(data, now));
            }
            Input::Discarded { connection, bytes } => {
                self.on(connection, |machine| machine.on_discarded(bytes, now));
            }
            Input::PeerFinished(connection) => self.on(connection, |machine| machine.on_peer_finished(now)),
            Input::SocketFailed { connection, errno, unread_bytes } => {
                self.on(connection, |machine| machine.on_failed(errno, unread_bytes));
            }
            Input::Transmitted { connection, bytes } => {
                self.on(connection, |machine| machine.on_transmitted(bytes, now));
            }
            Input::Blocked(connection) => self.on(connection, |machine| machine.on_blocked(now)),
            Input::LingerProbed { connection, unacked_bytes, unread_bytes } => {
                self.on(connection, |machine| machine.on_linger_probed(unacked_bytes, unread_bytes, now));
            }
            Input::Expired { connection, unread_bytes } => {
                self.on(connection, |machine| machine.on_expired(unread_bytes, now));
            }
            Input::Tick => self.handler.on_tick(now),
            Input::Drain(left) => self.handler.on_drain(left),
            Input::DrainExpired => {
                self.handler.on_drain_expired();
                self.on_all(|machine| machine.on_drain_expired());
            }
            Input::Move(purpose) => {
                self.handler.want_move(purpose);
            }
            Input::SnapshotTaken => {
                let moved = self.handler.on_snapshot(true);
                self.moved(moved);
            }
            Input::SnapshotRefused => {
                let moved = self.handler.on_snapshot(false);
                self.moved(moved);
            }
            Input::Restored(turn) => {
                // What records more than it may has failed, as a guest call would have.
                let turn = turn.fits(&self.turn()).then_some(turn);
                let moved = self.handler.on_restored(turn);
                self.moved(moved);
            }
            Input::RestoreFailed => {
                let moved = self.handler.on_restored(None);
                self.moved(moved);
            }
        }
    }

    /// Lets the handler go on until something has to happen outside.
    pub(super) fn step(&mut self) {
        let now = self.now;
        while let Some(step) = self.handler.step(now) {
            match step {
                Step::Call(envelope) => return self.call(envelope),
                Step::Writes(connection, writes) => {
                    let from = self.handler.id();
                    if self.connections.contains_key(&connection) {
                        self.on(connection, |machine| machine.on_writes(from, writes, now));
                    } else {
                        for _ in &writes {
                            self.outputs.push_back(Output::Report(Report::StaleCommand(connection)));
                        }
                        self.handler.on_judged(connection);
                    }
                }
                Step::Command(connection, command) => {
                    let from = self.handler.id();
                    if self.connections.contains_key(&connection) {
                        self.on(connection, |machine| machine.on_command(from, command, now));
                    } else if command != ConnectionCommand::DropHandle {
                        self.outputs.push_back(Output::Report(Report::StaleCommand(connection)));
                    }
                }
                Step::Unsupported(connection, name, token) => {
                    self.refuse_unsupported(connection, name, token);
                }
                Step::AbandonMove => self.outputs.push_back(Output::AbandonMove),
                Step::TakeSnapshot(purpose) => self.outputs.push_back(Output::TakeSnapshot(purpose)),
                Step::Restore(purpose) => self.outputs.push_back(Output::Restore(purpose)),
                Step::Report(report) => self.outputs.push_back(Output::Report(report)),
                Step::Freed => self.outputs.push_back(Output::Freed),
            }
        }
    }

    fn call(&mut self, envelope: Envelope<P>) {
        if envelope.event == Event::WritingResumed {
            let handler = self.handler.id();
            self.on(envelope.source, |machine| machine.on_resumed_delivered(handler));
        }
        let turn = self.turn();
        self.outputs.push_back(Output::CallGuest { envelope, turn });
    }

    fn refuse_unsupported(&mut self, connection: ConnectionId, name: CommandName, token: Option<Token>) {
        if connection == ConnectionId::NONE {
            if let Step::Report(report) = self.handler.refuse(name, token, Refusal::Unsupported) {
                self.outputs.push_back(Output::Report(report));
            }
        } else if mutation::is(Mutation::AnswerAfterTerminal) {
            let failure =
                Failure { command: name, token, reason: Refusal::Unsupported, sent_bytes: 0, returned: None };
            let envelope = Envelope { source: connection, event: Event::CommandFailed(failure) };
            self.handler.enqueue(envelope, Cost::Budget);
        } else if self.facts(connection).is_some() {
            let from = self.handler.id();
            self.on(connection, |machine| machine.fail(from, name, token, Refusal::Unsupported, None));
        } else {
            // Nothing may follow the terminal event (invariant 1).
            self.outputs.push_back(Output::Report(Report::StaleCommand(connection)));
        }
    }

    fn open(&mut self, connection: ConnectionId, mut machine: Connection<P>) {
        if connection == ConnectionId::NONE || self.connections.contains_key(&connection) {
            return;
        }
        if !self.handler.takes_connections() {
            machine.on_unwanted();
        } else {
            self.handler.on_opened(connection);
        }
        self.arm(None, machine.deadline(), connection);
        self.connections.insert(connection, Box::new(machine));
        self.on(connection, |_| {});
    }

    /// The instance is lost with everything it owns, but for closes it requested before (invariant 9).
    fn fail(&mut self, fault: Fault) {
        if self.handler.is_gone() {
            return;
        }
        self.handler.on_faulted();
        let now = self.now;
        self.on_all(|machine| machine.on_owner_failed(now));
        self.outputs.push_back(Output::Failed(fault));
    }

    fn moved(&mut self, moved: Option<Moved>) {
        match moved {
            None => {}
            Some(Moved::Taken(purpose)) => self.outputs.push_back(Output::Restore(purpose)),
            Some(Moved::Committed) => self.outputs.push_back(Output::CommitMove),
            Some(Moved::Abandoned) => self.outputs.push_back(Output::AbandonMove),
            Some(Moved::Asleep) => self.outputs.push_back(Output::Sleep),
            Some(Moved::Lost) => self.fail(Fault::Trap),
        }
    }

    fn on_all(&mut self, mut input: impl FnMut(&mut Connection<P>)) {
        let ids: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for connection in ids {
            self.on(connection, &mut input);
        }
    }

    /// Gives a connection something to do, then routes what it wants done.
    fn on(&mut self, connection: ConnectionId, input: impl FnOnce(&mut Connection<P>)) {
        let Some(machine) = self.connections.get_mut(&connection) else { return };
        let due_before = machine.deadline();
        let owed_before = machine.answers_owed();
        #[cfg(any(debug_assertions, test))]
        let rank_before = machine.phase_rank();
        input(machine);
        #[cfg(any(debug_assertions, test))]
        assert!(machine.phase_rank() >= rank_before, "invariant 5: a requested close was forgotten");
        let due_after = machine.deadline();
        self.answers_owed = self.answers_owed + machine.answers_owed() - owed_before;
        let is_gone = machine.is_gone();
        while let Some(action) = machine.poll_action() {
            let output = match action {
                Action::Tell { to, event, cost } => {
                    debug_assert_eq!(to, self.handler.id(), "a cell's connections tell its own handler");
                    self.handler.enqueue(Envelope { source: connection, event }, cost);
                    continue;
                }
                Action::Judged(_) => {
                    self.handler.on_judged(connection);
                    continue;
                }
                Action::Transmit => Output::Transmit(connection),
                Action::ShutdownWrite => Output::ShutdownWrite(connection),
                Action::ProbeLinger => Output::ProbeLinger(connection),
                Action::CloseSocket => Output::CloseSocket(connection),
                Action::ResetSocket => Output::ResetSocket(connection),
                Action::Report(report) => Output::Report(report),
            };
            self.outputs.push_back(output);
        }
        if is_gone {
            self.connections.remove(&connection);
        }
        self.arm(due_before, if is_gone { None } else { due_after }, connection);
    }

    fn arm(&mut self, before: Option<Timestamp>, after: Option<Timestamp>, connection: ConnectionId) {
        if before == after {
            return;
        }
        if let Some(at) = before {
            self.deadlines.remove(&(at, connection));
        }
        if let Some(at) = after {
            self.deadlines.insert((at, connection));
        }
    }
}
