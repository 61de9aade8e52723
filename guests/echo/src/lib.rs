//! Echo, as simple as it can be: what the peer sends goes back, and when it has finished, so do we.
//!
//! Registered *paced*, so nothing is refused and nothing is lost, however slow the reader.
//! `read=push` shows the raw behaviour instead: no flow control at all, and the first refusal is
//! logged and aborts. `delivery=copied|by-reference|automatic` chooses the form of received bytes.

use tidegate_guest::prelude::*;

/// The registration is made from the arguments once; nothing else is remembered.
#[derive(Clone, Default)]
pub struct Echo {
    registration: Registration,
}

impl Handler for Echo {
    fn configure(&mut self, args: &mut Args) -> Result<(), ArgError> {
        let read = [("paced", Registration::paced()), ("push", Registration::push())];
        let delivery = [
            ("copied", Delivery::Copied),
            ("by-reference", Delivery::ByReference),
            ("automatic", Delivery::Automatic),
        ];
        let registration = args.choice("read", &read)?.unwrap_or_default();
        let delivery = args.choice("delivery", &delivery)?.unwrap_or(Delivery::Copied);
        self.registration = registration.delivery(delivery);
        Ok(())
    }

    fn connected(&mut self, c: &Connection) {
        c.register(self.registration);
    }

    fn received(&mut self, c: &Connection, data: Payload) {
        c.forward(data, Answer::None);
    }

    fn failed(&mut self, c: &Connection, failure: Failure) {
        error!("connection {}: {failure}: the echo would have a hole, so it is aborted", c.id());
        c.abort();
    }

    fn peer_closed(&mut self, c: &Connection) {
        c.close();
    }
}

tidegate_guest::export!(Echo);

#[cfg(test)]
mod tests;
