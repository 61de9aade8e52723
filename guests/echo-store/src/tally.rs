//! Counts that would cost too much to report one by one.

use tidegate_guest::prelude::*;

/// A count is reported whenever it has grown by this much, and when the connection ends.
pub const REPORT_EVERY: u64 = 64;

/// A counter of the service, reported in steps: an ack costs less than telling the host of it.
#[derive(Clone, Debug)]
pub struct Tally {
    name: &'static str,
    unreported: u64,
}

impl Tally {
    /// A counter under this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, unreported: 0 }
    }

    /// One more.
    pub fn add(&mut self) {
        self.unreported += 1;
        if self.unreported == REPORT_EVERY {
            self.report();
        }
    }

    /// Reports what was not reported yet.
    pub fn report(&mut self) {
        if self.unreported > 0 {
            host::count(self.name, self.unreported);
            self.unreported = 0;
        }
    }
}
