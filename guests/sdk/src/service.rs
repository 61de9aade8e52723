//! One value per instance: for handlers with more than connections of their own to care for.

use std::time::Duration;

use crate::{
    ArgError, Args, CloseReason, Connection, Failure, HandlerId, Listener, Message, Payload, Registration,
    StartReason, Token, warn,
};

/// What an instance learns at its start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Start {
    /// A new instance, or one that takes over.
    pub why: StartReason,
    /// This instance's own id, by which other handlers can send it messages.
    pub me: HandlerId,
}

/// The state and the behaviour of an instance with all its connections, listeners, timers and
/// messages. Connections are told apart by [`Connection::id`]. The SDK keeps the handles: of
/// connections until their last event, of listeners until `unbound`.
pub trait Service: Default {
    /// Always first, once. Commands given here are held until the first `connected` (in a standalone
    /// service they are carried out at once).
    ///
    /// # Errors
    /// [`ArgError`] refuses to start; its text reaches the operator.
    fn started(&mut self, start: Start, args: &mut Args) -> Result<(), ArgError> {
        let _ = (start, args);
        Ok(())
    }

    /// A connection is this instance's. Default: registers it *paced*.
    fn connected(&mut self, c: &Connection) {
        c.register(Registration::paced());
    }

    /// Bytes from the peer, never empty. Default: drops them.
    fn received(&mut self, c: &Connection, data: Payload) {
        let _ = (c, data);
    }

    /// The kernel has taken the last byte of the write with this token.
    fn acked(&mut self, c: &Connection, token: Token) {
        let _ = (c, token);
    }

    /// A command on this connection was refused or failed. Default: logs it and aborts.
    fn failed(&mut self, c: &Connection, failure: Failure) {
        warn!("connection {}: {failure}: aborted", c.id());
        c.abort();
    }

    /// Answers `resume_writing`: the next write is accepted.
    fn writing_resumed(&mut self, c: &Connection) {
        let _ = c;
    }

    /// The peer sends no more; all it sent was delivered. Default: closes, once all is written.
    fn peer_closed(&mut self, c: &Connection) {
        c.close();
    }

    /// The connection's last event. Commands have no effect any more.
    fn closed(&mut self, c: &Connection, reason: CloseReason) {
        let _ = (c, reason);
    }

    /// Answers `delegate`: the connection is somebody else's now. The last event of it here.
    fn delegated(&mut self, c: &Connection, token: Token) {
        let _ = (c, token);
    }

    /// A timer set with [`Connection::set_timer`] is due.
    fn connection_timer(&mut self, c: &Connection, token: Token) {
        let _ = (c, token);
    }

    /// [`draining`](Self::draining), once per connection. Default: closes, once all is written.
    fn connection_draining(&mut self, c: &Connection, deadline: Duration) {
        let _ = deadline;
        c.close();
    }

    /// Answers `tcp::bind`.
    fn bound(&mut self, listener: &Listener) {
        let _ = listener;
    }

    /// Answers `Listener::unbind`: the socket is closed.
    fn unbound(&mut self, token: Token) {
        let _ = token;
    }

    /// A timer set with [`tcp::set_timer`](crate::tcp::set_timer) is due.
    fn timer(&mut self, token: Token) {
        let _ = token;
    }

    /// A message from another handler. Default: drops it, and lets go of what was shared with it.
    fn message(&mut self, message: Message<'_>) {
        if let Some(shared) = message.shared {
            shared.release();
        }
    }

    /// A command that concerns no connection was refused or failed. Default: logs it.
    fn command_failed(&mut self, failure: Failure) {
        warn!("{failure}");
    }

    /// The service is being stopped or this generation retired; what is left at the deadline is
    /// aborted. Called before [`connection_draining`](Self::connection_draining).
    fn draining(&mut self, deadline: Duration) {
        let _ = deadline;
    }
}
