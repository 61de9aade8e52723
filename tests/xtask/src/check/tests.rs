//! The counts are read right, no package is left out, and the closing line never flatters.

use std::time::Duration;

use super::counts::Counts;
use super::plan::{Kind, plan};
use super::{Outcome, record, summary};

fn outcome(name: &'static str, passed: u64, failed: u64, failure: Option<&str>) -> Outcome {
    Outcome {
        name,
        counts: Counts { passed, failed, ignored: 0 },
        took: Duration::from_millis(1500),
        failure: failure.map(str::to_owned),
    }
}

#[test]
fn results_of_several_test_programs_are_summed_and_other_lines_passed_over() {
    let mut counts = Counts::default();
    for line in [
        "running 3 tests",
        "test a::b ... ok",
        "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        "   Doc-tests tidegate_guest",
        "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out; finished in 1.20s",
        "test result: this is said by a test itself",
        "100 passed; 3 failed",
    ] {
        counts.note(line);
    }
    assert_eq!(counts, Counts { passed: 13, failed: 2, ignored: 1 });
}

#[test]
fn every_package_is_tested_once_and_the_cheap_ones_first() {
    let stages = plan(false);
    let tests: Vec<_> = stages.iter().filter(|stage| stage.kind == Kind::Tests).collect();
    let alone: Vec<_> = tests.iter().filter_map(|stage| named(&stage.args, "-p")).collect();
    assert_eq!(alone, ["tidegate-tidy", "tidegate-machines", "tidegate-machines"]);
    let rest = tests.last().unwrap();
    assert!(rest.args.iter().any(|arg| arg == "--workspace"), "what is left is everything else");
    let left_out: Vec<_> =
        rest.args.windows(2).filter(|pair| pair[0] == "--exclude").map(|pair| &pair[1]).collect();
    assert!(left_out.iter().all(|package| alone.contains(package)), "{left_out:?} is tested alone");
    assert_eq!(stages[0].shown(), "cargo fmt --all --check");
}

fn named<'a>(args: &'a [String], option: &str) -> Option<&'a String> {
    args.windows(2).find(|pair| pair[0] == option).map(|pair| &pair[1])
}

#[test]
fn a_full_run_is_an_ordinary_run_and_more() {
    let ordinary = plan(false);
    let full = plan(true);
    assert!(full.len() > ordinary.len());
    for (one, other) in ordinary.iter().zip(&full) {
        assert_eq!(one.shown(), other.shown());
    }
}

#[test]
fn the_closing_line_sums_the_tests() {
    let lines = summary(&[outcome("a", 3, 0, None), outcome("b", 4, 0, None)], 2);
    assert_eq!(lines.last().unwrap(), "7 passed, 0 failed");
}

#[test]
fn a_stage_that_fails_without_a_failed_test_counts_as_one_and_the_rest_is_named_as_not_run() {
    let lines = summary(&[outcome("a", 3, 0, None), outcome("b", 0, 0, Some("ended badly"))], 5);
    assert_eq!(lines.last().unwrap(), "3 passed, 1 failed");
    assert!(lines.iter().any(|line| line == "3 of 5 stages were not run"), "{lines:?}");
}

#[test]
fn dates_are_civil_dates() {
    let day = 24 * 60 * 60;
    for (days, shown) in [
        (0, "1970-01-01"),
        (58, "1970-02-28"),
        (59, "1970-03-01"),
        (789, "1972-02-29"),
        (10_957, "2000-01-01"),
        (11_016, "2000-02-29"),
        (20_454, "2026-01-01"),
        (47_541, "2100-03-01"),
    ] {
        assert_eq!(record::date(days * day + day - 1), shown);
    }
}

#[test]
fn the_record_says_what_was_run_and_what_was_not() {
    let text = record::render(&[outcome("format", 5, 0, None)], 3, "2026-01-01", 2);
    assert!(text.contains("| format | 1.5 | 5 | 0 | 0 | ok |"), "{text}");
    assert!(text.contains("1 of 3 stages run: 5 passed, 0 failed."), "{text}");
}
