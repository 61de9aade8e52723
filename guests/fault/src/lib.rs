//! A guest that misbehaves as its arguments say, to show that the host survives it.
//!
//! `mode=` says how, `when=started|connected|received` (default `received`) says in which event; until
//! then, and without a mode, it echoes. Modes that survive (`print`, `read-stdin`, …) go on echoing.

mod mode;

use mode::{Mode, When};
use tidegate_guest::prelude::*;

/// One connection, echoed until the fault.
#[derive(Clone, Default)]
pub struct Fault {
    mode: Mode,
    when: When,
}

impl Handler for Fault {
    fn configure(&mut self, args: &mut Args) -> Result<(), ArgError> {
        self.mode = args.choice("mode", &Mode::WORDS)?.unwrap_or_default();
        self.when = args.choice("when", &When::WORDS)?.unwrap_or_default();
        if self.when == When::Started {
            self.mode.misbehave(None);
        }
        Ok(())
    }

    fn connected(&mut self, c: &Connection) {
        c.register(Registration::paced());
        if self.when == When::Connected {
            self.mode.misbehave(Some(c));
        }
    }

    fn received(&mut self, c: &Connection, data: Payload) {
        if self.when == When::Received {
            self.mode.misbehave(Some(c));
        }
        c.forward(data, Answer::None);
    }
}

tidegate_guest::export!(Fault);

#[cfg(test)]
mod tests;
