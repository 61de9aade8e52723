//! Deadlines, and waiting for what must come to pass.
//!
//! Owns: the one place where the tests let time pass without an event to wait for. It looks again and
//! again at something that only another process or thread can change, and gives up at a deadline.

use std::time::{Duration, Instant};

/// Time one step of a test may take on a loaded machine before it has failed.
pub const STEP: Duration = Duration::from_secs(30);

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// A moment after which a test has failed.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
}

impl Deadline {
    /// This long from now.
    #[must_use]
    pub fn after(span: Duration) -> Self {
        Self { at: Instant::now() + span }
    }

    /// One [`STEP`] from now.
    #[must_use]
    pub fn step() -> Self {
        Self::after(STEP)
    }

    /// What is left, at least one millisecond, so that it can be a socket's time-out.
    ///
    /// # Panics
    /// If nothing is left: the test has failed while it was doing `what`.
    #[must_use]
    pub fn left(&self, what: &str) -> Duration {
        let left = self.at.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "deadline passed: {what}");
        left.max(Duration::from_millis(1))
    }

    /// Has it passed?
    #[must_use]
    pub fn has_passed(&self) -> bool {
        Instant::now() >= self.at
    }
}

/// Looks until there is something, within one [`STEP`].
///
/// # Panics
/// If there is nothing by then.
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    until_deadline(Deadline::step(), what, look)
}

/// Looks until there is something, within a deadline.
///
/// # Panics
/// If there is nothing by then.
pub fn until_deadline<T>(deadline: Deadline, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    loop {
        // The last look is after the deadline, so that a slow machine does not fail what has come to pass.
        let last = deadline.has_passed();
        if let Some(found) = look() {
            return found;
        }
        assert!(!last, "did not come to pass in time: {what}");
        std::thread::park_timeout(PAUSE);
    }
}
