//! The walks: tiny limits, one plan for each way a connection can be registered.

use super::Plan;
use super::alphabet::{Alphabet, Scope};
use crate::proof::harness::{Setup, Step};
use core::time::Duration;
use tidegate_machines::cell::Tenure;
use tidegate_machines::command::{Command, ConnectionCommand, ReadMode, Registration};
use tidegate_machines::limits::{ConnectionLimits, HandlerLimits};
use tidegate_machines::{ConnectionId, Length};

/// Inputs of each sequence.
const DEPTH: usize = 7;

fn setup(tenure: Tenure, idle: Option<Duration>) -> Setup {
    let connection = ConnectionLimits {
        register: Duration::from_secs(3),
        idle,
        flush: Duration::from_secs(2),
        half_close: Duration::from_secs(2),
        write_bytes_max: 8,
        queued_bytes_max: 2,
        linger_bytes_max: 2,
        linger_poll_min: Duration::from_secs(1),
        linger_poll_max: Duration::from_secs(1),
        by_reference_bytes_min: 1,
    };
    let handler = HandlerLimits {
        commands_per_turn_max: 3,
        bytes_per_turn_max: 9,
        timers_max: 2,
        ..HandlerLimits::default()
    };
    Setup { tenure, handler, connection }
}

fn returns(commands: Vec<Command<Length>>) -> Step<Length> {
    Step::Return(commands, Duration::ZERO)
}

/// Started, one connection, registered.
fn registered(connections: u64, registration: &Registration) -> Vec<Step<Length>> {
    let mut steps = vec![returns(Vec::new())];
    for connection in 1..=connections {
        let register = ConnectionCommand::Register(registration.clone());
        steps.push(Step::Open(ReadMode::Push));
        steps.push(returns(vec![Command::On(ConnectionId(connection), register)]));
    }
    steps
}

/// The ways a connection can be registered that differ in a rule.
fn registrations() -> [(&'static str, Registration); 4] {
    let base = Registration::default();
    [
        (
            "push, suspending, keep-open",
            Registration { suspend_on_refusal: true, keep_open_on_peer_closed: true, ..base.clone() },
        ),
        ("push, write buffer", Registration { write_buffer_bytes: Some(2), ..base.clone() }),
        (
            "pull, suspending, write buffer",
            Registration {
                read_mode: Some(ReadMode::Pull),
                suspend_on_refusal: true,
                write_buffer_bytes: Some(2),
                ..base.clone()
            },
        ),
        (
            "paced, keep-open",
            Registration { read_mode: Some(ReadMode::Paced), keep_open_on_peer_closed: true, ..base },
        ),
    ]
}

/// The cell with one connection.
pub(crate) fn one_connection() -> Vec<Plan> {
    let mut plans: Vec<Plan> = registrations()
        .into_iter()
        .map(|(name, registration)| Plan {
            name,
            setup: setup(Tenure::Isolated, None),
            before: registered(1, &registration),
            alphabet: Alphabet { scope: Scope::Connection, registration, connections_max: 1 },
            depth: DEPTH,
        })
        .collect();
    let (_, registration) = registrations()[0].clone();
    plans.push(Plan {
        name: "from the start, idle time-out",
        setup: setup(Tenure::Isolated, Some(Duration::from_secs(3))),
        before: Vec::new(),
        alphabet: Alphabet { scope: Scope::Connection, registration, connections_max: 1 },
        depth: DEPTH,
    });
    plans
}

/// The handler with the partners of hand-over and hibernation.
pub(crate) fn handler() -> Vec<Plan> {
    let tenures =
        [("isolated", Tenure::Isolated), ("standalone", Tenure::Standalone), ("shared", Tenure::Shared)];
    let plan = |(name, tenure)| Plan {
        name,
        setup: setup(tenure, None),
        before: Vec::new(),
        alphabet: Alphabet {
            scope: Scope::Handler,
            registration: Registration { read_mode: Some(ReadMode::Pull), ..Registration::default() },
            connections_max: 1,
        },
        depth: DEPTH,
    };
    tenures.into_iter().map(plan).collect()
}

/// One handler that owns three connections.
pub(crate) fn three_connections() -> Vec<Plan> {
    let registration = Registration { suspend_on_refusal: true, ..Registration::default() };
    vec![Plan {
        name: "three connections",
        setup: setup(Tenure::Isolated, None),
        before: registered(3, &registration),
        alphabet: Alphabet { scope: Scope::Shared, registration, connections_max: 3 },
        depth: DEPTH,
    }]
}

/// Every plan.
pub(crate) fn all() -> Vec<Plan> {
    [one_connection(), handler(), three_connections()].concat()
}
