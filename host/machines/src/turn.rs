//! The commands of one guest call, in the order they were recorded.
//!
//! Owns: the charge for commands and bytes, made when they are recorded (invariant 11). Never executes anything: a
//! turn whose call faults is dropped whole and so has no effect (invariant 9).

use crate::command::Command;
use crate::limits::HandlerLimits;
use crate::payload::Payload;

/// Which bound a recorded command broke. All three are the fault `commands`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TurnOverrun {
    /// More than `commands_per_turn_max`.
    Commands,
    /// More than `bytes_per_turn_max`.
    Bytes,
    /// More answers owed than twice `commands_per_turn_max`.
    Answers,
}

/// What one call may still record, and what it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Turn<P> {
    commands: Vec<Command<P>>,
    /// Answers the recorded commands can be owed.
    answers: usize,
    /// Bytes the recorded commands make the host hold.
    bytes: u64,
    commands_left: usize,
    bytes_left: u64,
    answers_left: usize,
}

impl<P: Payload> Turn<P> {
    /// An empty turn of a handler that is owed `answers_owed` answers already.
    #[must_use]
    pub fn new(limits: &HandlerLimits, answers_owed: usize) -> Self {
        Self {
            commands: Vec::new(),
            answers: 0,
            bytes: 0,
            commands_left: limits.commands_per_turn_max,
            bytes_left: limits.bytes_per_turn_max,
            answers_left: limits.commands_per_turn_max.saturating_mul(2).saturating_sub(answers_owed),
        }
    }

    /// Charges and records `command`.
    ///
    /// # Errors
    /// The bound it would break; it is not recorded then and the guest has to be stopped with the fault `commands`.
    pub fn record(&mut self, command: Command<P>) -> Result<(), TurnOverrun> {
        let answers = command.answers_max();
        let bytes = command.bytes();
        if answers > self.commands_left {
            return Err(TurnOverrun::Commands);
        }
        if bytes > self.bytes_left {
            return Err(TurnOverrun::Bytes);
        }
        if answers > self.answers_left {
            return Err(TurnOverrun::Answers);
        }
        self.commands_left -= answers;
        self.bytes_left -= bytes;
        self.answers_left -= answers;
        self.answers = self.answers.saturating_add(answers);
        self.bytes = self.bytes.saturating_add(bytes);
        self.commands.push(command);
        Ok(())
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// The commands, in order.
    #[must_use]
    pub fn into_commands(self) -> Vec<Command<P>> {
        self.commands
    }

    /// The commands recorded so far, in order.
    #[must_use]
    pub fn commands(&self) -> &[Command<P>] {
        &self.commands
    }

    /// Whether what was recorded here would have fitted into `bounds`, an empty turn. A machine asks it of every turn
    /// it is handed, since nothing keeps a caller from handing in a turn with bounds of its own.
    #[must_use]
    pub fn fits(&self, bounds: &Self) -> bool {
        self.answers <= bounds.commands_left
            && self.answers <= bounds.answers_left
            && self.bytes <= bounds.bytes_left
    }

    /// Bytes that may still be recorded. Known to the boundary so that it need not copy what it would refuse.
    #[must_use]
    pub fn bytes_left(&self) -> u64 {
        self.bytes_left
    }
}
