//! Why things were refused, ended or failed, by whose fault.

/// Why a command was refused (contract: `refusal`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the contract's refusal of the same name")]
pub enum Refusal {
    QueueFull,
    WritingSuspended,
    NotRegistered,
    AlreadyRegistered,
    Closing,
    TooLarge,
    NotGranted,
    NotFound,
    TimedOut,
    Refused,
    Unreachable,
    AddressInUse,
    MailboxFull,
    Limit,
    Unsupported,
    ResumePending,
    /// An operating system error number.
    Os(i32),
}

/// Which time-out or deadline ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeLimit {
    /// Not registered in time.
    Register,
    /// No byte either way.
    Idle,
    /// The kernel took no byte while closing.
    Flush,
    /// No byte in the direction that was still open.
    HalfClose,
    /// The service's drain deadline passed.
    Drain,
}

/// How a connection ended (contract: `closed-by`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClosedBy {
    /// `close` was asked for and done.
    Closed,
    /// `confirmed-close`: our FIN was sent and the peer's was read.
    ConfirmedClosed,
    /// `abort`.
    Aborted,
    /// The peer's FIN, with keep-open-on-peer-closed off.
    PeerClosed,
    /// A socket error, with its number (a reset by the peer is ECONNRESET).
    ErrorClosed(i32),
    /// A limit.
    TimedOut(TimeLimit),
    /// The owning handler failed.
    HandlerFailed,
}

/// The content of the terminal event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseReason {
    /// How it ended.
    pub by: ClosedBy,
    /// Bytes of the peer that reached our kernel, or us while closing, and were not delivered.
    pub unread_bytes: u64,
}

/// What a guest did to lose its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It trapped (a panic, `unreachable`, an access out of bounds, a stack overflow).
    Trap,
    /// One call took longer than its CPU limit.
    Cpu,
    /// It was refused memory and trapped.
    Memory,
    /// It recorded too many commands or bytes in one turn, or is owed too many answers.
    Commands,
    /// It broke the contract: a forged or dropped handle, a bad discriminant, a command in `snapshot`.
    Contract,
    /// It called something that would have to wait.
    WouldBlock,
}
