//! The driver on real loopback sockets, with guests written in Rust. One binary for all, so that one is linked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
mod echo;
mod ending;
mod invariant_7;
mod invariant_8;
mod isolation;
