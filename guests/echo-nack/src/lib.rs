//! Echo that writes at once and recovers when a write is refused.
//!
//! Every chunk is stored under its offset until it is acked. While *writing*, what arrives is written at
//! once. A refusal suspends writing, so nothing that was written later can overtake the refused chunk:
//! the handler asks for writing to be resumed and *recovers*: it writes the oldest chunk, and then, one
//! at a time on each ack, ten more; after that all that is stored, and it is writing again. When the peer
//! has finished, what is stored is written, and only then the connection is closed.
//!
//! Arguments: `max-stored` (bytes, default 4 MiB), `high`, `low` (percent of it, default 50 and 30),
//! `delivery=copied|by-reference|automatic`.

use guest_echo_store::{Burst, Store, Tally, Watermarks};
use tidegate_guest::prelude::*;

/// Chunks written one at a time after the first, before the handler is optimistic again.
const CAREFUL_WRITES: u32 = 10;

/// One connection.
#[derive(Clone)]
pub struct EchoNack {
    delivery: Delivery,
    store: Store,
    mode: Mode,
    input: Input,
    acks: Tally,
    refusals: Tally,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mode {
    /// What arrives is written at once.
    Writing,
    /// What arrives is only stored. `refused`: the offset of the chunk whose write was refused first;
    /// acks below it are of writes accepted before. `careful`: chunks still to be written one at a time.
    Recovering { refused: Token, careful: u32 },
    /// What arrives is only stored: more was stored than one turn may write, up to the chunk `last`.
    Bursting { last: Token },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Input {
    Open,
    /// The peer has finished, or the service is stopping: close once all is written.
    Ended,
}

impl Default for EchoNack {
    fn default() -> Self {
        Self {
            delivery: Delivery::Copied,
            store: Store::default(),
            mode: Mode::Writing,
            input: Input::Open,
            acks: Tally::new("acks"),
            refusals: Tally::new("refusals"),
        }
    }
}

impl Handler for EchoNack {
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
        if self.mode == Mode::Writing {
            self.store.write_newest(c);
        }
    }

    fn acked(&mut self, c: &Connection, token: Token) {
        self.acks.add();
        if !self.store.pop(c, token) {
            error!("connection {}: ack {token} is not of the oldest chunk: aborted", c.id());
            return c.abort();
        }
        match self.mode {
            // Accepted before the refusal; writing is not resumed yet.
            Mode::Recovering { refused, .. } if token < refused => {}
            Mode::Recovering { refused, careful } => self.write_on(c, refused, careful),
            Mode::Bursting { last } if token == last => self.burst(c),
            Mode::Bursting { .. } | Mode::Writing => {}
        }
        self.close_if_done(c);
    }

    fn failed(&mut self, c: &Connection, failure: Failure) {
        let (true, Some(refused)) = (failure.is_back_pressure(), failure.token) else {
            error!("connection {}: {failure}: aborted", c.id());
            return c.abort();
        };
        self.refusals.add();
        // The first refusal names the oldest chunk that is not on its way. Those behind it, refused
        // because writing is suspended, are stored too and come after it.
        if !matches!(self.mode, Mode::Recovering { .. }) {
            self.mode = Mode::Recovering { refused, careful: CAREFUL_WRITES };
            c.resume_writing();
        }
    }

    fn writing_resumed(&mut self, c: &Connection) {
        self.store.write_oldest(c);
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
        self.refusals.report();
    }
}

impl EchoNack {
    /// A write made while recovering was acked.
    fn write_on(&mut self, c: &Connection, refused: Token, careful: u32) {
        if self.store.is_empty() {
            self.mode = Mode::Writing;
        } else if careful > 0 {
            self.mode = Mode::Recovering { refused, careful: careful - 1 };
            self.store.write_oldest(c);
        } else {
            self.burst(c);
        }
    }

    fn burst(&mut self, c: &Connection) {
        self.mode = match self.store.write_burst(c) {
            Burst::All => Mode::Writing,
            Burst::Part { last } => Mode::Bursting { last },
        };
    }

    fn close_if_done(&self, c: &Connection) {
        if self.input == Input::Ended && self.store.is_empty() {
            c.close();
        }
    }
}

tidegate_guest::export!(EchoNack);

#[cfg(test)]
mod tests;
