//! A guest that calls every import of the contract once and tells the peer what answered it.
//!
//! The first bytes from the peer start it. It writes some lines beginning with `#` (the writes it
//! tests), then one line per import: `<interface>.<function> <answer>`, where the answer is
//!
//! - `fact`: answered at once, with a value;
//! - an event: `acked`, `writing-resumed`, `timer`, `bound`, `unbound`, `connected`, `delegated`,
//!   `message`;
//! - `failed:<reason>`: answered by `command-failed`;
//! - `no-answer`: none came, as the contract says for commands that are answered only if they fail;
//! - `follows`: called after the report;
//! - `not-called`: there was no listener or no chunk to call it on, or another end was asked for.
//!
//! Then the connection is ended as the peer's first bytes say: `close` (also if they say nothing),
//! `confirmed-close` or `abort`.

mod calls;
mod tally;

use calls::Await;
use tally::Tally;
use tidegate_guest::prelude::*;
use tidegate_guest::{ConnectionId, HandlerId, Listener};

/// One instance, for one connection of a peer.
#[derive(Default)]
pub struct EveryImport {
    me: HandlerId,
    tally: Tally,
    /// Answers that must come, and have not.
    awaited: Await,
    report: Report,
    end: End,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Report {
    /// The calls are still to be made.
    #[default]
    NotBegun,
    /// The calls were made, and this connection is to get the report.
    Awaited(ConnectionId),
    Written,
}

/// How the reporting connection is ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum End {
    #[default]
    Close,
    ConfirmedClose,
    Abort,
}

/// The token of the write of the report.
const REPORT: Token = 1_000;

impl Service for EveryImport {
    fn started(&mut self, start: Start, _args: &mut Args) -> Result<(), ArgError> {
        self.me = start.me;
        Ok(())
    }

    fn connected(&mut self, c: &Connection) {
        if c.connect_token().is_some() {
            self.tally.answered("tcp.connect", "connected");
            self.awaited.connect = false;
            c.register(Registration::push());
            return c.abort();
        }
        calls::before_register(c, &mut self.tally);
        c.register(Registration::push().without_suspension().delivery(Delivery::ByReference));
        self.tally.called("connection.register");
    }

    fn received(&mut self, c: &Connection, data: Payload) {
        if self.report != Report::NotBegun {
            return;
        }
        self.report = Report::Awaited(c.id());
        self.awaited = Await::all();
        if !data.is_chunk() {
            self.awaited.no_chunk();
        }
        self.end = calls::all(c, data, self.me, &mut self.tally);
    }

    fn acked(&mut self, c: &Connection, token: Token) {
        if token == REPORT {
            match self.end {
                End::Close => c.close(),
                End::ConfirmedClose => c.confirmed_close(),
                End::Abort => c.abort(),
            }
            return;
        }
        if let Some(name) = calls::name_of_write(token) {
            self.tally.answered(name, "acked");
        }
        self.awaited.answered(token);
        self.report_when_done(c);
    }

    fn failed(&mut self, c: &Connection, failure: Failure) {
        self.tally.failed(&failure);
        if let Some(token) = failure.token {
            self.awaited.answered(token);
        }
        if failure.command == CommandName::ResumeWriting {
            self.awaited.resume_writing = false;
        }
        self.report_when_done(c);
    }

    fn writing_resumed(&mut self, c: &Connection) {
        self.tally.answered("connection.resume-writing", "writing-resumed");
        self.awaited.resume_writing = false;
        self.report_when_done(c);
    }

    /// A peer that has finished still gets its report.
    fn peer_closed(&mut self, c: &Connection) {
        if self.report == Report::NotBegun {
            c.close();
        }
    }

    fn delegated(&mut self, _c: &Connection, _token: Token) {
        self.tally.answered("connection.delegate", "delegated");
    }

    /// The marker: whatever fails at once has failed by now. The rest is awaited by name. It is a
    /// connection's timer, so that there is a connection to report on; the import is the same.
    fn connection_timer(&mut self, c: &Connection, _token: Token) {
        self.tally.answered("tcp.set-timer", "timer");
        self.awaited.marker_fired(c);
        self.report_when_done(c);
    }

    fn bound(&mut self, listener: &Listener) {
        self.tally.answered("tcp.bind", "bound");
        self.awaited.bind = false;
        calls::on_listener(listener, &mut self.tally);
    }

    fn unbound(&mut self, _token: Token) {
        self.tally.answered("listener.unbind", "unbound");
    }

    fn message(&mut self, message: Message<'_>) {
        self.tally.answered("tcp.send", "message");
        if let Some(shared) = message.shared {
            shared.release();
        }
    }

    fn command_failed(&mut self, failure: Failure) {
        self.tally.failed(&failure);
        match failure.command {
            CommandName::Connect => self.awaited.connect = false,
            CommandName::Bind => self.awaited.bind = false,
            CommandName::SetTimer => self.awaited.marker = false,
            _ => {}
        }
    }
}

impl EveryImport {
    fn report_when_done(&mut self, c: &Connection) {
        if self.report == Report::Awaited(c.id()) && self.awaited.is_over() {
            self.report = Report::Written;
            c.write(self.tally.report(), Answer::Always(REPORT));
        }
    }
}

tidegate_guest::export!(service EveryImport);

#[cfg(test)]
mod tests;
