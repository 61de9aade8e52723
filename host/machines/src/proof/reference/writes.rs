//! Writes, one at a time.

use super::link::{Ending, Lifts, Resuming, Standing, Waiting};
use super::{Doing, Reference};
use std::collections::VecDeque;
use tidegate_machines::ConnectionId;
use tidegate_machines::command::{Answer, CommandName, Part, Write, WriteData};
use tidegate_machines::event::{Event, Failure};
use tidegate_machines::payload::Payload;
use tidegate_machines::reason::Refusal;

impl<P: Payload> Reference<P> {
    /// Judges a write of the guest, or offers it to the kernel.
    pub(super) fn write(&mut self, connection: ConnectionId, write: Write<P>) {
        let most = match self.links.get(&connection) {
            Some(link) if !link.standing.is_over() => link.limits.write_bytes_max,
            // Over for the guest: no effect, no answer.
            Some(_) | None => return,
        };
        let Some(link) = self.links.get_mut(&connection) else { return };
        let bytes = write.len();
        let refusal = match link.standing {
            Standing::Unregistered => Some(Refusal::NotRegistered),
            Standing::Open if link.is_suspended => Some(Refusal::WritingSuspended),
            Standing::Open if bytes > most => Some(Refusal::TooLarge),
            Standing::Open if !link.accepted.is_empty() => {
                let fits = link.write_buffer > 0 && link.queued() + bytes <= link.write_buffer;
                if fits { None } else { Some(Refusal::QueueFull) }
            }
            Standing::Open => None,
            _ => Some(Refusal::Closing),
        };
        if let Some(reason) = refusal {
            return self.refuse_write(connection, write, reason);
        }
        let parts: VecDeque<Part<P>> = write.parts().to_vec().into();
        let waiting = Waiting { parts, is_begun: false, is_compound: matches!(write, Write::Compound(_)) };
        if !link.accepted.is_empty() {
            link.accepted.push_back(waiting);
        } else if bytes > 0 {
            link.offered = Some(waiting);
        } else {
            let tokens: Vec<_> = waiting.tokens().collect();
            for token in tokens {
                self.expect(connection, Event::Acked(token));
            }
            self.on_output_gone(connection);
        }
    }

    fn refuse_write(&mut self, connection: ConnectionId, write: Write<P>, reason: Refusal) {
        if let Some(link) = self.links.get_mut(&connection)
            && link.suspends
            && link.standing == Standing::Open
        {
            if !link.is_suspended && link.resuming == Resuming::Sent(Lifts::Yes) {
                link.resuming = Resuming::Sent(Lifts::No);
            }
            link.is_suspended = true;
        }
        let name = write.name();
        let is_compound = name == CommandName::WriteCompound;
        let mut failures = Vec::new();
        for part in write.parts() {
            let token = match part.answer {
                Answer::None => None,
                Answer::OnFailure(token) | Answer::Always(token) => Some(token),
            };
            if is_compound && token.is_none() {
                continue;
            }
            let returned = match &part.data {
                WriteData::Bytes(_) => None,
                chunk @ WriteData::Chunk(..) => Some(chunk.clone()),
            };
            failures.push((token, returned));
        }
        if failures.is_empty() {
            failures.push((None, None));
        }
        for (token, returned) in failures {
            let failure = Failure { command: name, token, reason, sent_bytes: 0, returned };
            self.expect(connection, Event::CommandFailed(failure));
        }
    }

