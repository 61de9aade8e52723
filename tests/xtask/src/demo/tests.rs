//! The verdict: everything that must be shown is asked for, and each lack is found.

use super::verdict::{Check, judge};
use super::{CONNECTIONS, SERVICES};
use crate::counters::Counters;
use crate::load::tally::Outcome;

const TOTAL: u64 = 300 << 20;

fn clean() -> Outcome {
    Outcome {
        connections: u64::from(CONNECTIONS),
        clean: u64::from(CONNECTIONS),
        bytes_sent: TOTAL,
        bytes_received: TOTAL,
        ..Outcome::default()
    }
}

fn counters() -> Counters {
    Counters {
        accepted: u64::from(CONNECTIONS),
        closed: [("closed".to_owned(), u64::from(CONNECTIONS))].into(),
        bytes_in: TOTAL,
        bytes_out: TOTAL,
        queue_peak_bytes: 64 << 10,
        guest_memory_peak_bytes: 3 << 20,
        suspends: 5,
        resumes: 5,
        ..Counters::default()
    }
}

/// Counters with which this service passes.
fn passing(name: &str) -> Counters {
    Counters { refusals: if name == "echo-nack" { 7 } else { 0 }, ..counters() }
}

fn holds(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.holds)
}

#[test]
fn every_service_can_pass() {
    for name in SERVICES {
        let checks = judge(name, &passing(name), &clean(), TOTAL);
        assert!(holds(&checks), "{checks:?}");
    }
}

#[test]
fn no_service_passes_with_a_wrong_byte_a_missing_connection_a_fault_or_too_little_sent() {
    for name in SERVICES {
        let outcomes = [
            Outcome { different: 1, ..clean() },
            Outcome { missing: 1, ..clean() },
            Outcome { surplus: 1, ..clean() },
            Outcome { clean: 63, ..clean() },
            Outcome { connections: 63, clean: 63, ..clean() },
            Outcome { bytes_sent: 0, bytes_received: 0, ..clean() },
            Outcome { errors: vec!["an error".into()], ..clean() },
        ];
        for outcome in outcomes {
            assert!(!holds(&judge(name, &passing(name), &outcome, TOTAL)), "{name} passed with {outcome:?}");
        }
        let counted = [
            Counters { bytes_in: TOTAL - 1, ..passing(name) },
            Counters { bytes_out: TOTAL + 1, ..passing(name) },
            Counters { live: 1, ..passing(name) },
            Counters { accepted: 63, ..passing(name) },
            Counters { closed: [].into(), ..passing(name) },
            Counters { faults: [("trap".to_owned(), 1)].into(), ..passing(name) },
        ];
        for counters in counted {
            assert!(!holds(&judge(name, &counters, &clean(), TOTAL)), "{name} passed with {counters:?}");
        }
    }
}

#[test]
fn each_service_must_show_what_it_is_for() {
    for (name, counters) in [
        ("echo", Counters { refusals: 1, ..counters() }),
        ("echo-nack", Counters { refusals: 0, ..counters() }),
        ("echo-ack", Counters { suspends: 0, resumes: 0, ..counters() }),
        ("echo-ack", Counters { guest_memory_peak_bytes: (5 << 20) + 1, ..counters() }),
        ("echo-pull", Counters { queue_peak_bytes: (64 << 10) + 1, ..counters() }),
        ("unheard-of", counters()),
    ] {
        assert!(!holds(&judge(name, &counters, &clean(), TOTAL)), "{name} passed with {counters:?}");
    }
}

#[test]
fn a_failed_check_names_the_service_and_the_first_errors() {
    let outcome =
        Outcome { different: 2, errors: vec!["connection 5 differs first at byte 9".into()], ..clean() };
    let lines: Vec<_> =
        judge("echo", &counters(), &outcome, TOTAL).iter().map(|check| check.line("echo")).collect();
    assert!(lines[0].starts_with("FAILED  echo: "), "{lines:?}");
    assert!(lines[0].contains("2 bytes different") && lines[0].contains("at byte 9"), "{lines:?}");
}
