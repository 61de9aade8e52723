//! Write Tidegate connection handlers in Rust.
//!
//! A handler is told what happened on its connection and answers with commands:
//!
//! ```
//! use tidegate_guest::prelude::*;
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
//! tidegate_guest::export!(Echo);
//! # fn main() {}
//! ```
//!
//! Every event has a default, so a handler names only those it cares for. There are two shapes:
//!
//! - [`Handler`]: one value per connection. The usual one.
//! - [`Service`]: one value for the whole instance, for handlers that open listeners or connections
//!   of their own, talk to other handlers, or keep state shared by connections.
//!
//! Commands never wait. They are recorded while the event runs and carried out, in order, when it
//! returns; what comes of them arrives as later events. The contract itself, with every rule, is the
//! WIT package `tidegate:tcp` inside this crate (`wit/`).
//!
//! [`testing`] drives a handler natively, in a plain `cargo test`: no Wasm, no network.

#[allow(missing_docs, unsafe_code, unreachable_pub, reason = "generated from the contract")]
#[allow(unused_qualifications, elided_lifetimes_in_paths, reason = "generated from the contract")]
#[allow(clippy::all, clippy::use_self, clippy::semicolon_if_nothing_returned, reason = "generated")]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "generated")]
#[doc(hidden)]
pub mod bindings;

mod args;
mod backend;
mod chunk;
mod connection;
mod describe;
mod failure;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod glue;
mod handler;
mod handover;
pub mod host;
mod listener;
mod log;
mod macros;
mod message;
mod payload;
mod registration;
#[doc(hidden)]
pub mod runtime;
mod service;
pub mod tcp;
#[cfg(not(target_arch = "wasm32"))]
#[allow(clippy::panic, reason = "a wrong script, or a handler that is stuck, ends the test")]
pub mod testing;
mod timers;
mod tokens;

pub use args::{ArgError, Args};
pub use chunk::Chunk;
pub use connection::{Connection, Part};
pub use failure::Failure;
pub use handler::Handler;
pub use handover::{HeldChunks, Resumable, SavedState};
pub use listener::Listener;
pub use message::Message;
pub use payload::{Payload, TooShort};
pub use service::{Service, Start};
pub use tokens::Tokens;

pub use bindings::tcp_handler::tidegate::tcp::types::{
    Address, Answer, BindRequest, ChunkId, CloseReason, ClosedBy, CommandName, ConnectRequest, ConnectionId,
    Delivery, Destination, FileRange, HandlerId, HostAndPort, Ipv4Address, Ipv6Address, KeepAlive,
    ListenerId, ReadMode, Receiver, Refusal, Registration, SocketOption, StartReason, TimeLimit, Token,
};

/// What nearly every handler needs: `use tidegate_guest::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Answer, ArgError, Args, Chunk, CloseReason, ClosedBy, CommandName, Connection, Delivery, Failure,
        Handler, Message, Part, Payload, ReadMode, Refusal, Registration, Service, Start, Token, Tokens,
        host, tcp,
    };
    pub use crate::{debug, error, info, trace, warn};
}
