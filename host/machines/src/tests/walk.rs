//! The walks of the ordinary tests.

use crate::proof::walk::plans::{all, handler, one_connection, three_connections};
use crate::proof::walk::{Plan, walk};

fn walk_all(plans: &[Plan]) {
    for plan in plans {
        let walked = walk(plan).unwrap_or_else(|problem| panic!("{problem}"));
        println!(
            "{}: every sequence of {} inputs: {} states, {} sequences, {} inputs given",
            plan.name, plan.depth, walked.states, walked.sequences, walked.steps
        );
        assert!(plan.depth >= 7, "the contract asks for sequences of at least 7");
        assert!(walked.states > 100 && walked.sequences > 10_000, "the walk went nowhere: {walked:?}");
    }
}

#[test]
fn every_short_life_of_one_connection_keeps_the_contract() {
    walk_all(&one_connection());
}

#[test]
fn every_short_life_of_a_handler_keeps_the_contract() {
    walk_all(&handler());
}

#[test]
fn every_short_life_of_three_connections_of_one_handler_keeps_the_contract() {
    walk_all(&three_connections());
}

#[test]
fn no_two_plans_share_a_name() {
    let mut names: Vec<&str> = all().iter().map(|plan| plan.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all().len());
}
