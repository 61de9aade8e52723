//! Names of the reasons that are counted apart, and the place of each in its row of counters.

use tidegate_machines::reason::{ClosedBy, Fault, Refusal, TimeLimit};

/// Close reasons, in the order of [`closed`].
pub(super) const CLOSED: [&str; 11] = [
    "closed",
    "confirmed-closed",
    "aborted",
    "peer-closed",
    "error-closed",
    "register-timeout",
    "idle-timeout",
    "flush-timeout",
    "half-close-timeout",
    "drain-timeout",
    "handler-failed",
];

/// Refusals, in the order of [`refused`].
pub(super) const REFUSED: [&str; 17] = [
    "queue-full",
    "writing-suspended",
    "not-registered",
    "already-registered",
    "closing",
    "too-large",
    "not-granted",
    "not-found",
    "timed-out",
    "refused",
    "unreachable",
    "address-in-use",
    "mailbox-full",
    "limit",
    "unsupported",
    "resume-pending",
    "os",
];

/// Faults, in the order of [`fault`].
pub(super) const FAULTS: [&str; 6] = ["trap", "cpu", "memory", "commands", "contract", "would-block"];

pub(super) fn closed(by: ClosedBy) -> usize {
    match by {
        ClosedBy::Closed => 0,
        ClosedBy::ConfirmedClosed => 1,
        ClosedBy::Aborted => 2,
        ClosedBy::PeerClosed => 3,
        ClosedBy::ErrorClosed(_) => 4,
        ClosedBy::TimedOut(TimeLimit::Register) => 5,
        ClosedBy::TimedOut(TimeLimit::Idle) => 6,
        ClosedBy::TimedOut(TimeLimit::Flush) => 7,
        ClosedBy::TimedOut(TimeLimit::HalfClose) => 8,
        ClosedBy::TimedOut(TimeLimit::Drain) => 9,
        ClosedBy::HandlerFailed => 10,
    }
}

pub(super) fn refused(refusal: Refusal) -> usize {
    match refusal {
        Refusal::QueueFull => 0,
        Refusal::WritingSuspended => 1,
        Refusal::NotRegistered => 2,
        Refusal::AlreadyRegistered => 3,
        Refusal::Closing => 4,
        Refusal::TooLarge => 5,
        Refusal::NotGranted => 6,
        Refusal::NotFound => 7,
        Refusal::TimedOut => 8,
        Refusal::Refused => 9,
        Refusal::Unreachable => 10,
        Refusal::AddressInUse => 11,
        Refusal::MailboxFull => 12,
        Refusal::Limit => 13,
        Refusal::Unsupported => 14,
        Refusal::ResumePending => 15,
        Refusal::Os(_) => 16,
    }
}

pub(super) fn fault(fault: Fault) -> usize {
    match fault {
        Fault::Trap => 0,
        Fault::Cpu => 1,
        Fault::Memory => 2,
        Fault::Commands => 3,
        Fault::Contract => 4,
        Fault::WouldBlock => 5,
    }
}

/// The contract's name of a fault, as it is counted and logged.
pub(crate) fn fault_label(kind: Fault) -> &'static str {
    FAULTS.get(fault(kind)).copied().unwrap_or("unknown")
}
