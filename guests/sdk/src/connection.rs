//! A connection, as its handler sees it.
//!
//! Owns: the handle. The SDK keeps it until the connection's last event, since dropping the handle of
//! a connection one still owns means `close`; a handler gets it by reference with every event.

use std::cell::Cell;
use std::time::Duration;

use crate::registration::millis;
use crate::{
    Address, Answer, Chunk, ConnectionId, FileRange, ListenerId, Payload, Receiver, Registration,
    SocketOption, Token, backend, timers,
};

/// A connection. Its commands are recorded and carried out, in order, when the current event returns;
/// its facts are answered at once and describe the start of the event. After the last event (`closed`
/// or `delegated`) commands have no effect.
#[derive(Debug)]
pub struct Connection {
    raw: backend::Connection,
    id: ConnectionId,
    released: Cell<bool>,
}

impl Connection {
    pub(crate) const fn from_raw(id: ConnectionId, raw: backend::Connection) -> Self {
        Self { raw, id, released: Cell::new(false) }
    }

    pub(crate) const fn raw(&self) -> &backend::Connection {
        &self.raw
    }

    pub(crate) const fn is_released(&self) -> bool {
        self.released.get()
    }

    // ---- taking into service ---------------------------------------------------------------------

    /// Takes the connection into service. Nothing is read and nothing can be written before; it must
    /// come within the register limit (default 5 s) after `connected`. A second one is answered
    /// `already-registered`.
    pub fn register(&self, registration: Registration) {
        self.raw.register(registration);
    }

    /// Gives the connection, not registered yet, to another handler. Answered by `delegated(token)`,
    /// the last event of it here, or by a failure: then it is still this handler's.
    pub fn delegate(&self, to: &Receiver, args: &[(String, String)], token: Token) {
        self.raw.delegate(to, args, token);
    }

    // ---- writing ---------------------------------------------------------------------------------

    /// Writes bytes from guest memory. A refusal does not return them: keep what must not be lost, or
    /// register *paced*.
    pub fn write(&self, data: impl AsRef<[u8]>, answer: Answer) {
        self.raw.write(data.as_ref(), answer);
    }

    /// Writes a chunk without copying it. The chunk is given away; refused, it comes back in the
    /// failure.
    pub fn write_chunk(&self, chunk: Chunk, answer: Answer) {
        self.raw.write_chunk(chunk.into_raw(), answer);
    }

    /// Writes a payload in the form it has, giving it away.
    pub fn forward(&self, data: Payload, answer: Answer) {
        data.by_form(
            |bytes| self.raw.write(bytes, answer),
            |chunk| self.raw.write_chunk(chunk.into_raw(), answer),
        );
    }

    /// Writes a payload in the form it has and keeps it: for handlers that may have to write it again.
    /// A payload the host keeps is not copied, but counts as one chunk more until it is sent.
    pub fn write_kept(&self, data: &mut Payload, answer: Answer) {
        if data.is_chunk() {
            self.forward(data.clone(), answer);
        } else {
            self.raw.write(data.as_slice(), answer);
        }
    }

    /// Writes a stretch of a file the service grants.
    pub fn write_file(&self, file: &FileRange, answer: Answer) {
        self.raw.write_file(file, answer);
    }

    /// Writes several parts as one: accepted or refused whole, never interleaved with other writes.
    pub fn write_compound(&self, parts: Vec<Part>) {
        self.raw.write_compound(parts.into_iter().map(Part::into_raw).collect());
    }

    /// Ends the suspension a refused write began; answered by `writing_resumed` when nothing is pending
    /// or queued. Write nothing in between: it would be refused.
    pub fn resume_writing(&self) {
        self.raw.resume_writing();
    }

    // ---- reading ---------------------------------------------------------------------------------

    /// Stops reading: no `received` comes after it.
    pub fn suspend_reading(&self) {
        self.raw.suspend_reading();
    }

    /// Reading goes on; in pull mode, for one `received`.
    pub fn resume_reading(&self) {
        self.raw.resume_reading();
    }

    // ---- closing ---------------------------------------------------------------------------------

    /// Sends what was accepted for writing, then closes. Nothing accepted is lost, however slow the
    /// reader (within the flush limit). Input that still arrives is discarded.
    pub fn close(&self) {
        self.raw.close();
    }

