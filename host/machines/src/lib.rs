//! The rules of Tidegate, without a socket, a clock, a random number or a guest.
//!
//! Two machines: [`connection::Connection`] (one per socket: read gate, write queue, closing, time-outs) and
//! [`handler::Handler`] (one per component instance: mailbox, one guest call at a time, the recorded turn and its
//! cursor, answers owed, timers). A [`cell::Cell`] is a handler with the connections it owns, and is what a driver
//! drives: facts in ([`cell::Input`]), requests out ([`cell::Output`]), time as an argument.
//!
//! Never here: I/O, clocks, randomness, locks, threads, iteration over a hash map.

pub mod cell;
pub mod command;
pub mod connection;
pub mod event;
pub mod facts;
pub mod handler;
pub mod id;
pub mod limits;
#[cfg(any(test, feature = "model"))]
pub mod model;
#[cfg(feature = "mutants")]
pub mod mutation;
#[cfg(not(feature = "mutants"))]
mod mutation;
pub mod payload;
pub mod reason;
pub mod time;
pub mod turn;

#[cfg(test)]
mod proof;
#[cfg(test)]
mod tests;

/// Proofs name the crate as its users do, so that they can be built against it from outside too.
#[cfg(test)]
extern crate self as tidegate_machines;

pub use id::{ChunkId, ConnectionId, HandlerId, Token};
pub use payload::{Length, Payload};
pub use time::Timestamp;
