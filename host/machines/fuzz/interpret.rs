//! Bytes read as a life of one cell: any input, in any order, with any numbers.
//!
//! Shared by the fuzz target and by the test that replays the committed corpus. Panics are findings.

use core::time::Duration;
use std::collections::BTreeSet;
use tidegate_machines::cell::{Cell, Input, Output, Purpose, Tenure};
use tidegate_machines::command::{
    Answer, Command, CommandName, ConnectionCommand, Delivery, Part, ReadMode, Registration, Write, WriteData,
};
use tidegate_machines::event::Event;
use tidegate_machines::limits::{ConnectionLimits, HandlerLimits};
use tidegate_machines::reason::Fault;
use tidegate_machines::turn::Turn;
use tidegate_machines::{ChunkId, ConnectionId, HandlerId, Length, Timestamp, Token};

/// Connections that are ever opened or named.
const CONNECTIONS: u64 = 4;
/// Deadlines answered at one instant; more mean that one does not move on.
const EXPIRIES_MAX: usize = 1000;

/// Reads numbers off the front; zeros when nothing is left.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Mostly small numbers, sometimes any.
    fn number(&mut self) -> u64 {
        match self.byte() {
            255 => (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte())),
            254 => u64::MAX,
            small => u64::from(small),
        }
    }

    fn duration(&mut self) -> Duration {
        match self.byte() {
            255 => Duration::MAX,
            small => Duration::from_millis(u64::from(small) * 10),
        }
    }

    fn connection(&mut self) -> ConnectionId {
        ConnectionId(u64::from(self.byte()) % (CONNECTIONS + 1))
    }

    fn token(&mut self) -> Token {
        Token(u64::from(self.byte() % 8))
    }
}

/// What has been seen, to hold the outputs against.
#[derive(Default)]
struct Seen {
    open: BTreeSet<ConnectionId>,
    closed: BTreeSet<ConnectionId>,
    sockets_ended: BTreeSet<ConnectionId>,
    is_over: bool,
    call: Option<Turn<Length>>,
}

/// Lives the life that `data` describes.
///
/// # Panics
/// If the machines break a rule of their own, or one that can be seen from outside.
pub(crate) fn run(data: &[u8]) {
    let mut reader = Reader(data);
    let mut now = Timestamp(reader.number());
    let tenure = match reader.byte() % 3 {
        0 => Tenure::Isolated,
        1 => Tenure::Standalone,
        _ => Tenure::Shared,
    };
    let limits = handler_limits(&mut reader);
    let mut cell = Cell::<Length>::with_tenure(HandlerId(1), limits, tenure, now);
    let mut seen = Seen::default();
    drain(&mut cell, &mut seen);
    while !reader.is_empty() {
        let Some(input) = input(&mut reader, &mut cell, &mut seen, &mut now) else { continue };
        cell.handle(now, input);
        drain(&mut cell, &mut seen);
    }
    // Whatever was done, the drain deadline ends it.
    cell.handle(now, Input::DrainExpired);
    drain(&mut cell, &mut seen);
}

fn handler_limits(reader: &mut Reader<'_>) -> HandlerLimits {
    HandlerLimits {
        commands_per_turn_max: usize::from(reader.byte()),
        bytes_per_turn_max: reader.number(),
        timers_max: usize::from(reader.byte() % 8),
        cpu_burst: reader.duration(),
        cpu_per_second: reader.duration(),
    }
}

fn connection_limits(reader: &mut Reader<'_>) -> ConnectionLimits {
    ConnectionLimits {
        register: reader.duration(),
        idle: (reader.byte().is_multiple_of(2)).then(|| reader.duration()),
        flush: reader.duration(),
        half_close: reader.duration(),
        write_bytes_max: reader.number(),
        queued_bytes_max: reader.number(),
        linger_bytes_max: reader.number(),
        linger_poll_min: reader.duration(),
        linger_poll_max: reader.duration(),
        by_reference_bytes_min: usize::from(reader.byte()),
    }
}

fn input(
    reader: &mut Reader<'_>,
    cell: &mut Cell<Length>,
    seen: &mut Seen,
    now: &mut Timestamp,
) -> Option<Input<Length>> {
    let input = match reader.byte() % 22 {
        0..=4 => {
            let mut turn = seen.call.take().unwrap_or_else(|| cell.turn());
            record(reader, &mut turn);
            Input::GuestReturned { turn, cpu: reader.duration() }
        }
        5 => Input::GuestFaulted(Fault::Trap),
        6 => {
            let connection = reader.connection();
            // An id is new in the life of the host: that much a driver owes.
            if connection == ConnectionId::NONE || !seen.open.insert(connection) {
                return None;
            }
            let read_mode = read_mode(reader);
            Input::Opened { connection, limits: connection_limits(reader), read_mode }
        }
        7 | 8 => {
            Input::Received { connection: reader.connection(), data: Length(usize::from(reader.byte())) }
        }
        9 => Input::Discarded { connection: reader.connection(), bytes: reader.number() },
        10 => Input::PeerFinished(reader.connection()),
        11 => {
            Input::SocketFailed { connection: reader.connection(), errno: 104, unread_bytes: reader.number() }
        }
        12 | 13 => Input::Transmitted { connection: reader.connection(), bytes: reader.number() },
        14 => Input::Blocked(reader.connection()),
        15 => Input::LingerProbed {
            connection: reader.connection(),
            unacked_bytes: reader.number(),
            unread_bytes: reader.number(),
        },
        16 => {
            *now = now.after(reader.duration());
            expire(cell, seen, *now);
            Input::Tick
        }
        17 => Input::Drain(reader.duration()),
        18 => Input::DrainExpired,
        19 => {
            Input::Move(if reader.byte().is_multiple_of(2) { Purpose::HandOver } else { Purpose::Hibernate })
        }
        20 => match reader.byte() % 4 {
            0 => Input::SnapshotRefused,
            1 => Input::RestoreFailed,
            _ => Input::SnapshotTaken,
        },
        _ => {
            // Of bounds that need not be the cell's.
            let mut turn = if reader.byte().is_multiple_of(2) {
                cell.turn()
            } else {
                Turn::new(&handler_limits(reader), 0)
            };
            record(reader, &mut turn);
            Input::Restored(turn)
        }
    };
    if matches!(input, Input::GuestFaulted(_)) {
        seen.call = None;
    }
    Some(input)
}

