//! Echo that reads the next bytes when the last ones are written: back-pressure without a store.
//!
//! Registered *pull*: one `resume-reading` allows one `received`. The next is allowed when the write of
//! the last was acked, so at most one chunk is ever queued.
//!
//! Arguments: `delivery=copied|by-reference|automatic`.

use tidegate_guest::prelude::*;

/// One connection: all its state is in the host.
#[derive(Clone)]
pub struct EchoPull {
    delivery: Delivery,
}

impl Default for EchoPull {
    fn default() -> Self {
        Self { delivery: Delivery::Copied }
    }
}

/// The token of every write: at most one is in flight.
const WRITE: Token = 1;

impl Handler for EchoPull {
    fn configure(&mut self, args: &mut Args) -> Result<(), ArgError> {
        let words = [
            ("copied", Delivery::Copied),
            ("by-reference", Delivery::ByReference),
            ("automatic", Delivery::Automatic),
        ];
        self.delivery = args.choice("delivery", &words)?.unwrap_or(Delivery::Copied);
        Ok(())
    }

    fn connected(&mut self, c: &Connection) {
        c.register(Registration::pull().delivery(self.delivery));
        c.resume_reading();
    }

    fn received(&mut self, c: &Connection, data: Payload) {
        c.forward(data, Answer::Always(WRITE));
    }

    fn acked(&mut self, c: &Connection, _token: Token) {
        c.resume_reading();
    }

    fn peer_closed(&mut self, c: &Connection) {
        c.close();
    }
}

tidegate_guest::export!(EchoPull);

#[cfg(test)]
mod tests;
