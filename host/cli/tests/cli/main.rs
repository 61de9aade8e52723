//! The program as a process: what it prints, how it ends, what it makes of bad input.
//!
//! These tests live with the package that owns the program, because cargo tells its path to nobody
//! else; their harness is `tests/e2e`. Nothing here links the host library.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail their test by panicking; clippy knows only functions marked as tests"
)]

use std::path::Path;

mod bad_input;
mod faults;
mod inspecting;
mod making;
mod reporting;
mod serving;
mod stopping;
mod streams;

/// The program under test.
fn tidegate() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_tidegate"))
}
