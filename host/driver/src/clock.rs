//! The one clock of a runtime: tokio's, so that tests can stop it.

use tidegate_machines::Timestamp;
use tokio::time::Instant;

/// Turns instants into the numbers the machines know, and back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock that starts at zero, now.
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// Now.
    pub(crate) fn now(self) -> Timestamp {
        Timestamp::default().after(self.origin.elapsed())
    }

    /// The instant `at` names. `None` if it lies beyond what the platform can express: it never comes.
    pub(crate) fn instant(self, at: Timestamp) -> Option<Instant> {
        self.origin.checked_add(at.since(Timestamp::default()))
    }
}
