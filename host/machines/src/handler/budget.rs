//! The rolling CPU budget: pays for guest calls that no byte paid for (invariant 11, last sentence).

use crate::limits::HandlerLimits;
use crate::time::Timestamp;
use core::time::Duration;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// CPU nanoseconds that may be used before waiting; below zero after an overrun.
    left_ns: i64,
    updated: Timestamp,
    burst_ns: i64,
    per_second_ns: i64,
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

impl Budget {
    pub(crate) fn new(limits: &HandlerLimits) -> Self {
        Self {
            left_ns: nanos(limits.cpu_burst),
            updated: Timestamp::default(),
            burst_ns: nanos(limits.cpu_burst),
            per_second_ns: nanos(limits.cpu_per_second).clamp(1, NANOS_PER_SECOND),
        }
    }

    fn left_at(&self, now: Timestamp) -> i64 {
        let elapsed = i128::from(nanos(now.since(self.updated)));
        let regained = elapsed * i128::from(self.per_second_ns) / i128::from(NANOS_PER_SECOND);
        let left = i128::from(self.left_ns) + regained;
        i64::try_from(left).unwrap_or(i64::MAX).min(self.burst_ns)
    }

    pub(crate) fn charge(&mut self, cpu: Duration, now: Timestamp) {
        self.left_ns = self.left_at(now).saturating_sub(nanos(cpu));
        self.updated = now;
    }

    /// When something is left again; `None` if something is left now.
    pub(crate) fn ready_at(&self, now: Timestamp) -> Option<Timestamp> {
        let left = self.left_at(now);
        if left >= 0 {
            return None;
        }
        let missing = i128::from(left).unsigned_abs();
        let rate = u128::from(self.per_second_ns.unsigned_abs());
        let wait = (missing * u128::from(NANOS_PER_SECOND.unsigned_abs())).div_ceil(rate);
        Some(now.after(Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX))))
    }

    #[cfg(any(test, feature = "model"))]
    pub(crate) fn normalize(&mut self, now: Timestamp) {
        self.left_ns = self.left_at(now);
        self.updated = crate::model::PRESENT;
    }
}
