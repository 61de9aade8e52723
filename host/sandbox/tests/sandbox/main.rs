//! The sandbox, with guests written as WebAssembly text: no toolchain, no guest crate.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test, and its harness, fails by panicking")]

mod cache;
mod contract;
mod faults;
mod limits;
mod modules;
mod payload;
mod support;
mod wasi;
