//! The bound on CPU time of one event.
//!
//! The engine's epoch is wall time, and on a busy machine the thread may not have run at all while it advanced. So the
//! first expiry in a call (one tick after its start at the latest) only reads the thread's own CPU clock; later ones
//! compare with it and extend the deadline while the guest has CPU time left. A call shorter than a tick costs no
//! clock reading. Granted: the limit, plus at most two ticks. Never more than [`WALL_MAX`] of wall time.
//!
//! Copying a large write out of the guest is the host's work, bounded by the bytes a turn may record, and not charged:
//! the 32 MiB of a full turn would take a guest's whole 20 ms on a busy machine.

use crate::fault::Stop;
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};
use tidegate_machines::reason::Fault;

/// Longest wall time of one call, however little CPU time the machine gave it.
const WALL_MAX: Duration = Duration::from_secs(30);

/// Ticks after which an expiry looks at the clock for the first time.
pub(crate) const FIRST_LOOK_TICKS: u64 = 1;

/// The CPU time of the call under way.
#[derive(Debug)]
pub(crate) struct CpuWatch {
    limit: Duration,
    tick: Duration,
    baseline: Option<Baseline>,
}

/// Taken at the first expiry.
#[derive(Clone, Copy, Debug)]
struct Baseline {
    cpu: Duration,
    wall: Instant,
}

impl CpuWatch {
    pub(crate) fn new(limit: Duration, tick: Duration) -> Self {
        Self { limit, tick, baseline: None }
    }

    pub(crate) fn begin_call(&mut self) {
        self.baseline = None;
    }

    /// The epoch deadline passed: how many ticks more, or the end.
    pub(crate) fn on_expiry(&mut self) -> Result<u64, Stop> {
        self.judge(thread_cpu_time(), Instant::now())
    }

    /// Does work of the host and says how much CPU time it took, for [`Self::credit`].
    pub(crate) fn measured<T>(work: impl FnOnce() -> T) -> (T, Duration) {
        let before = thread_cpu_time();
        let done = work();
        (done, thread_cpu_time().saturating_sub(before))
    }

    /// CPU time of this call that was not the guest's. What came before the first expiry was not charged anyway.
    pub(crate) fn credit(&mut self, cpu: Duration) {
        if let Some(baseline) = &mut self.baseline {
            baseline.cpu = baseline.cpu.saturating_add(cpu);
        }
    }

    fn judge(&mut self, cpu: Duration, wall: Instant) -> Result<u64, Stop> {
        let Some(baseline) = self.baseline else {
            self.baseline = Some(Baseline { cpu, wall });
            return Ok(self.ticks(self.limit));
        };
        let used = cpu.saturating_sub(baseline.cpu);
        if used >= self.limit {
            return Err(self.stop(used));
        }
        if wall.saturating_duration_since(baseline.wall) >= WALL_MAX {
            return Err(Stop::new(
                Fault::Cpu,
                format!("one event took longer than {} s of wall time", WALL_MAX.as_secs()),
            ));
        }
        Ok(self.ticks(self.limit.saturating_sub(used)))
    }

    fn ticks(&self, rest: Duration) -> u64 {
        let ticks = rest.as_nanos().div_ceil(self.tick.as_nanos().max(1));
        u64::try_from(ticks).unwrap_or(u64::MAX).max(1)
    }

    fn stop(&self, used: Duration) -> Stop {
        Stop::new(
            Fault::Cpu,
            format!(
                "one event used more than {} ms of CPU time (limit {} ms)",
                used.as_millis(),
                self.limit.as_millis()
            ),
        )
    }
}

/// CPU time used by this thread since it was made.
fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanoseconds)
}

#[cfg(test)]
mod tests;
