//! Values of the contract to values of the machines, and back. Total and free of decisions.

use super::types as wit;
use std::net::SocketAddr;
use std::time::Duration;
use tidegate_machines::Token;
use tidegate_machines::command::{Answer, CommandName, Delivery, ReadMode, Registration};
use tidegate_machines::event::StartReason;
use tidegate_machines::facts::Address;
use tidegate_machines::reason::{CloseReason, ClosedBy, Refusal, TimeLimit};

/// How a write wants to be answered.
pub(crate) fn answer(answer: wit::Answer) -> Answer {
    match answer {
        wit::Answer::None => Answer::None,
        wit::Answer::OnFailure(token) => Answer::OnFailure(Token(token)),
        wit::Answer::Always(token) => Answer::Always(Token(token)),
    }
}

/// What `register` asks for.
pub(crate) fn registration(registration: wit::Registration) -> Registration {
    Registration {
        keep_open_on_peer_closed: registration.keep_open_on_peer_closed,
        suspend_on_refusal: registration.suspend_on_refusal,
        read_mode: registration.read_mode.map(read_mode),
        delivery: match registration.delivery {
            wit::Delivery::Copied => Delivery::Copied,
            wit::Delivery::ByReference => Delivery::ByReference,
            wit::Delivery::Automatic => Delivery::Automatic,
        },
        write_buffer_bytes: registration.write_buffer,
        idle: registration.idle_ms.map(Duration::from_millis),
        flush: registration.flush_ms.map(Duration::from_millis),
        half_close: registration.half_close_ms.map(Duration::from_millis),
    }
}

fn read_mode(mode: wit::ReadMode) -> ReadMode {
    match mode {
        wit::ReadMode::Push => ReadMode::Push,
        wit::ReadMode::Pull => ReadMode::Pull,
        wit::ReadMode::Paced => ReadMode::Paced,
    }
}

/// One end of a connection. A connection whose ends are not known has the address `unix("")`.
pub(crate) fn address(address: Option<&Address>) -> wit::Address {
    match address {
        None => wit::Address::Unix(String::new()),
        Some(Address::Unix(path)) => wit::Address::Unix(path.clone()),
        Some(Address::Ip(SocketAddr::V4(v4))) => {
            let [a, b, c, d] = v4.ip().octets();
            wit::Address::Ipv4(wit::Ipv4Address { port: v4.port(), address: (a, b, c, d) })
        }
        Some(Address::Ip(SocketAddr::V6(v6))) => {
            let [a, b, c, d, e, f, g, h] = v6.ip().segments();
            wit::Address::Ipv6(wit::Ipv6Address {
                port: v6.port(),
                address: (a, b, c, d, e, f, g, h),
                flow_info: v6.flowinfo(),
                scope_id: v6.scope_id(),
            })
        }
    }
}

/// Why an instance was started.
pub(crate) fn start_reason(reason: StartReason) -> wit::StartReason {
    match reason {
        StartReason::Fresh => wit::StartReason::Fresh,
        StartReason::Restored => wit::StartReason::Restored,
    }
}

/// Which command is answered.
pub(crate) fn command_name(name: CommandName) -> wit::CommandName {
    match name {
        CommandName::Write => wit::CommandName::Write,
        CommandName::WriteChunk => wit::CommandName::WriteChunk,
        CommandName::WriteFile => wit::CommandName::WriteFile,
        CommandName::WriteCompound => wit::CommandName::WriteCompound,
        CommandName::Register => wit::CommandName::Register,
        CommandName::Delegate => wit::CommandName::Delegate,
        CommandName::Connect => wit::CommandName::Connect,
        CommandName::CancelConnect => wit::CommandName::CancelConnect,
        CommandName::Bind => wit::CommandName::Bind,
        CommandName::Unbind => wit::CommandName::Unbind,
        CommandName::ResumeWriting => wit::CommandName::ResumeWriting,
        CommandName::ResumeReading => wit::CommandName::ResumeReading,
        CommandName::SuspendReading => wit::CommandName::SuspendReading,
        CommandName::ResumeAccepting => wit::CommandName::ResumeAccepting,
        CommandName::Close => wit::CommandName::Close,
        CommandName::SetOption => wit::CommandName::SetOption,
        CommandName::SetTimer => wit::CommandName::SetTimer,
        CommandName::Join => wit::CommandName::Join,
        CommandName::Publish => wit::CommandName::Publish,
        CommandName::Send => wit::CommandName::Send,
        CommandName::Other(number) => wit::CommandName::Other(number),
    }
}

/// Why it was refused.
pub(crate) fn refusal(refusal: Refusal) -> wit::Refusal {
    match refusal {
        Refusal::QueueFull => wit::Refusal::QueueFull,
        Refusal::WritingSuspended => wit::Refusal::WritingSuspended,
        Refusal::NotRegistered => wit::Refusal::NotRegistered,
        Refusal::AlreadyRegistered => wit::Refusal::AlreadyRegistered,
        Refusal::Closing => wit::Refusal::Closing,
        Refusal::TooLarge => wit::Refusal::TooLarge,
        Refusal::NotGranted => wit::Refusal::NotGranted,
        Refusal::NotFound => wit::Refusal::NotFound,
        Refusal::TimedOut => wit::Refusal::TimedOut,
        Refusal::Refused => wit::Refusal::Refused,
        Refusal::Unreachable => wit::Refusal::Unreachable,
        Refusal::AddressInUse => wit::Refusal::AddressInUse,
        Refusal::MailboxFull => wit::Refusal::MailboxFull,
        Refusal::Limit => wit::Refusal::Limit,
        Refusal::Unsupported => wit::Refusal::Unsupported,
        Refusal::ResumePending => wit::Refusal::ResumePending,
        Refusal::Os(number) => wit::Refusal::Os(number),
    }
}

/// The content of the terminal event.
pub(crate) fn close_reason(reason: CloseReason) -> wit::CloseReason {
    let by = match reason.by {
        ClosedBy::Closed => wit::ClosedBy::Closed,
        ClosedBy::ConfirmedClosed => wit::ClosedBy::ConfirmedClosed,
        ClosedBy::Aborted => wit::ClosedBy::Aborted,
        ClosedBy::PeerClosed => wit::ClosedBy::PeerClosed,
        ClosedBy::ErrorClosed(number) => wit::ClosedBy::ErrorClosed(number),
        ClosedBy::TimedOut(limit) => wit::ClosedBy::TimedOut(time_limit(limit)),
        ClosedBy::HandlerFailed => wit::ClosedBy::HandlerFailed,
    };
    wit::CloseReason { by, unread: reason.unread_bytes }
}

fn time_limit(limit: TimeLimit) -> wit::TimeLimit {
    match limit {
        TimeLimit::Register => wit::TimeLimit::Register,
        TimeLimit::Idle => wit::TimeLimit::Idle,
        TimeLimit::Flush => wit::TimeLimit::Flush,
        TimeLimit::HalfClose => wit::TimeLimit::HalfClose,
        TimeLimit::Drain => wit::TimeLimit::Drain,
    }
}

/// A time in whole milliseconds, rounded up: what is left is never told as less than it is.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}
