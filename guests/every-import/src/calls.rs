//! The calls, one per import.

use std::time::Duration;

use tidegate_guest::prelude::*;
use tidegate_guest::{
    Address, BindRequest, ConnectRequest, FileRange, HandlerId, Ipv4Address, Listener, Receiver, SocketOption,
};

use crate::End;
use crate::tally::Tally;

const WRITE: Token = 1;
const WRITE_CHUNK: Token = 2;
const WRITE_FILE: Token = 3;
const WRITE_COMPOUND: Token = 4;
const DELEGATE: Token = 5;
const CONNECT: Token = 6;
const BIND: Token = 7;
const UNBIND: Token = 8;
const PUBLISH: Token = 9;
const SEND: Token = 10;
/// The token of the marker timer.
const MARKER: Token = 11;
/// A timer that is cancelled in the turn that sets it.
const CANCELLED: Token = 12;

/// How long the marker waits, each time.
pub(crate) const MARKER_DELAY: Duration = Duration::from_millis(10);
/// How often the marker waits for an answer before the report is made without it.
const MARKER_ROUNDS_MAX: u32 = 300;

/// Which of the answers that must come have not come yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Await {
    /// Tokens of writes.
    writes: Vec<Token>,
    pub(crate) resume_writing: bool,
    pub(crate) connect: bool,
    pub(crate) bind: bool,
    pub(crate) marker: bool,
    rounds: u32,
}

impl Await {
    pub(crate) fn all() -> Self {
        Self {
            writes: vec![WRITE, WRITE_CHUNK, WRITE_FILE, WRITE_COMPOUND],
            resume_writing: true,
            connect: true,
            bind: true,
            marker: true,
            rounds: 0,
        }
    }

    /// There is no chunk to write.
    pub(crate) fn no_chunk(&mut self) {
        self.answered(WRITE_CHUNK);
    }

    pub(crate) fn answered(&mut self, token: Token) {
        self.writes.retain(|awaited| *awaited != token);
    }

    pub(crate) const fn is_over(&self) -> bool {
        let late = self.resume_writing || self.connect || self.bind || !self.writes.is_empty();
        !self.marker && (!late || self.rounds >= MARKER_ROUNDS_MAX)
    }

    /// The marker fired: it waits again if an answer is missing and patience is left.
    pub(crate) fn marker_fired(&mut self, c: &Connection) {
        self.marker = false;
        self.rounds += 1;
        if !self.is_over() {
            self.marker = true;
            c.set_timer(MARKER, MARKER_DELAY);
        }
    }
}

pub(crate) const fn name_of_write(token: Token) -> Option<&'static str> {
    Some(match token {
        WRITE => "connection.write",
        WRITE_CHUNK => "connection.write-chunk",
        WRITE_FILE => "connection.write-file",
        WRITE_COMPOUND => "connection.write-compound",
        _ => return None,
    })
}

/// What is legal before `register` only, and the facts.
pub(crate) fn before_register(c: &Connection, tally: &mut Tally) {
    c.delegate(&Receiver::Module("no-such-module".to_owned()), &[], DELEGATE);
    tally.called("connection.delegate");
    tally.fact("connection.id", c.host_id());
    tally.fact("connection.remote-address", c.remote_address());
    tally.fact("connection.local-address", c.local_address());
    tally.fact("connection.is-inbound", c.is_inbound());
    tally.fact("connection.accepted-by", c.accepted_by());
    tally.fact("connection.connect-token", c.connect_token());
    tally.fact("connection.delegation-args", c.delegation_args());
    tally.fact("connection.registered", c.registered());
    tally.fact("connection.is-reading", c.is_reading());
    tally.fact("connection.is-suspended", c.is_suspended());
    tally.fact("connection.queued-bytes", c.queued_bytes());
    tally.fact("connection.pending-tokens", c.pending_tokens());
    tally.fact("connection.peer-finished", c.peer_finished());
}

