//! Whose fault it was that a call failed, and which limit.
//!
//! Imports stop a guest by returning a [`Stop`]. Everything else comes from wasmtime as a trap or as an error of the
//! canonical ABI, and is told apart here. One line for the log each.

use crate::limits::Limiter;
use std::fmt;
use tidegate_machines::reason::Fault;
use wasmtime::{Trap, WasmBacktrace};

/// Functions of the guest named in a message, innermost first.
const FRAMES_MAX: usize = 4;

/// How a guest's way to abort begins: not where it went wrong, and so left out.
const ABORTING: &[&str] = &["abort", "__rust", "rust_", "std::", "core::", "alloc::"];

/// Bytes of a message, so that a guest's mangled names cannot flood the log.
const MESSAGE_BYTES_MAX: usize = 512;

/// What wasmtime says when a call of an import brings more bytes than `hostcall_bytes_max`. Its type is not public.
const HOSTCALL_FUEL_TEXT: &str = "fuel allocated for hostcalls has been exhausted";

/// Why a guest lost its instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFault {
    /// The kind.
    pub fault: Fault,
    /// One line for the log: which limit or rule, and where in the guest. Control characters are escaped.
    pub message: String,
}

impl fmt::Display for CallFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CallFault {}

/// Raised by an import to end the guest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Stop {
    pub(crate) fault: Fault,
    pub(crate) message: String,
}

impl Stop {
    pub(crate) fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self { fault, message: message.into() }
    }
}

/// Tells what `error` was. `during` says what the guest was doing.
pub(crate) fn classify(error: &wasmtime::Error, limiter: &Limiter, during: &str) -> CallFault {
    let (fault, what) = judge(error, limiter);
    let mut message = format!("{during}: {what}");
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        push_frames(&mut message, backtrace);
    }
    CallFault { fault, message: one_line(&message) }
}

fn judge(error: &wasmtime::Error, limiter: &Limiter) -> (Fault, String) {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return (stop.fault, stop.message.clone());
    }
    let refused = limiter.refused();
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return match trap {
            Trap::Interrupt => (Fault::Cpu, "stopped at its CPU limit".to_owned()),
            trap if breaks_contract(*trap) => {
                (Fault::Contract, format!("broke the component ABI: {}", plain(&trap.to_string())))
            }
            trap if refused => (Fault::Memory, memory_text(limiter, plain(&trap.to_string()))),
            trap => (Fault::Trap, format!("trapped: {}", plain(&trap.to_string()))),
        };
    }
    let cause = error.root_cause().to_string();
    if cause.contains(HOSTCALL_FUEL_TEXT) {
        return (Fault::Commands, "one call of an import brought more bytes than it may".to_owned());
    }
    if refused {
        return (Fault::Memory, memory_text(limiter, &cause));
    }
    (Fault::Contract, format!("broke the contract: {cause}"))
}

fn memory_text(limiter: &Limiter, cause: &str) -> String {
    format!("was refused memory (limit {} bytes) and then failed: {cause}", limiter.memory_bytes_max())
}

/// Traps raised by the canonical ABI, not by the guest's own code.
fn breaks_contract(trap: Trap) -> bool {
    matches!(
        trap,
        Trap::CannotEnterComponent
            | Trap::CannotLeaveComponent
            | Trap::InvalidChar
            | Trap::InvalidDiscriminant
            | Trap::ListOutOfBounds
            | Trap::StringOutOfBounds
            | Trap::UnalignedPointer
    )
}

/// A trap's own text.
fn plain(trap: &str) -> &str {
    trap.strip_prefix("wasm trap: ").unwrap_or(trap)
}

/// Whether the operating system, and not the guest, made a call or an instantiation fail.
pub(crate) fn is_of_the_system(error: &wasmtime::Error) -> bool {
    error.downcast_ref::<rustix::io::Errno>().is_some() || error.downcast_ref::<std::io::Error>().is_some()
}

fn push_frames(message: &mut String, backtrace: &WasmBacktrace) {
    let names: Vec<String> = backtrace
        .frames()
        .iter()
        .map(|frame| match frame.func_name() {
            Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
            None => format!("function {}", frame.func_index()),
        })
        .collect();
    let aborting = |name: &&String| ABORTING.iter().any(|prefix| name.starts_with(prefix));
    let skipped = names.iter().take_while(aborting).count();
    let shown = if skipped == names.len() { names.as_slice() } else { &names[skipped..] };
    for (index, name) in shown.iter().take(FRAMES_MAX).enumerate() {
        message.push_str(if index == 0 { "; in " } else { " < " });
        message.push_str(name);
    }
}

/// One line, whatever a guest called its functions.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = crate::output::escaped(text);
    if line.len() > MESSAGE_BYTES_MAX {
        let end = (0..=MESSAGE_BYTES_MAX).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refused_is_told_apart() {
        let refused = wasmtime::Error::from(rustix::io::Errno::NOMEM).context("mprotect failed");
        assert!(is_of_the_system(&refused));
        assert!(is_of_the_system(&std::io::Error::other("no").into()));
        assert!(!is_of_the_system(&Trap::StackOverflow.into()));
        assert!(!is_of_the_system(&Stop::new(Fault::Cpu, "").into()));
    }

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        let line = one_line(&"é\n".repeat(1000));
        assert!(line.len() <= MESSAGE_BYTES_MAX + '…'.len_utf8());
        assert!(!line.contains('\n') && line.ends_with('…'));
    }
}
