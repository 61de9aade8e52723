//! A scripted guest: records anything the contract lets it record, most often what makes sense.

use crate::proof::payload::TestPayload;
use crate::proof::rng::Rng;
use bytes::Bytes;
use core::time::Duration;
use tidegate_machines::command::{
    Answer, Command, CommandName, ConnectionCommand, Delivery, Part, ReadMode, Registration, Write, WriteData,
};
use tidegate_machines::event::{Envelope, Event};
use tidegate_machines::{ChunkId, ConnectionId, Token};

/// See the module.
pub(super) struct Guest {
    /// Tokens and chunks so far.
    next: u64,
    /// One in so many turns holds something drastic.
    drastic: u64,
    /// Whether it registers as echo handlers do, or anyhow.
    is_wild: bool,
}

impl Guest {
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self { next: 0, drastic: 5 + rng.below(120), is_wild: rng.one_in(3) }
    }

    /// The commands of the turn that answers `envelope`.
    pub(super) fn turn(
        &mut self,
        envelope: Option<&Envelope<Bytes>>,
        connections: &[ConnectionId],
        rng: &mut Rng,
    ) -> Vec<Command<Bytes>> {
        let mut commands = Vec::new();
        if let Some(Envelope { source, event }) = envelope {
            match event {
                Event::Connected if !rng.one_in(20) => {
                    if rng.one_in(8) {
                        let early = self.early(rng);
                        commands.push(Command::On(*source, early));
                    }
                    commands.push(Command::On(*source, ConnectionCommand::Register(self.registration(rng))));
                }
                Event::CommandFailed(_) if rng.one_in(2) => {
                    commands.push(Command::On(*source, ConnectionCommand::ResumeWriting));
                }
                Event::Received(data) | Event::ReceivedChunk(data) if rng.one_in(2) => {
                    let part = Part { data: WriteData::Bytes(data.clone()), answer: self.answer(rng) };
                    commands.push(Command::On(*source, ConnectionCommand::Write(Write::Single(part))));
                }
                Event::PeerClosed if rng.one_in(2) => {
                    commands.push(Command::On(*source, ConnectionCommand::Close));
                }
                _ => {}
            }
        }
        for _ in 0..rng.below(4) {
            commands.push(self.command(connections, rng));
        }
        if rng.one_in(800) {
            // More than any turn may hold.
            commands.extend((0..60).map(|token| Command::CancelTimer(Token(token))));
        }
        commands
    }

    fn early(&self, rng: &mut Rng) -> ConnectionCommand<Bytes> {
        match rng.below(6) {
            0 => ConnectionCommand::SuspendReading,
            1 => ConnectionCommand::Close,
            2 => ConnectionCommand::ConfirmedClose,
            3 => ConnectionCommand::ResumeWriting,
            _ => ConnectionCommand::ResumeReading,
        }
    }

    fn command(&mut self, connections: &[ConnectionId], rng: &mut Rng) -> Command<Bytes> {
        let token = Token(rng.below(4));
        match rng.below(24) {
            0 => Command::SetTimer { token, after: Duration::from_millis(rng.below(3000)) },
            1 => Command::CancelTimer(token),
            2 if rng.one_in(2) => Command::Unsupported {
                connection: connections.first().copied().unwrap_or_default(),
                name: CommandName::SetOption,
                token: None,
            },
            2 => Command::Unsupported {
                connection: ConnectionId::NONE,
                name: CommandName::Connect,
                token: Some(token),
            },
            _ => match rng.pick(connections) {
                Some(connection) => Command::On(*connection, self.on(rng)),
                None => Command::CancelTimer(token),
            },
        }
    }

    fn on(&mut self, rng: &mut Rng) -> ConnectionCommand<Bytes> {
        if rng.one_in(self.drastic) {
            return match rng.below(6) {
                0 => ConnectionCommand::Abort,
                1 | 2 => ConnectionCommand::ConfirmedClose,
                3 => ConnectionCommand::DropHandle,
                _ => ConnectionCommand::Close,
            };
        }
        match rng.below(16) {
            0 => ConnectionCommand::SuspendReading,
            1..=4 => ConnectionCommand::ResumeReading,
            5 | 6 => ConnectionCommand::ResumeWriting,
            7 if rng.one_in(4) => ConnectionCommand::Register(self.registration(rng)),
            _ => ConnectionCommand::Write(self.write(rng)),
        }
    }

    fn write(&mut self, rng: &mut Rng) -> Write<Bytes> {
        match rng.below(5) {
            0 => Write::Compound((0..rng.below(4)).map(|_| self.part(rng)).collect()),
            _ => Write::Single(self.part(rng)),
        }
    }

    fn part(&mut self, rng: &mut Rng) -> Part<Bytes> {
        let len = match rng.below(8) {
            0 => 0,
            1 => rng.below(48),
            _ => rng.below(12),
        };
        self.next += 1;
        let payload = Bytes::make(len as usize, self.next.wrapping_mul(0x1_0001));
        let data = match rng.below(4) {
            0 => WriteData::Chunk(ChunkId(self.next), payload),
            _ => WriteData::Bytes(payload),
        };
        Part { data, answer: self.answer(rng) }
    }

    fn answer(&mut self, rng: &mut Rng) -> Answer {
        self.next += 1;
        match rng.below(4) {
            0 => Answer::None,
            1 => Answer::OnFailure(Token(self.next)),
            _ => Answer::Always(Token(self.next)),
        }
    }

    fn registration(&self, rng: &mut Rng) -> Registration {
        let time = |rng: &mut Rng| rng.one_in(6).then(|| Duration::from_millis(rng.below(4000)));
        let read_mode = match rng.below(4) {
            0 => None,
            1 => Some(ReadMode::Push),
            2 => Some(ReadMode::Pull),
            _ => Some(ReadMode::Paced),
        };
        let delivery = match rng.below(3) {
            0 => Delivery::Copied,
            1 => Delivery::ByReference,
            _ => Delivery::Automatic,
        };
        Registration {
            keep_open_on_peer_closed: rng.one_in(2),
            suspend_on_refusal: rng.one_in(2),
            read_mode,
            delivery,
            write_buffer_bytes: rng.one_in(2).then(|| rng.below(40)),
            idle: if self.is_wild { time(rng) } else { None },
            flush: if self.is_wild { time(rng) } else { None },
            half_close: if self.is_wild { time(rng) } else { None },
        }
    }
}
