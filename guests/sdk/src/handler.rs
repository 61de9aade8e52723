//! One value per connection: the usual shape of a handler.

use std::time::Duration;

use crate::{ArgError, Args, CloseReason, Connection, Failure, Payload, Registration, Token, warn};

/// The state and the behaviour of one connection.
///
/// One value is made with [`Default`] when the instance starts, told the arguments by
/// [`configure`](Self::configure), and cloned for every connection: arguments are parsed once, and
/// state the clones share (an `Rc`) is shared by the connections of the instance.
///
/// Events that concern no connection (listeners, messages, answers to `tcp::connect`) need a
/// [`Service`](crate::Service); a `Handler` logs and drops them.
pub trait Handler: Clone + Default {
    /// Takes the service's arguments. What it does not ask for is an unknown argument, and the
    /// instance refuses to start.
    ///
    /// # Errors
    /// [`ArgError`] refuses to start; its text reaches the operator.
    fn configure(&mut self, args: &mut Args) -> Result<(), ArgError> {
        let _ = args;
        Ok(())
    }

    /// The connection is this handler's. Default: registers it *paced*.
    fn connected(&mut self, c: &Connection) {
        c.register(Registration::paced());
    }

    /// Bytes from the peer, never empty. Default: drops them.
    fn received(&mut self, c: &Connection, data: Payload) {
        let _ = (c, data);
    }

    /// The kernel has taken the last byte of the write with this token. Acks come in wire order.
    fn acked(&mut self, c: &Connection, token: Token) {
        let _ = (c, token);
    }

    /// A command was refused or failed. Default: logs it and aborts, so that nothing is lost silently.
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

    /// The last event. Commands have no effect any more.
    fn closed(&mut self, c: &Connection, reason: CloseReason) {
        let _ = (c, reason);
    }

    /// Answers `delegate`: the connection is somebody else's now. The last event here.
    fn delegated(&mut self, c: &Connection, token: Token) {
        let _ = (c, token);
    }

    /// A timer of this connection is due.
    fn timer(&mut self, c: &Connection, token: Token) {
        let _ = (c, token);
    }

    /// The service is being stopped or this generation retired; what is left at the deadline is
    /// aborted. Default: closes, once all is written.
    fn draining(&mut self, c: &Connection, deadline: Duration) {
        let _ = deadline;
        c.close();
    }
}
