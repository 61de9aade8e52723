//! The project's guests, built for wasm32-wasip2, as bytes and paths.
//!
//! Owns: nothing but what its build script made: for every guest a constant with its bytes (`ECHO`,
//! `ECHO_ACK`, …), one with the path of its file (`ECHO_PATH`, …), the list [`ALL`], and the macro
//! [`foreach_guest!`]. A guest is added in `build.rs`, in the list `GUESTS`.
//!
//! Set `TIDEGATE_GUESTS_DIR` to a folder with `<guest>.wasm` files to use those instead of building.

include!(concat!(env!("OUT_DIR"), "/guests.rs"));

#[cfg(test)]
mod tests;
