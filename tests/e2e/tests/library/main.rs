//! The host as a library, with real guests and raw clients.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail their test by panicking; clippy knows only functions marked as tests"
)]

#[path = "../common/mod.rs"]
mod common;

mod echo;
mod emptied;
mod every_import;
mod invariants;
mod raw_fault;
mod resumable;
mod stuck;
