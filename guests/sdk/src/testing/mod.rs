//! Drives a handler natively, in a plain `cargo test`: no Wasm, no network, no clock.
//!
//! Two ways, over the same handler:
//!
//! - [`Kit`]: scripted events in, commands out, to be compared one by one.
//! - [`Wire`]: one connection with a modelled kernel and peer, which judges writes and reads as the
//!   contract says. For what must hold however events fall: nothing lost, nothing twice.
//!
//! ```
//! use tidegate_guest::prelude::*;
//! use tidegate_guest::testing::{Command, start};
//!
//! #[derive(Clone, Default)]
//! struct Echo;
//!
//! impl Handler for Echo {
//!     fn received(&mut self, c: &Connection, data: Payload) {
//!         c.forward(data, Answer::None);
//!     }
//! }
//!
//! let mut kit = start::<Echo>(&[]).expect("no arguments needed");
//! let c = kit.connect();
//! assert_eq!(kit.commands(), [Command::Register { connection: c, registration: Registration::paced() }]);
//! kit.received(c, b"hello");
//! assert_eq!(kit.commands(), [Command::write(c, b"hello", Answer::None)]);
//! ```

pub(crate) mod command;
mod kit;
mod pieces;
pub(crate) mod record;
mod wire;

pub use command::{Command, PartForm, SentPart, Written};
pub use kit::{Kit, start, start_service};
pub use pieces::Pieces;
pub use record::Facts;
pub use wire::{Wire, WireLimits};
