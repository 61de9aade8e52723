//! What this crate stands on: the imports of the contract on Wasm, the test kit's record elsewhere.
//!
//! Owns: the choice. Both sides have the same names and shapes, those of the generated bindings, so
//! that everything above is written once.

#[cfg(not(target_arch = "wasm32"))]
mod native;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::*;

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::tcp_handler::tidegate::tcp::{
    host, tcp,
    types::{Chunk, Connection, Event, Failure, Listener, Message, Part, PartData, Payload},
};
