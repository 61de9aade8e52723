//! What a guest learns of the world outside: time and randomness.
//!
//! A trait, so that an embedder can record what a guest was told and replay it. Within one event a guest sees the
//! same monotonic time however often it asks ([`crate::state`] keeps it).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where guests get time and randomness. All calls must return at once.
pub trait Ambient {
    /// Nanoseconds of a clock that never goes back, since an unspecified start.
    fn now_ns(&self) -> u64;

    /// Time since 1970-01-01T00:00:00Z; may jump.
    fn wall_clock(&self) -> Duration;

    /// Fills `buffer` with random bytes.
    ///
    /// # Errors
    /// A text for the log, if the source of randomness failed. The guest that asked loses its instance.
    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), String>;
}

/// The clocks and the random source of the operating system.
#[derive(Clone, Debug)]
pub struct SystemAmbient {
    start: Instant,
}

impl Default for SystemAmbient {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Ambient for SystemAmbient {
    fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn wall_clock(&self) -> Duration {
        // A clock set before 1970 is told as 1970: a guest can do nothing with an error here.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), String> {
        getrandom::fill(buffer).map_err(|error| format!("no randomness from the operating system: {error}"))
    }
}
