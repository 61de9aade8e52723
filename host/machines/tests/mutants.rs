//! Every mistake the machines can be told to make is caught by the simulation or by a walk.
//!
//! Run with `cargo test -p tidegate-machines --features mutants --test mutants`.

#[path = "../src/proof/mod.rs"]
mod proof;

use proof::{simulation, walk};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tidegate_machines::mutation::{self, Mutation};

const SEEDS: u64 = 2_000;
const STEPS: usize = 400;

/// Makes the mistake and runs `proof`; what it said, by error or by an assertion of the machines, if it saw it.
fn seen(mutation: Mutation, proof: impl FnOnce() -> Result<(), String>) -> Option<String> {
    mutation::make(Some(mutation));
    let result = catch_unwind(AssertUnwindSafe(proof));
    mutation::make(None);
    match result {
        Ok(Ok(())) => None,
        Ok(Err(problem)) => Some(problem),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            Some(text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
        }
    }
}

fn simulate() -> Result<(), String> {
    (0..SEEDS).try_for_each(|seed| simulation::run(seed, STEPS).map(|_| ()))
}

fn walk_short() -> Result<(), String> {
    for mut plan in walk::plans::all() {
        plan.depth = 4;
        walk::walk(&plan)?;
    }
    Ok(())
}

/// Panics are expected here, by the dozen: what they say is printed with the mistake they reveal.
fn be_quiet() {
    std::panic::set_hook(Box::new(|_| {}));
}

#[test]
fn every_mistake_is_caught_by_simulation_or_walk() {
    be_quiet();
    let mut missed = Vec::new();
    for mutation in Mutation::ALL {
        let by_simulation = seen(mutation, simulate);
        let by_walk = seen(mutation, walk_short);
        let first = |problem: &Option<String>| match problem {
            Some(problem) => problem.lines().next().unwrap_or_default().chars().take(160).collect(),
            None => String::from("not seen"),
        };
        println!("{mutation:?}\n  simulation: {}\n  walk: {}", first(&by_simulation), first(&by_walk));
        if by_simulation.is_none() && by_walk.is_none() {
            missed.push(mutation);
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

#[test]
fn without_a_mistake_nothing_is_caught() {
    mutation::make(None);
    for seed in 0..200 {
        simulation::run(seed, STEPS).unwrap_or_else(|problem| panic!("{problem}"));
    }
    walk_short().unwrap_or_else(|problem| panic!("{problem}"));
}
