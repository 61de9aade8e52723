//! What a guest is told (contract: `event`).

use crate::command::{CommandName, WriteData};
use crate::id::{ConnectionId, Token};
use crate::reason::{CloseReason, Refusal};
use core::time::Duration;

/// Why an instance was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StartReason {
    /// It begins from nothing.
    Fresh,
    /// `restore` follows.
    Restored,
}

/// The content of `command-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failure<P> {
    /// Which command.
    pub command: CommandName,
    /// The token it carried.
    pub token: Option<Token>,
    /// Why.
    pub reason: Refusal,
    /// Bytes of it that were sent before it failed.
    pub sent_bytes: u64,
    /// The chunk of a refused `write-chunk` or part; always [`WriteData::Chunk`].
    pub returned: Option<WriteData<P>>,
}

/// One event. The connection it concerns is named by the [`Envelope`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event<P> {
    /// Always first, once per instance.
    Started(StartReason),
    /// The handler owns this connection now.
    Connected,
    /// Bytes of the peer, never none, to be copied into the guest.
    Received(P),
    /// Bytes of the peer, never none, kept by the host.
    ReceivedChunk(P),
    /// The kernel accepted the last byte of the write with this token.
    Acked(Token),
    /// A command was refused.
    CommandFailed(Failure<P>),
    /// Suspension is over; nothing is pending or queued.
    WritingResumed,
    /// The peer's FIN; writing goes on.
    PeerClosed,
    /// Terminal, exactly one, last.
    Closed(CloseReason),
    /// A timer is due.
    Timer(Token),
    /// The service is being stopped, or this generation retired; what is left after this time is aborted.
    Draining(Duration),
}

impl<P> Event<P> {
    /// Whether it is told because bytes moved (but for acks of empty writes). What the rolling CPU budget charges is
    /// decided by the machines, not by this: all that a handler can cause for ever by itself.
    #[must_use]
    pub fn moved_bytes(&self) -> bool {
        match self {
            Self::Received(_) | Self::ReceivedChunk(_) | Self::Acked(_) => true,
            Self::Started(_)
            | Self::Connected
            | Self::CommandFailed(_)
            | Self::WritingResumed
            | Self::PeerClosed
            | Self::Closed(_)
            | Self::Timer(_)
            | Self::Draining(_) => false,
        }
    }

    /// Whether it answers a command.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Acked(_) | Self::CommandFailed(_) | Self::WritingResumed)
    }
}

/// An event and the connection it concerns ([`ConnectionId::NONE`] if none).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Envelope<P> {
    /// The connection.
    pub source: ConnectionId,
    /// What happened.
    pub event: Event<P>,
}
