//! The answer to a command that was refused or failed.

use std::fmt;

use crate::{Chunk, CommandName, Refusal, Token, backend};

/// A command was refused, or failed part of the way. A refused command had no effect.
#[derive(Debug)]
pub struct Failure {
    /// The command that is answered.
    pub command: CommandName,
    /// Its token, where it had one.
    pub token: Option<Token>,
    /// Why.
    pub reason: Refusal,
    /// Bytes of this write that the kernel took before it failed; 0 for a refused write.
    pub sent: u64,
    /// The chunk of a refused write of a chunk, to be sent again without a copy.
    pub returned: Option<Chunk>,
}

impl Failure {
    pub(crate) fn from_raw(raw: backend::Failure) -> Self {
        Self {
            command: raw.command,
            token: raw.token,
            reason: raw.reason,
            sent: raw.sent,
            returned: raw.returned.map(Chunk::from_raw),
        }
    }

    /// Was this a write refused because one is pending, or because an earlier refusal suspended
    /// writing? Then `resume_writing` helps; any other reason does not mend itself.
    #[must_use]
    pub const fn is_back_pressure(&self) -> bool {
        matches!(self.reason, Refusal::QueueFull | Refusal::WritingSuspended)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} refused: {}", self.command, self.reason)?;
        if let Some(token) = self.token {
            write!(f, " (token {token})")?;
        }
        if self.sent > 0 {
            write!(f, ", {} bytes sent before", self.sent)?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
