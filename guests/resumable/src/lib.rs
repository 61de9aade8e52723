//! Echo whose connections can be handed over, live, to another generation.
//!
//! Its state is the number of bytes it has echoed on the connection, across generations; when the peer
//! has finished, it is written as a last line, `echoed <bytes>`.

use tidegate_guest::prelude::*;
use tidegate_guest::{HeldChunks, Resumable, SavedState};

/// One connection.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Resuming {
    echoed: u64,
}

impl Handler for Resuming {
    fn received(&mut self, c: &Connection, data: Payload) {
        self.echoed += data.len() as u64;
        c.forward(data, Answer::None);
    }

    fn peer_closed(&mut self, c: &Connection) {
        c.write(format!("echoed {}\n", self.echoed), Answer::None);
        c.close();
    }
}

impl Resumable for Resuming {
    const SCHEMA: &'static str = "tidegate/resumable-echo";
    const VERSION: u32 = 1;

    fn save(&self, out: &mut Vec<u8>) -> Result<(), String> {
        out.extend(self.echoed.to_be_bytes());
        Ok(())
    }

    fn load(&mut self, saved: SavedState<'_>, _chunks: &mut HeldChunks) -> Result<(), String> {
        let bytes = saved.bytes.try_into().map_err(|_| format!("{} bytes, not 8", saved.bytes.len()))?;
        self.echoed = u64::from_be_bytes(bytes);
        Ok(())
    }
}

tidegate_guest::export_swappable!(Resuming);

#[cfg(test)]
mod tests;