    /// Sends what was accepted for writing, then our FIN; input is delivered until the peer's FIN.
    pub fn confirmed_close(&self) {
        self.raw.confirmed_close();
    }

    /// Resets the connection; what is unsent is dropped.
    pub fn abort(&self) {
        self.raw.abort();
    }

    // ---- settings --------------------------------------------------------------------------------

    /// Sets a socket option. Answered only if it fails.
    pub fn set_option(&self, option: SocketOption) {
        self.raw.set_option(option);
    }

    /// Ends every share given to other handlers.
    pub fn revoke_shares(&self) {
        self.raw.revoke_shares();
    }

    /// Lets go of the handle after this event. For a share: ends it. For a connection this handler
    /// owns: means `close`, and its remaining events are not delivered.
    pub fn release(&self) {
        self.released.set(true);
    }

    /// Sets a timer of this connection: `timer(token)` is delivered once, with it, no earlier than
    /// after `delay` (whole milliseconds). Replaces one with the same token. Timers end with the
    /// connection.
    pub fn set_timer(&self, token: Token, delay: Duration) {
        timers::set(self.id, token, millis(delay));
    }

    /// Cancels a timer of this connection; none is delivered after it. No effect if there is none.
    pub fn cancel_timer(&self, token: Token) {
        timers::cancel(self.id, token);
    }

    // ---- facts -----------------------------------------------------------------------------------

    /// The connection's id: unique in the life of the host.
    #[must_use]
    pub const fn id(&self) -> ConnectionId {
        self.id
    }

    /// The id as the host gives it. [`id`](Self::id) remembers it and costs no call.
    #[must_use]
    pub fn host_id(&self) -> ConnectionId {
        self.raw.id()
    }

    /// The peer's address.
    #[must_use]
    pub fn remote_address(&self) -> Address {
        self.raw.remote_address()
    }

    /// Our address.
    #[must_use]
    pub fn local_address(&self) -> Address {
        self.raw.local_address()
    }

    /// Accepted (true), or made by [`tcp::connect`](crate::tcp::connect).
    #[must_use]
    pub fn is_inbound(&self) -> bool {
        self.raw.is_inbound()
    }

    /// The handler's own listener that accepted it, if one did.
    #[must_use]
    pub fn accepted_by(&self) -> Option<ListenerId> {
        self.raw.accepted_by()
    }

    /// The token of the [`tcp::connect`](crate::tcp::connect) that made it, if one did.
    #[must_use]
    pub fn connect_token(&self) -> Option<Token> {
        self.raw.connect_token()
    }

    /// What the delegator gave along.
    #[must_use]
    pub fn delegation_args(&self) -> Vec<(String, String)> {
        self.raw.delegation_args()
    }

    /// Was `register` carried out?
    #[must_use]
    pub fn registered(&self) -> bool {
        self.raw.registered()
    }

    /// May the host read now, as far as this handler's commands go?
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.raw.is_reading()
    }

    /// Is writing suspended by a refusal?
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.raw.is_suspended()
    }

    /// Bytes accepted for writing that the kernel has not taken.
    #[must_use]
    pub fn queued_bytes(&self) -> u64 {
        self.raw.queued_bytes()
    }

    /// Tokens of this handler's accepted writes still to be answered, in wire order.
    #[must_use]
    pub fn pending_tokens(&self) -> Vec<Token> {
        self.raw.pending_tokens()
    }

    /// Was the peer's FIN read?
    #[must_use]
    pub fn peer_finished(&self) -> bool {
        self.raw.peer_finished()
    }
}

/// One part of a [compound write](Connection::write_compound).
#[derive(Debug)]
pub enum Part {
    /// Bytes, in either form.
    Data(Payload, Answer),
    /// A stretch of a file the service grants.
    File(FileRange, Answer),
}

impl Part {
    fn into_raw(self) -> backend::Part {
        match self {
            Self::Data(data, answer) => {
                let data = match data.into_raw() {
                    backend::Payload::Bytes(bytes) => backend::PartData::Bytes(bytes),
                    backend::Payload::Chunk(chunk) => backend::PartData::Chunk(chunk),
                };
                backend::Part { data, answer }
            }
            Self::File(file, answer) => backend::Part { data: backend::PartData::File(file), answer },
        }
    }
}
