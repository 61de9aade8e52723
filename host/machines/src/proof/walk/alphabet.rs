//! What can happen next in a walk.

use crate::proof::harness::{Harness, Step};
use crate::proof::reference::{Doing, Standing};
use core::time::Duration;
use tidegate_machines::cell::{Purpose, ReadInterest};
use tidegate_machines::command::{
    Answer, Command, CommandName, ConnectionCommand, Part, ReadMode, Registration, Write, WriteData,
};
use tidegate_machines::reason::Fault;
use tidegate_machines::{ChunkId, ConnectionId, Length, Token};

/// Which inputs a walk tries.
#[derive(Clone, Debug)]
pub(crate) struct Alphabet {
    pub(crate) scope: Scope,
    pub(crate) registration: Registration,
    /// Connections opened at most.
    pub(crate) connections_max: u64,
}

/// What a walk is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One connection, everything about it.
    Connection,
    /// The handler: timers, moves, draining, commands of no connection.
    Handler,
    /// Several connections of one handler: what one may do to another.
    Shared,
}

impl Alphabet {
    /// Every input that is possible in this state.
    pub(crate) fn steps(&self, harness: &Harness<Length>) -> Vec<Step<Length>> {
        let mut steps = Vec::new();
        if harness.cell.is_finished() {
            return steps;
        }
        match harness.reference.doing {
            Doing::Calling(_) => {
                let turns = self.turns(harness).into_iter();
                steps.extend(turns.map(|turn| Step::Return(turn, Duration::ZERO)));
                steps.push(Step::Fault(Fault::Trap));
            }
            Doing::Snapshot(_) => steps.extend([Step::Snapshot(true), Step::Snapshot(false)]),
            Doing::Restore(_) => {
                let suspend = harness.sockets.keys().next().copied().unwrap_or_default();
                let suspend = Command::On(suspend, ConnectionCommand::SuspendReading);
                let timer = Command::SetTimer { token: Token(9), after: Duration::from_secs(1) };
                steps.extend([
                    Step::Restore(None),
                    Step::Restore(Some(Vec::new())),
                    Step::Restore(Some(vec![suspend, timer])),
                ]);
            }
            Doing::Nothing | Doing::Executing | Doing::Asleep | Doing::Gone => {}
        }
        for (connection, socket) in &harness.sockets {
            if socket.is_there {
                self.socket_steps(harness, *connection, &mut steps);
            }
        }
        if (harness.sockets.len() as u64) < self.connections_max {
            steps.push(Step::Open(ReadMode::Push));
        }
        if harness.cell.poll_timeout().is_some() {
            steps.push(Step::Expire);
        }
        // Draining wakes the guest whatever it waits for, so that every turn can follow in every state.
        steps.extend([Step::Drain, Step::DrainExpired]);
        if self.scope == Scope::Handler {
            steps.extend([Step::Move(Purpose::HandOver), Step::Move(Purpose::Hibernate)]);
        }
        steps
    }

    fn socket_steps(
        &self,
        harness: &Harness<Length>,
        connection: ConnectionId,
        steps: &mut Vec<Step<Length>>,
    ) {
        match harness.interest(connection) {
            ReadInterest::Deliver(_) => steps.push(Step::Receive(connection, 1)),
            ReadInterest::Discard { .. } => steps.push(Step::Discard(connection, 1)),
            ReadInterest::Off => {}
        }
        let Some(socket) = harness.sockets.get(&connection) else { return };
        if !socket.is_fin_told {
            steps.push(Step::PeerFinished(connection));
        }
        let offered = harness.offered(connection);
        if offered > 0 {
            steps.extend([Step::Take(connection, u64::MAX), Step::Block(connection)]);
            if offered > 1 {
                steps.push(Step::Take(connection, 1));
            }
        }
        if self.scope != Scope::Shared {
            steps.push(Step::Fail(connection, 1));
        }
        let standing = harness.reference.links.get(&connection).map(|link| link.standing);
        if socket.is_probed && standing == Some(Standing::Lingering) {
            steps.extend([Step::Probed(connection, 0, 0), Step::Probed(connection, 1, 0)]);
        }
    }

    /// The turns the guest may record.
    fn turns(&self, harness: &Harness<Length>) -> Vec<Vec<Command<Length>>> {
        let connection = harness.call.as_ref().map(|call| call.envelope.source).unwrap_or_default();
        let first = harness.sockets.keys().next().copied().unwrap_or_default();
        let connection = if connection == ConnectionId::NONE { first } else { connection };
        let on = |command| Command::On(connection, command);
        let token = Token(100 + harness.tally.calls * 8);
        let second = Token(token.0 + 1);
        let single = |len, answer| write(Write::Single(part(len, answer)));
        let register = on(ConnectionCommand::Register(self.registration.clone()));
        let mut turns = vec![vec![]];
        match self.scope {
            Scope::Connection => turns.extend([
                vec![register],
                vec![on(ConnectionCommand::DropHandle)],
                vec![on(single(1, Answer::Always(token)))],
                vec![on(single(2, Answer::Always(token))), on(single(0, Answer::Always(second)))],
                vec![on(single(1, Answer::OnFailure(token))), on(ConnectionCommand::ConfirmedClose)],
                vec![on(single(2, Answer::None)), on(ConnectionCommand::Close)],
                vec![
                    on(single(1, Answer::Always(token))),
                    on(write(Write::Compound(vec![
                        Part {
                            data: WriteData::Chunk(ChunkId(3), Length(1)),
                            answer: Answer::Always(second),
                        },
                        part(1, Answer::None),
                    ]))),
                ],
                vec![on(single(9, Answer::None))],
                vec![on(ConnectionCommand::ResumeWriting), on(single(1, Answer::Always(token)))],
                vec![on(ConnectionCommand::ResumeWriting)],
                vec![on(ConnectionCommand::SuspendReading)],
                vec![on(ConnectionCommand::ResumeReading)],
                vec![on(ConnectionCommand::ConfirmedClose)],
                vec![on(ConnectionCommand::Close)],
                vec![on(ConnectionCommand::Abort)],
            ]),
            Scope::Handler => turns.extend([
                vec![register],
                vec![Command::SetTimer { token: Token(1), after: Duration::from_secs(1) }],
                vec![
                    Command::SetTimer { token: Token(1), after: Duration::from_secs(2) },
                    Command::SetTimer { token: Token(2), after: Duration::from_secs(1) },
                ],
                vec![Command::CancelTimer(Token(1))],
                vec![unsupported(connection), unsupported(ConnectionId::NONE)],
                vec![on(single(1, Answer::Always(token)))],
                vec![on(ConnectionCommand::Abort), unsupported(connection)],
                vec![on(ConnectionCommand::ResumeReading)],
            ]),
            Scope::Shared => {
                turns.extend([
                    vec![register],
                    vec![on(single(2, Answer::Always(token)))],
                    vec![on(ConnectionCommand::Close)],
                ]);
                // A turn that concerns all of them.
                turns.push(
                    harness
                        .sockets
                        .keys()
                        .map(|id| Command::On(*id, single(1, Answer::Always(Token(token.0 + id.0)))))
                        .collect(),
                );
            }
        }
        turns
    }
}

fn write(write: Write<Length>) -> ConnectionCommand<Length> {
    ConnectionCommand::Write(write)
}

fn part(len: usize, answer: Answer) -> Part<Length> {
    Part { data: WriteData::Bytes(Length(len)), answer }
}

fn unsupported(connection: ConnectionId) -> Command<Length> {
    Command::Unsupported { connection, name: CommandName::SetOption, token: None }
}