/// Everything else. `data` is the peer's first bytes; they say how to end.
pub(crate) fn all(c: &Connection, data: Payload, me: HandlerId, tally: &mut Tally) -> End {
    tally.fact("host.now-ns", host::now());
    tally.fact("host.wall-clock-ms", host::wall_clock_ms());
    tally.fact("host.random-u64", host::random_u64());
    host::log(host::Level::Info, "every-import: calling every import");
    tally.fact("host.log", ());
    host::count("every-import", 1);
    tally.fact("host.count", ());

    // First of the commands: should it be refused, that is known before any ack.
    c.set_timer(MARKER, MARKER_DELAY);
    tally.called("tcp.set-timer");
    c.set_timer(CANCELLED, MARKER_DELAY);
    c.cancel_timer(CANCELLED);
    tally.called("tcp.cancel-timer");

    let end = write_everything(c, data, tally);
    c.set_option(SocketOption::NoDelay(true));
    tally.called("connection.set-option");
    c.suspend_reading();
    tally.called("connection.suspend-reading");
    c.resume_reading();
    tally.called("connection.resume-reading");
    instance_commands(c, me, tally);
    c.revoke_shares();
    tally.called("connection.revoke-shares");
    tally.follows(match end {
        End::Close => "connection.close",
        End::ConfirmedClose => "connection.confirmed-close",
        End::Abort => "connection.abort",
    });
    end
}

fn write_everything(c: &Connection, data: Payload, tally: &mut Tally) -> End {
    c.write(b"# write\n# ", Answer::Always(WRITE));
    tally.called("connection.write");
    let text = match data.into_chunk() {
        Ok(chunk) => {
            tally.fact("chunk.id", chunk.id());
            tally.fact("chunk.size", chunk.size());
            let text = chunk.read(0, chunk.size());
            tally.fact("chunk.read", ());
            let slice = chunk.slice(0, chunk.size());
            tally.fact("chunk.slice", ());
            c.write_chunk(slice, Answer::Always(WRITE_CHUNK));
            tally.called("connection.write-chunk");
            text
        }
        Err(bytes) => bytes.into_vec(),
    };
    let file = FileRange { path: "every-import.txt".to_owned(), offset: 0, size: 1 };
    c.write_file(&file, Answer::Always(WRITE_FILE));
    tally.called("connection.write-file");
    let part = |text: &[u8], answer| Part::Data(Payload::from(text), answer);
    c.write_compound(vec![
        part(b"\n# write-", Answer::None),
        part(b"compound\n", Answer::Always(WRITE_COMPOUND)),
    ]);
    tally.called("connection.write-compound");
    c.resume_writing();
    tally.called("connection.resume-writing");
    match text.trim_ascii() {
        b"abort" => End::Abort,
        b"confirmed-close" => End::ConfirmedClose,
        _ => End::Close,
    }
}

fn instance_commands(c: &Connection, me: HandlerId, tally: &mut Tally) {
    let loopback = |port| Address::Ipv4(Ipv4Address { port, address: (127, 0, 0, 1) });
    // The discard port: nobody listens there, usually.
    tcp::connect(&ConnectRequest::to(tidegate_guest::Destination::Address(loopback(9))), CONNECT);
    tally.called("tcp.connect");
    tcp::cancel_connect(CONNECT);
    tally.called("tcp.cancel-connect");
    tcp::bind(&BindRequest::on(loopback(0)), BIND);
    tally.called("tcp.bind");
    tcp::join("every-import");
    tally.called("tcp.join");
    tcp::leave("every-import");
    tally.called("tcp.leave");
    tcp::publish("every-import", b"hello".as_slice(), PUBLISH);
    tally.called("tcp.publish");
    tcp::send(me, b"hello".as_slice(), Some(c), SEND);
    tally.called("tcp.send");
}

/// The calls on a listener, should there be one.
pub(crate) fn on_listener(listener: &Listener, tally: &mut Tally) {
    tally.fact("listener.id", listener.id());
    tally.fact("listener.local-address", listener.local_address());
    listener.resume_accepting(1);
    tally.called("listener.resume-accepting");
    listener.unbind(UNBIND);
    tally.called("listener.unbind");
}