    /// The kernel took `bytes`, and may take more.
    pub(super) fn on_transmitted(&mut self, connection: ConnectionId, mut bytes: u64) {
        while bytes > 0 {
            let now = self.now;
            let Some(link) = self.links.get_mut(&connection) else { return };
            link.sent_at = now;
            let is_offered = link.offered.is_some();
            let Some(write) = link.offered.as_mut().or_else(|| link.accepted.front_mut()) else { return };
            let mut acked = Vec::new();
            take(write, &mut bytes, &mut acked);
            let is_done = write.parts.is_empty();
            if is_done && is_offered {
                link.offered = None;
            } else if is_done {
                link.accepted.pop_front();
                // What is the first now has nothing before it: its empty parts are done.
                while let Some(next) = link.accepted.front_mut() {
                    let mut none = 0;
                    take(next, &mut none, &mut acked);
                    if !next.parts.is_empty() {
                        break;
                    }
                    link.accepted.pop_front();
                }
            }
            for token in acked {
                self.expect(connection, Event::Acked(token));
            }
            if !is_done {
                return;
            }
            self.on_output_gone(connection);
            // The next of the same turn may have been offered together with it.
            self.run_for_offer();
        }
    }

    /// Executes commands as long as nothing is offered.
    fn run_for_offer(&mut self) {
        while self.doing == Doing::Executing && self.links.values().all(|link| link.offered.is_none()) {
            let Some(command) = self.cursor.pop_front() else { return };
            self.execute(command);
        }
    }

    /// The kernel takes nothing: what is offered is the pending write.
    pub(super) fn on_blocked(&mut self, connection: ConnectionId) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        let Some(mut write) = link.offered.take() else { return };
        let mut acked = Vec::new();
        let mut none = 0;
        take(&mut write, &mut none, &mut acked);
        link.accepted.push_back(write);
        for token in acked {
            self.expect(connection, Event::Acked(token));
        }
    }

    /// Called whenever output may have run out.
    pub(super) fn on_output_gone(&mut self, connection: ConnectionId) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        if link.has_output() {
            return;
        }
        match link.standing {
            Standing::Open if link.resuming == Resuming::Waiting => {
                link.resuming = Resuming::Sent(Lifts::Yes);
                self.expect(connection, Event::WritingResumed);
            }
            Standing::Flushing(ending) => self.flushed(connection, ending),
            _ => {}
        }
    }

    /// Begins the flush that leads to `ending`.
    pub(super) fn flush(&mut self, connection: ConnectionId, ending: Ending) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&connection) else { return };
        link.standing = Standing::Flushing(ending);
        link.sent_at = now;
        if let Some(write) = link.offered.take() {
            if write.is_begun {
                link.accepted.push_back(write);
            } else {
                let whole = into_write(write);
                // Consecutive writes of the turn meet the same answer when they are executed.
                self.refuse_write(connection, whole, Refusal::Closing);
                self.refuse_rest(connection);
            }
        }
        self.on_output_gone(connection);
    }

    /// The writes that directly follow a refused one of the same turn were handed over with it.
    fn refuse_rest(&mut self, connection: ConnectionId) {
        use tidegate_machines::command::{Command, ConnectionCommand};
        while let Some(Command::On(to, ConnectionCommand::Write(_))) = self.cursor.front() {
            if *to != connection {
                return;
            }
            if let Some(Command::On(_, ConnectionCommand::Write(write))) = self.cursor.pop_front() {
                self.refuse_write(connection, write, Refusal::Closing);
            }
        }
    }
}

/// A write of which nothing was taken, as it was recorded.
fn into_write<P: Payload>(waiting: Waiting<P>) -> Write<P> {
    let mut parts: Vec<Part<P>> = waiting.parts.into();
    match (parts.len(), waiting.is_compound) {
        (1, false) => Write::Single(parts.remove(0)),
        _ => Write::Compound(parts),
    }
}

/// Takes up to `bytes` off the front of `write`; tokens of parts that complete go to `acked`.
fn take<P: Payload>(write: &mut Waiting<P>, bytes: &mut u64, acked: &mut Vec<tidegate_machines::Token>) {
    while let Some(part) = write.parts.front_mut() {
        let count = (part.data.len() as u64).min(*bytes);
        match &mut part.data {
            WriteData::Bytes(payload) | WriteData::Chunk(_, payload) => payload.advance(count as usize),
        }
        write.is_begun |= count > 0;
        *bytes -= count;
        if !part.data.is_empty() {
            return;
        }
        if let Answer::Always(token) = part.answer {
            acked.push(token);
        }
        write.parts.pop_front();
    }
}