/// Answers every deadline that has passed.
fn expire(cell: &mut Cell<Length>, seen: &mut Seen, now: Timestamp) {
    for _ in 0..EXPIRIES_MAX {
        let Some(connection) = cell.poll_expired(now) else { break };
        cell.handle(now, Input::Expired { connection, unread_bytes: 1 });
        drain(cell, seen);
    }
    assert!(cell.poll_expired(now).is_none(), "a deadline that was answered is due again: {cell:?}");
}

/// Records commands as a guest would, and stops where it would be stopped.
fn record(reader: &mut Reader<'_>, turn: &mut Turn<Length>) {
    for _ in 0..reader.byte() % 5 {
        if turn.record(command(reader)).is_err() {
            return;
        }
    }
}

fn command(reader: &mut Reader<'_>) -> Command<Length> {
    match reader.byte() % 8 {
        0 => Command::SetTimer { token: reader.token(), after: reader.duration() },
        1 => Command::CancelTimer(reader.token()),
        2 => Command::Unsupported {
            connection: reader.connection(),
            name: CommandName::SetOption,
            token: Some(reader.token()),
        },
        _ => Command::On(reader.connection(), on_connection(reader)),
    }
}

fn on_connection(reader: &mut Reader<'_>) -> ConnectionCommand<Length> {
    match reader.byte() % 16 {
        0 | 1 => ConnectionCommand::Register(registration(reader)),
        2 => ConnectionCommand::ResumeWriting,
        3 => ConnectionCommand::SuspendReading,
        4 | 5 => ConnectionCommand::ResumeReading,
        6 => ConnectionCommand::Close,
        7 => ConnectionCommand::ConfirmedClose,
        8 => ConnectionCommand::Abort,
        9 => ConnectionCommand::DropHandle,
        10 => {
            ConnectionCommand::Write(Write::Compound((0..reader.byte() % 4).map(|_| part(reader)).collect()))
        }
        _ => ConnectionCommand::Write(Write::Single(part(reader))),
    }
}

fn part(reader: &mut Reader<'_>) -> Part<Length> {
    let len = Length(usize::try_from(reader.number()).unwrap_or(usize::MAX));
    let data = match reader.byte() % 2 {
        0 => WriteData::Bytes(len),
        _ => WriteData::Chunk(ChunkId(1), len),
    };
    let answer = match reader.byte() % 3 {
        0 => Answer::None,
        1 => Answer::OnFailure(reader.token()),
        _ => Answer::Always(reader.token()),
    };
    Part { data, answer }
}

fn registration(reader: &mut Reader<'_>) -> Registration {
    let flags = reader.byte();
    Registration {
        keep_open_on_peer_closed: flags & 1 != 0,
        suspend_on_refusal: flags & 2 != 0,
        read_mode: (flags & 4 != 0).then(|| read_mode(reader)),
        delivery: if flags & 8 != 0 { Delivery::Automatic } else { Delivery::Copied },
        write_buffer_bytes: (flags & 16 != 0).then(|| reader.number()),
        idle: (flags & 32 != 0).then(|| reader.duration()),
        flush: (flags & 64 != 0).then(|| reader.duration()),
        half_close: (flags & 128 != 0).then(|| reader.duration()),
    }
}

fn read_mode(reader: &mut Reader<'_>) -> ReadMode {
    match reader.byte() % 3 {
        0 => ReadMode::Push,
        1 => ReadMode::Pull,
        _ => ReadMode::Paced,
    }
}

fn drain(cell: &mut Cell<Length>, seen: &mut Seen) {
    while let Some(output) = cell.poll_output() {
        match output {
            Output::CallGuest { envelope, turn } => {
                assert!(!seen.is_over, "an event for an instance that is over: {envelope:?}");
                assert!(
                    !seen.closed.contains(&envelope.source),
                    "an event after the terminal one: {envelope:?}"
                );
                if matches!(envelope.event, Event::Closed(_)) {
                    seen.closed.insert(envelope.source);
                }
                seen.call = Some(turn);
            }
            Output::CloseSocket(connection) | Output::ResetSocket(connection) => {
                assert!(seen.sockets_ended.insert(connection), "the socket of {connection} ends twice");
            }
            Output::ShutdownWrite(connection) => {
                assert!(!seen.sockets_ended.contains(&connection), "a FIN after the end of {connection}");
            }
            Output::Freed | Output::Failed(_) => {
                assert!(!seen.is_over, "the instance ends twice");
                seen.is_over = true;
                seen.call = None;
            }
            Output::Transmit(_)
            | Output::ProbeLinger(_)
            | Output::TakeSnapshot(_)
            | Output::Restore(_)
            | Output::CommitMove
            | Output::AbandonMove
            | Output::Sleep
            | Output::Report(_) => {}
        }
    }
    for connection in cell.connections() {
        assert!(!seen.sockets_ended.contains(&connection), "{connection} is kept without a socket");
    }
}
