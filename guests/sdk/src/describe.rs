//! How the contract's words read in logs and messages: the words of the WIT, with their numbers.

use std::fmt;

use crate::{Address, CloseReason, ClosedBy, CommandName, Refusal, TimeLimit};

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Write => "write",
            Self::WriteChunk => "write-chunk",
            Self::WriteFile => "write-file",
            Self::WriteCompound => "write-compound",
            Self::Register => "register",
            Self::Delegate => "delegate",
            Self::Connect => "connect",
            Self::CancelConnect => "cancel-connect",
            Self::Bind => "bind",
            Self::Unbind => "unbind",
            Self::ResumeWriting => "resume-writing",
            Self::ResumeReading => "resume-reading",
            Self::SuspendReading => "suspend-reading",
            Self::ResumeAccepting => "resume-accepting",
            Self::Close => "close",
            Self::SetOption => "set-option",
            Self::SetTimer => "set-timer",
            Self::Join => "join",
            Self::Publish => "publish",
            Self::Send => "send",
            Self::Other(number) => return write!(f, "command {number}"),
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueFull => "queue-full",
            Self::WritingSuspended => "writing-suspended",
            Self::NotRegistered => "not-registered",
            Self::AlreadyRegistered => "already-registered",
            Self::Closing => "closing",
            Self::TooLarge => "too-large",
            Self::NotGranted => "not-granted",
            Self::NotFound => "not-found",
            Self::TimedOut => "timed-out",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::AddressInUse => "address-in-use",
            Self::MailboxFull => "mailbox-full",
            Self::Limit => "limit",
            Self::Unsupported => "unsupported",
            Self::Os(errno) => return write!(f, "operating system error {errno}"),
            Self::ResumePending => "resume-pending",
            Self::Other(number) => return write!(f, "reason {number}"),
        })
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Register => "register",
            Self::Idle => "idle",
            Self::Flush => "flush",
            Self::HalfClose => "half-close",
            Self::Drain => "drain",
            Self::Other(number) => return write!(f, "limit {number}"),
        })
    }
}

impl fmt::Display for ClosedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::ConfirmedClosed => "confirmed-closed",
            Self::Aborted => "aborted",
            Self::PeerClosed => "peer-closed",
            Self::ErrorClosed(errno) => return write!(f, "error-closed (operating system error {errno})"),
            Self::TimedOut(limit) => return write!(f, "timed-out ({limit})"),
            Self::HandlerFailed => "handler-failed",
            Self::ShareEnded => "share-ended",
            Self::Other(number) => return write!(f, "close reason {number}"),
        })
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.by)?;
        if self.unread > 0 {
            write!(f, ", {} bytes unread", self.unread)?;
        }
        Ok(())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4(v4) => {
                let (a, b, c, d) = v4.address;
                write!(f, "{a}.{b}.{c}.{d}:{}", v4.port)
            }
            Self::Ipv6(v6) => {
                let (a, b, c, d, e, g, h, i) = v6.address;
                write!(f, "[{}]:{}", std::net::Ipv6Addr::new(a, b, c, d, e, g, h, i), v6.port)
            }
            Self::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}
