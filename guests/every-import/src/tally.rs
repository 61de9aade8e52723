//! What answered each import.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;

use tidegate_guest::prelude::*;

/// Every import of the contract that is a function, as `<resource or interface>.<function>`.
pub(crate) const IMPORTS: [&str; 49] = [
    "chunk.id",
    "chunk.size",
    "chunk.read",
    "chunk.slice",
    "listener.id",
    "listener.local-address",
    "listener.resume-accepting",
    "listener.unbind",
    "connection.id",
    "connection.register",
    "connection.delegate",
    "connection.write",
    "connection.write-chunk",
    "connection.write-file",
    "connection.write-compound",
    "connection.resume-writing",
    "connection.suspend-reading",
    "connection.resume-reading",
    "connection.close",
    "connection.confirmed-close",
    "connection.abort",
    "connection.set-option",
    "connection.revoke-shares",
    "connection.remote-address",
    "connection.local-address",
    "connection.is-inbound",
    "connection.accepted-by",
    "connection.connect-token",
    "connection.delegation-args",
    "connection.registered",
    "connection.is-reading",
    "connection.is-suspended",
    "connection.queued-bytes",
    "connection.pending-tokens",
    "connection.peer-finished",
    "tcp.connect",
    "tcp.cancel-connect",
    "tcp.bind",
    "tcp.set-timer",
    "tcp.cancel-timer",
    "tcp.join",
    "tcp.leave",
    "tcp.publish",
    "tcp.send",
    "host.now-ns",
    "host.wall-clock-ms",
    "host.random-u64",
    "host.log",
    "host.count",
];

/// The last answer of each import that was called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    answers: BTreeMap<&'static str, String>,
}

impl Tally {
    /// Answered at once. The value is looked at, so that the call is not optimised away.
    pub(crate) fn fact<T>(&mut self, name: &'static str, value: T) {
        black_box(value);
        self.answered(name, "fact");
    }

    /// Called; the answer, if any, is to come.
    pub(crate) fn called(&mut self, name: &'static str) {
        self.answered(name, "no-answer");
    }

    /// To be called after the report.
    pub(crate) fn follows(&mut self, name: &'static str) {
        self.answered(name, "follows");
    }

    pub(crate) fn answered(&mut self, name: &'static str, answer: &str) {
        self.answers.insert(name, answer.to_owned());
    }

    /// A command was refused.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        let name = match failure.command {
            CommandName::Write => "connection.write",
            CommandName::WriteChunk => "connection.write-chunk",
            CommandName::WriteFile => "connection.write-file",
            CommandName::WriteCompound => "connection.write-compound",
            CommandName::Register => "connection.register",
            CommandName::Delegate => "connection.delegate",
            CommandName::Connect => "tcp.connect",
            CommandName::CancelConnect => "tcp.cancel-connect",
            CommandName::Bind => "tcp.bind",
            CommandName::Unbind => "listener.unbind",
            CommandName::ResumeWriting => "connection.resume-writing",
            CommandName::ResumeReading => "connection.resume-reading",
            CommandName::SuspendReading => "connection.suspend-reading",
            CommandName::ResumeAccepting => "listener.resume-accepting",
            CommandName::Close => "connection.close",
            CommandName::SetOption => "connection.set-option",
            CommandName::SetTimer => "tcp.set-timer",
            CommandName::Join => "tcp.join",
            CommandName::Publish => "tcp.publish",
            CommandName::Send => "tcp.send",
            CommandName::Other(number) => {
                warn!("a command with the unknown number {number} failed");
                return;
            }
        };
        self.answered(name, &format!("failed:{}", failure.reason));
    }

    /// One line per import.
    pub(crate) fn report(&self) -> String {
        let mut text = String::new();
        for name in IMPORTS {
            let answer = self.answers.get(name).map_or("not-called", String::as_str);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name} {answer}");
        }
        text
    }
}
