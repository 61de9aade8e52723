//! Normal forms, so that states which differ in nothing that matters are one state to a model checker: time as what
//! remains, tokens renamed in order of appearance, counters that are only reported left out.
//!
//! Compiled for proofs only.

use crate::cell::Cell;
use crate::command::{Answer, Command, ConnectionCommand, Write};
use crate::event::Event;
use crate::id::Token;
use crate::payload::Payload;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Renames tokens in order of appearance.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<Token, Token>);

impl Names {
    /// Gives `token` its name.
    pub fn rename(&mut self, token: &mut Token) {
        let next = Token(self.0.len() as u64);
        *token = *self.0.entry(*token).or_insert(next);
    }

    /// Those of a write.
    pub fn rename_write<P>(&mut self, write: &mut Write<P>) {
        let parts = match write {
            Write::Single(part) => core::slice::from_mut(part),
            Write::Compound(parts) => parts.as_mut_slice(),
        };
        for part in parts {
            self.rename_answer(&mut part.answer);
        }
    }

    /// That of an answer.
    pub fn rename_answer(&mut self, answer: &mut Answer) {
        match answer {
            Answer::None => {}
            Answer::OnFailure(token) | Answer::Always(token) => self.rename(token),
        }
    }

    /// Those of a command.
    pub fn rename_command<P>(&mut self, command: &mut Command<P>) {
        match command {
            Command::On(_, ConnectionCommand::Write(write)) => self.rename_write(write),
            Command::SetTimer { token, .. } | Command::CancelTimer(token) => self.rename(token),
            Command::Unsupported { token: Some(token), .. } => self.rename(token),
            Command::On(..) | Command::Unsupported { token: None, .. } => {}
        }
    }

    /// That of an event.
    pub fn rename_event<P>(&mut self, event: &mut Event<P>) {
        match event {
            Event::Acked(token) | Event::Timer(token) => self.rename(token),
            Event::CommandFailed(failure) => {
                if let Some(token) = &mut failure.token {
                    self.rename(token);
                }
            }
            Event::Started(_)
            | Event::Connected
            | Event::Received(_)
            | Event::ReceivedChunk(_)
            | Event::WritingResumed
            | Event::PeerClosed
            | Event::Closed(_)
            | Event::Draining(_) => {}
        }
    }
}

/// The present, to which normal forms move every time.
pub const PRESENT: Timestamp = Timestamp(1 << 62);

/// `at`, as far from [`PRESENT`] as it was from `now`.
#[must_use]
pub fn rebase(at: Timestamp, now: Timestamp) -> Timestamp {
    let ahead = at.0.saturating_sub(now.0);
    let behind = now.0.saturating_sub(at.0);
    Timestamp(PRESENT.0.saturating_add(ahead).saturating_sub(behind))
}

impl<P: Payload> Cell<P> {
    /// Brings it into normal form. Outputs have to be drained.
    pub fn normalize(&mut self, names: &mut Names) {
        let now = self.now;
        self.now = PRESENT;
        for machine in self.connections.values_mut() {
            machine.normalize(now, names);
        }
        self.deadlines = core::mem::take(&mut self.deadlines)
            .into_iter()
            .map(|(at, connection)| (rebase(at, now), connection))
            .collect();
        self.handler.normalize(now, names);
    }
}
