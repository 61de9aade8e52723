//! Small services of the host, answered at once.
//!
//! Owns: nothing. Using these instead of the standard library's keeps a guest free of WASI calls and
//! lets its runs be replayed.

use std::time::Duration;

use crate::backend;

pub use crate::bindings::tcp_handler::tidegate::tcp::host::Level;

/// A clock that never goes back, since an unspecified start. The same within one event.
#[must_use]
pub fn now() -> Duration {
    Duration::from_nanos(backend::host::now_ns())
}

/// Milliseconds since 1970-01-01T00:00:00Z. May jump.
#[must_use]
pub fn wall_clock_ms() -> u64 {
    backend::host::wall_clock_ms()
}

/// 64 random bits, good enough for hash seeds and jitter.
#[must_use]
pub fn random_u64() -> u64 {
    backend::host::random_u64()
}

/// Writes one line to the host's log. The macros ([`info!`](crate::info) and so on) format it.
pub fn log(level: Level, message: &str) {
    backend::host::log(level, message);
}

/// Adds to a named counter of the service. Names are 1 to 64 characters of `a-z 0-9 . _ -`; the host
/// drops others.
pub fn count(name: &str, by: u64) {
    backend::host::count(name, by);
}
