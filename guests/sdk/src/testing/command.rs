//! The commands a handler gave, as values to compare with.

use crate::{
    Answer, BindRequest, ConnectRequest, ConnectionId, FileRange, HandlerId, ListenerId, Receiver,
    Registration, SocketOption, Token,
};

/// Bytes of a command, with the form they had.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Written {
    /// From guest memory.
    Bytes(Vec<u8>),
    /// A chunk: its content.
    Chunk(Vec<u8>),
}

impl Written {
    /// The bytes, whatever their form.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) | Self::Chunk(bytes) => bytes,
        }
    }
}

/// One part of a compound write.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SentPart {
    /// What to write.
    pub data: PartForm,
    /// How it is answered.
    pub answer: Answer,
}

/// What one part of a compound write writes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PartForm {
    /// Bytes in either form.
    Data(Written),
    /// A stretch of a file.
    File(FileRange),
}

/// A command, with the connection or listener it was given on. Dropping a handle is one too: the SDK
/// does it after a connection's last event.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of the command of the same name in the contract")]
pub enum Command {
    /// `connection.register`
    Register { connection: ConnectionId, registration: Registration },
    /// `connection.delegate`
    Delegate { connection: ConnectionId, to: Receiver, args: Vec<(String, String)>, token: Token },
    /// `connection.write` or `connection.write-chunk`, by the form of `data`.
    Write { connection: ConnectionId, data: Written, answer: Answer },
    /// `connection.write-file`
    WriteFile { connection: ConnectionId, file: FileRange, answer: Answer },
    /// `connection.write-compound`
    WriteCompound { connection: ConnectionId, parts: Vec<SentPart> },
    /// `connection.resume-writing`
    ResumeWriting { connection: ConnectionId },
    /// `connection.suspend-reading`
    SuspendReading { connection: ConnectionId },
    /// `connection.resume-reading`
    ResumeReading { connection: ConnectionId },
    /// `connection.close`
    Close { connection: ConnectionId },
    /// `connection.confirmed-close`
    ConfirmedClose { connection: ConnectionId },
    /// `connection.abort`
    Abort { connection: ConnectionId },
    /// `connection.set-option`
    SetOption { connection: ConnectionId, option: SocketOption },
    /// `connection.revoke-shares`
    RevokeShares { connection: ConnectionId },
    /// The handle of a connection or share was dropped.
    DropConnection { connection: ConnectionId },
    /// `listener.resume-accepting`
    ResumeAccepting { listener: ListenerId, count: u32 },
    /// `listener.unbind`
    Unbind { listener: ListenerId, token: Token },
    /// The handle of a listener was dropped.
    DropListener { listener: ListenerId },
    /// `tcp.connect`
    Connect { request: ConnectRequest, token: Token },
    /// `tcp.cancel-connect`
    CancelConnect { token: Token },
    /// `tcp.bind`
    Bind { request: BindRequest, token: Token },
    /// `tcp.set-timer`. A connection's timer has a token of the SDK's: give it to `Kit::timer`.
    SetTimer { token: Token, after_ms: u64 },
    /// `tcp.cancel-timer`
    CancelTimer { token: Token },
    /// `tcp.join`
    Join { topic: String },
    /// `tcp.leave`
    Leave { topic: String },
    /// `tcp.publish`
    Publish { topic: String, payload: Written, token: Token },
    /// `tcp.send`
    Send { to: HandlerId, payload: Written, share: Option<ConnectionId>, token: Token },
}

impl Command {
    /// A write of bytes from guest memory.
    #[must_use]
    pub fn write(connection: ConnectionId, data: impl AsRef<[u8]>, answer: Answer) -> Self {
        Self::Write { connection, data: Written::Bytes(data.as_ref().to_vec()), answer }
    }

    /// A write of a chunk.
    #[must_use]
    pub fn write_chunk(connection: ConnectionId, data: impl AsRef<[u8]>, answer: Answer) -> Self {
        Self::Write { connection, data: Written::Chunk(data.as_ref().to_vec()), answer }
    }
}
