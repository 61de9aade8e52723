//! What a guest can ask for (contract: functions of `tcp` and methods of `connection`).

use crate::id::{ChunkId, ConnectionId, Token};
use crate::payload::Payload;
use core::time::Duration;

/// Which answer the guest wants to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// No ack. A refusal is reported without a token.
    None,
    /// No ack. A refusal carries the token.
    OnFailure(Token),
    /// `acked(token)` when the kernel accepted the last byte; a refusal carries the token.
    Always(Token),
}

impl Answer {
    /// The token a refusal of this write carries.
    #[must_use]
    pub fn token(self) -> Option<Token> {
        match self {
            Self::None => None,
            Self::OnFailure(token) | Self::Always(token) => Some(token),
        }
    }
}

/// Commands by name, as `command-failed` reports them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the contract's command of the same name")]
pub enum CommandName {
    Write,
    WriteChunk,
    WriteFile,
    WriteCompound,
    Register,
    Delegate,
    Connect,
    CancelConnect,
    Bind,
    Unbind,
    ResumeWriting,
    ResumeReading,
    SuspendReading,
    ResumeAccepting,
    Close,
    SetOption,
    SetTimer,
    Join,
    Publish,
    Send,
    /// A command newer than the contract's `command-name`.
    Other(u16),
}

/// When bytes are read for a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReadMode {
    /// Whenever reading is not suspended.
    #[default]
    Push,
    /// One read of at most one chunk for each `resume-reading`; set, not counted.
    Pull,
    /// As push, but never while anything of this connection's output is pending or queued.
    Paced,
}

/// How payload reaches the guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// `received`, copied into the guest's memory.
    #[default]
    Copied,
    /// `received-chunk`, kept by the host.
    ByReference,
    /// Copied below the break-even, by reference from there on.
    Automatic,
}

/// What `register` asks for. `None` keeps what the service sets; a number above the service's is lowered to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Registration {
    /// The peer's FIN is an event (`peer-closed`), not the end.
    pub keep_open_on_peer_closed: bool,
    /// After a refused write all are refused until `writing-resumed` was delivered.
    pub suspend_on_refusal: bool,
    /// `None` is the mode given at bind or connect.
    pub read_mode: Option<ReadMode>,
    /// See [`Delivery`].
    pub delivery: Delivery,
    /// Bytes that may be queued behind the pending write. `None`: 0, or all the service allows in paced mode.
    pub write_buffer_bytes: Option<u64>,
    /// Longest time without a byte either way.
    pub idle: Option<Duration>,
    /// Longest time without the kernel taking a byte while closing.
    pub flush: Option<Duration>,
    /// Longest time without a byte in the direction that is still open.
    pub half_close: Option<Duration>,
}

/// What is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WriteData<P> {
    /// Copied out of the guest.
    Bytes(P),
    /// Kept by the host; given back under its id if the write is refused.
    Chunk(ChunkId, P),
}

impl<P: Payload> WriteData<P> {
    /// Bytes in it.
    pub fn len(&self) -> usize {
        self.payload().len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes.
    pub fn payload(&self) -> &P {
        match self {
            Self::Bytes(payload) | Self::Chunk(_, payload) => payload,
        }
    }

    pub(crate) fn payload_mut(&mut self) -> &mut P {
        match self {
            Self::Bytes(payload) | Self::Chunk(_, payload) => payload,
        }
    }
}

/// One part of a write, with an answer of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part<P> {
    /// What is written.
    pub data: WriteData<P>,
    /// Which answer is wanted.
    pub answer: Answer,
}

/// A write command: accepted or refused whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Write<P> {
    /// `write` or `write-chunk`.
    Single(Part<P>),
    /// `write-compound`; parts go out in order with nothing between them.
    Compound(Vec<Part<P>>),
}

impl<P: Payload> Write<P> {
    /// Its parts, in order.
    pub fn parts(&self) -> &[Part<P>] {
        match self {
            Self::Single(part) => core::slice::from_ref(part),
            Self::Compound(parts) => parts,
        }
    }

    /// Bytes in all parts.
    pub fn len(&self) -> u64 {
        // Saturating: a model's payload is any number, and a sum beyond `u64` is too large whatever the limit.
        self.parts().iter().fold(0, |sum: u64, part| sum.saturating_add(part.data.len() as u64))
    }

    /// Whether it holds no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name a refusal reports.
    pub fn name(&self) -> CommandName {
        match self {
            Self::Single(Part { data: WriteData::Bytes(_), .. }) => CommandName::Write,
            Self::Single(Part { data: WriteData::Chunk(..), .. }) => CommandName::WriteChunk,
            Self::Compound(_) => CommandName::WriteCompound,
        }
    }
}

/// Commands on one connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionCommand<P> {
    /// `register`.
    Register(Registration),
    /// `write`, `write-chunk`, `write-compound`.
    Write(Write<P>),
    /// `resume-writing`.
    ResumeWriting,
    /// `suspend-reading`.
    SuspendReading,
    /// `resume-reading`.
    ResumeReading,
    /// `close`.
    Close,
    /// `confirmed-close`.
    ConfirmedClose,
    /// `abort`.
    Abort,
    /// The owner's handle was dropped (invariant 9): `close` if it still owns the connection, else nothing.
    DropHandle,
}

/// One recorded command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command<P> {
    /// A command on a connection the guest holds a handle of.
    On(ConnectionId, ConnectionCommand<P>),
    /// `set-timer`: an earlier timer of the same token is replaced.
    SetTimer {
        /// Returned in `timer`.
        token: Token,
        /// From the moment the turn is executed.
        after: Duration,
    },
    /// `cancel-timer`: afterwards no `timer` of this token is delivered.
    CancelTimer(Token),
    /// A command of the contract that this host does not implement: answered `unsupported`.
    Unsupported {
        /// The connection it was a method of, or [`ConnectionId::NONE`].
        connection: ConnectionId,
        /// Its name.
        name: CommandName,
        /// The token it carries, if any.
        token: Option<Token>,
    },
}

impl<P: Payload> Command<P> {
    /// How many answers it can be owed: one, or one for each part of a compound.
    pub fn answers_max(&self) -> usize {
        match self {
            Self::On(_, ConnectionCommand::Write(write)) => write.parts().len().max(1),
            Self::On(..) | Self::SetTimer { .. } | Self::CancelTimer(_) | Self::Unsupported { .. } => 1,
        }
    }

    /// Bytes it makes the host hold.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::On(_, ConnectionCommand::Write(write)) => write.len(),
            Self::On(..) | Self::SetTimer { .. } | Self::CancelTimer(_) | Self::Unsupported { .. } => 0,
        }
    }
}
