//! The harness of the end-to-end tests: real sockets, real processes, deadlines everywhere.
//!
//! Owns: a client that checks every byte it gets ([`Client`], [`pattern`]), readers that are slow on
//! purpose ([`slow`]), the program as a process ([`Program`]), what the system says about a process
//! ([`process_facts`]), and waiting for what must come to pass ([`wait`]). Never sleeps to be in step with
//! something, never uses a fixed port.
//!
//! Everything here panics where a test must fail: it is for tests alone.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a harness fails its test by panicking; clippy knows only functions marked as tests"
)]

mod client;
pub mod pattern;
pub mod process_facts;
mod program;
mod report;
pub mod slow;
pub mod wait;

/// The guests, built for this run.
pub use tidegate_guest_artifacts as guests;

pub use client::{Client, Ending};
pub use program::{Exit, Program, Started};
pub use report::Report;
pub use wait::Deadline;
