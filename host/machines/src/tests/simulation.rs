//! The runs.

use crate::proof::simulation::run;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

const SEEDS: u64 = 2_000;
const STEPS: usize = 400;

#[test]
fn random_runs_keep_the_contract() {
    let steps = number("TIDEGATE_STEPS").map_or(STEPS, |steps| steps as usize);
    let seeds = match number("TIDEGATE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TIDEGATE_SEEDS").unwrap_or(SEEDS),
    };
    let (mut calls, mut acks, mut refusals, mut closed, mut moves, mut throttled) = (0, 0, 0, 0, 0, 0);
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let outcome = run(seed, steps).unwrap_or_else(|problem| panic!("{problem}"));
        calls += outcome.tally.calls;
        acks += outcome.tally.acks;
        refusals += outcome.tally.refusals;
        closed += outcome.tally.closed;
        moves += outcome.tally.moves;
        throttled += outcome.tally.throttled;
    }
    println!(
        "{count} seeds: {calls} calls, {acks} acks, {refusals} refusals, {closed} closed, {moves} moves, \
         {throttled} throttled"
    );
    if count == SEEDS && steps == STEPS {
        assert!(acks > 5_000 && refusals > 5_000 && closed > 1_000 && moves > 100 && throttled > 10);
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..20 {
        assert_eq!(run(seed, STEPS), run(seed, STEPS), "seed {seed}");
    }
    assert_ne!(run(1, STEPS), run(2, STEPS), "the trace depends on the seed");
}
