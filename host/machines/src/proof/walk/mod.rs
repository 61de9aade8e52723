//! Every sequence of a number of inputs, with tiny limits; equal states are one.
//!
//! Each step is compared with the reference as in the simulation. Besides, from every state the drain deadline leads to
//! the end, and time alone does unless the contract lets the state last for ever.

mod alphabet;
pub(crate) mod plans;

use super::harness::{Harness, Setup, Step};
use super::reference::{Doing, Standing};
use core::hash::{Hash, Hasher};
use core::time::Duration;
use std::collections::BTreeMap;
use tidegate_machines::Length;
use tidegate_machines::cell::Purpose;
use tidegate_machines::model::Names;

pub(crate) use alphabet::Alphabet;

/// One walk.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) setup: Setup,
    /// What happens before: it leads to the root.
    pub(crate) before: Vec<Step<Length>>,
    pub(crate) alphabet: Alphabet,
    /// Inputs of each sequence.
    pub(crate) depth: usize,
}

/// What a walk came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walked {
    /// Different states seen.
    pub(crate) states: usize,
    /// Sequences of exactly the plan's depth, or shorter ones after which nothing can happen.
    pub(crate) sequences: u128,
    /// Inputs given.
    pub(crate) steps: usize,
}

/// Steps in which a state must have come to its end.
const EXIT_STEPS_MAX: usize = 200;

/// Walks.
///
/// # Errors
/// The sequence that led to what the reference says should not have been.
pub(crate) fn walk(plan: &Plan) -> Result<Walked, String> {
    let mut root = Harness::<Length>::new(plan.setup.clone())?;
    for step in &plan.before {
        root.step(step.clone())
            .map_err(|problem| format!("{}: on the way to the root: {problem}", plan.name))?;
    }
    let mut seen: BTreeMap<u128, ()> = BTreeMap::from([(key(&root), ())]);
    let mut walked = Walked { states: 1, ..Walked::default() };
    let mut frontier = vec![State { harness: root, paths: 1, trail: Vec::new() }];
    for _ in 0..plan.depth {
        // A state met before at a smaller depth is walked again from here on, so that sequences are counted right; it
        // is expanded once for each depth it appears at.
        let mut next: BTreeMap<u128, State> = BTreeMap::new();
        for state in frontier {
            let steps = plan.alphabet.steps(&state.harness);
            if steps.is_empty() {
                walked.sequences += state.paths;
            }
            for step in steps {
                walked.steps += 1;
                let harness = state.after(&step).map_err(|problem| state.blame(plan, &step, &problem))?;
                let key = key(&harness);
                if seen.insert(key, ()).is_none() {
                    walked.states += 1;
                    check_exits(&harness).map_err(|problem| state.blame(plan, &step, &problem))?;
                }
                match next.entry(key) {
                    std::collections::btree_map::Entry::Occupied(mut entry) => {
                        entry.get_mut().paths += state.paths;
                    }
                    std::collections::btree_map::Entry::Vacant(entry) => {
                        let mut trail = state.trail.clone();
                        trail.push(step);
                        entry.insert(State { harness, paths: state.paths, trail });
                    }
                }
            }
        }
        frontier = next.into_values().collect();
    }
    walked.sequences += frontier.iter().map(|state| state.paths).sum::<u128>();
    Ok(walked)
}

/// A state, how many sequences lead to it, and one of them.
struct State {
    harness: Harness<Length>,
    paths: u128,
    trail: Vec<Step<Length>>,
}

impl State {
    fn after(&self, step: &Step<Length>) -> Result<Harness<Length>, String> {
        let mut harness = self.harness.clone();
        harness.step(step.clone())?;
        Ok(harness)
    }

    fn blame(&self, plan: &Plan, step: &Step<Length>, problem: &str) -> String {
        let mut text = format!("{}: {problem}\n  after {:?}", plan.name, plan.before);
        for step in self.trail.iter().chain([step]) {
            text.push_str(&format!("\n  {step:?}"));
        }
        text
    }
}

/// 128 bits of hash of the normal form: two states of one walk that share it without being equal are not to be
/// expected in the life of the project.
fn key(harness: &Harness<Length>) -> u128 {
    let mut names = Names::default();
    let mut cell = harness.cell.clone();
    cell.normalize(&mut names);
    let mut reference = harness.reference.clone();
    reference.normalize(&mut names);
    let half = |salt: u8| {
        let mut hasher = std::hash::DefaultHasher::new();
        salt.hash(&mut hasher);
        cell.hash(&mut hasher);
        reference.hash(&mut hasher);
        for socket in harness.sockets.values() {
            (socket.is_there, socket.is_fin_told, socket.is_shut, socket.is_probed).hash(&mut hasher);
        }
        harness.call.is_some().hash(&mut hasher);
        hasher.finish()
    };
    u128::from(half(0)) << 64 | u128::from(half(1))
}

/// Every state has an exit.
fn check_exits(harness: &Harness<Length>) -> Result<(), String> {
    let mut drained = harness.clone();
    drained.step(Step::DrainExpired)?;
    pass(&mut drained, |_| false).map_err(|problem| format!("after the drain deadline: {problem}"))?;
    let mut left_alone = harness.clone();
    pass(&mut left_alone, may_last).map_err(|problem| format!("left alone: {problem}"))
}

/// What the contract lets last for ever: an open connection without idle time-out, a handler that waits for one.
fn may_last(harness: &Harness<Length>) -> bool {
    let is_open =
        harness.reference.links.values().any(|link| link.standing == Standing::Open && !link.peer_finished);
    let is_warm = harness.reference.owned == 0 && !harness.cell.is_finished();
    is_open || is_warm
}

/// Lets time pass while nobody asks for anything and the kernel takes nothing.
fn pass(harness: &mut Harness<Length>, may_stay: impl Fn(&Harness<Length>) -> bool) -> Result<(), String> {
    for _ in 0..EXIT_STEPS_MAX {
        if harness.cell.is_finished() || may_stay(harness) {
            return Ok(());
        }
        let offered = harness
            .sockets
            .keys()
            .copied()
            .find(|id| harness.reference.links.get(id).is_some_and(|link| link.offered.is_some()));
        let step = match (harness.reference.doing, offered) {
            (Doing::Calling(_), _) => Step::Return(Vec::new(), Duration::ZERO),
            (Doing::Snapshot(_), _) => Step::Snapshot(false),
            (Doing::Restore(Purpose::HandOver), _) => Step::Restore(None),
            (Doing::Restore(Purpose::Hibernate), _) => Step::Restore(Some(Vec::new())),
            (_, Some(connection)) => Step::Block(connection),
            _ => Step::Expire,
        };
        harness.step(step)?;
    }
    Err(format!("no end: {:?}", harness.cell))
}
