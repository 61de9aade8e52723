//! What a host holds of the system, counted exactly: descriptors, instances, connections, memory.
//!
//! A binary of its own, whose tests run one at a time, because they count what the whole process holds.
//! Clients that would be counted too are in another process (`idle-clients`).

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail their test by panicking; clippy knows only functions marked as tests"
)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use tidegate_e2e::process_facts::{self, Facts};

#[path = "../common/mod.rs"]
mod common;

mod faults;
mod idle;

/// Keeps the other tests of this binary out.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What this process holds.
fn held() -> Facts {
    process_facts::of(std::process::id()).expect("facts of this process")
}
