//! Echo with one acked write in flight at a time: back-pressure by acks.
//!
//! What arrives meanwhile is stored, up to `max-stored`; above the high mark reading stops, below the
//! low one it goes on. A write is never refused, since none is made before the last one was acked.
//! When the peer has finished, what is stored is written, and only then the connection is closed.
//!
//! Arguments: `max-stored` (bytes, default 4 MiB), `high`, `low` (percent of it, default 50 and 30),
//! `delivery=copied|by-reference|automatic`.

use guest_echo_store::{Store, Tally, Watermarks};
use tidegate_guest::prelude::*;

/// One connection.
#[derive(Clone)]
pub struct EchoAck {
    delivery: Delivery,
    store: Store,
    write: Write,
    input: Input,
    acks: Tally,
}

/// The oldest stored chunk is in flight, or nothing is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Write {
    Idle,
    Waiting,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Input {
    Open,
    /// The peer has finished, or the service is stopping: close once all is written.
    Ended,
}

impl Default for EchoAck {
    fn default() -> Self {
        Self {
            delivery: Delivery::Copied,
            store: Store::default(),
            write: Write::Idle,
            input: Input::Open,
            acks: Tally::new("acks"),
        }
    }
}

impl Handler for EchoAck {
    fn configure(&mut self, args: &mut Args) -> Result<(), ArgError> {
        self.store = Store::new(Watermarks::from_args(args)?);
        self.delivery = guest_echo_store::delivery(args)?;
        Ok(())
    }

    fn connected(&mut self, c: &Connection) {
        c.register(Registration::push().delivery(self.delivery));
    }

    fn received(&mut self, c: &Connection, data: Payload) {
        if let Err(overrun) = self.store.push(c, data) {
            error!("connection {}: {overrun}: aborted", c.id());
            return c.abort();
        }
        if self.write == Write::Idle {
            self.write = Write::Waiting;
            self.store.write_oldest(c);
        }
    }

    fn acked(&mut self, c: &Connection, token: Token) {
        self.acks.add();
        if !self.store.pop(c, token) {
            error!("connection {}: ack {token} is not of the oldest chunk: aborted", c.id());
            return c.abort();
        }
        if self.store.is_empty() {
            self.write = Write::Idle;
            self.close_if_done(c);
        } else {
            self.store.write_oldest(c);
        }
    }

    fn peer_closed(&mut self, c: &Connection) {
        self.input = Input::Ended;
        self.close_if_done(c);
    }

    fn draining(&mut self, c: &Connection, _deadline: std::time::Duration) {
        self.store.end_reading(c);
        self.input = Input::Ended;
        self.close_if_done(c);
    }

    fn closed(&mut self, _c: &Connection, _reason: CloseReason) {
        self.acks.report();
    }
}

impl EchoAck {
    fn close_if_done(&self, c: &Connection) {
        if self.input == Input::Ended && self.store.is_empty() {
            c.close();
        }
    }
}

tidegate_guest::export!(EchoAck);

#[cfg(test)]
mod tests;
