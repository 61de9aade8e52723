//! Long random runs of a cell with scripted guests, kernels, peers and partners of hand-over and hibernation, each step
//! compared with the reference.
//!
//! A run is a function of its seed. Every failure names seed and step; `TIDEGATE_SEED=<seed>` replays one,
//! `TIDEGATE_SEEDS=<n>` widens, `TIDEGATE_STEPS=<n>` deepens.

mod guest;
mod world;

use super::harness::{Harness, Setup, Tally};
use super::rng::Rng;
use bytes::Bytes;
use core::hash::{Hash, Hasher};
use core::time::Duration;
use guest::Guest;
use tidegate_machines::cell::Tenure;
use tidegate_machines::limits::{ConnectionLimits, HandlerLimits};
use world::World;

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// Depends on every step and on the state after each.
    pub(crate) trace: u64,
}

/// Steps after the last random one in which everything must come to its end.
const ENDING_STEPS_MAX: usize = 5_000;

/// Runs `seed` for `steps` random steps and then to the end.
///
/// # Errors
/// Seed, step, and what the reference says should have been.
pub(crate) fn run(seed: u64, steps: usize) -> Result<Outcome, String> {
    let mut rng = Rng::new(seed);
    let setup = setup(&mut rng);
    let at = |step: usize, problem: String| format!("seed {seed}, step {step}: {problem}");
    let mut harness = Harness::<Bytes>::new(setup).map_err(|problem| at(0, problem))?;
    let mut world = World::new(&mut rng);
    let mut guest = Guest::new(&mut rng);
    let mut hasher = std::hash::DefaultHasher::new();
    let mut taken = 0;
    for index in 0..steps {
        let Some(step) = world.next(&harness, &mut guest, &mut rng) else { break };
        let described = format!("{step:?}");
        described.hash(&mut hasher);
        harness.step(step).map_err(|problem| at(index, format!("{described}: {problem}")))?;
        harness.cell.hash(&mut hasher);
        taken = index;
    }
    for index in 0..ENDING_STEPS_MAX {
        let Some(step) = world.ending(&harness, index) else {
            return Ok(Outcome { tally: harness.tally, trace: hasher.finish() });
        };
        let described = format!("{step:?}");
        harness.step(step).map_err(|problem| at(taken + index, format!("ending, {described}: {problem}")))?;
    }
    Err(at(taken, format!("it does not end: {:?}", harness.cell)))
}

/// Limits small enough to be met, of all sizes around what the guest does.
fn setup(rng: &mut Rng) -> Setup {
    let seconds = |rng: &mut Rng| Duration::from_secs(1 + rng.below(5));
    let tenure = match rng.below(6) {
        0 => Tenure::Shared,
        1 => Tenure::Standalone,
        _ => Tenure::Isolated,
    };
    let connection = ConnectionLimits {
        register: seconds(rng),
        idle: rng.one_in(2).then(|| seconds(rng)),
        flush: seconds(rng),
        half_close: seconds(rng),
        write_bytes_max: 4 + rng.below(40),
        queued_bytes_max: rng.below(60),
        linger_bytes_max: 1 + rng.below(60),
        linger_poll_min: Duration::from_millis(rng.below(3)),
        linger_poll_max: Duration::from_millis(10),
        by_reference_bytes_min: 4,
    };
    let handler = HandlerLimits {
        commands_per_turn_max: if rng.one_in(4) {
            2 + rng.below(8) as usize
        } else {
            10 + rng.below(30) as usize
        },
        bytes_per_turn_max: 60 + rng.below(400),
        timers_max: 1 + rng.below(4) as usize,
        cpu_burst: Duration::from_millis(5),
        cpu_per_second: Duration::from_millis(100),
    };
    Setup { tenure, handler, connection }
}
