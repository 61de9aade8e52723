//! Every input in every state has a defined outcome: what makes no sense changes nothing.

use super::bench::*;
use bytes::Bytes;
use core::time::Duration;
use tidegate_machines::ConnectionId;
use tidegate_machines::cell::{Input, Purpose};
use tidegate_machines::command::{ConnectionCommand, ReadMode};
use tidegate_machines::limits::ConnectionLimits;
use tidegate_machines::reason::Fault;

const STRANGER: ConnectionId = ConnectionId(99);

/// Inputs that answer nothing that was asked.
fn senseless(bench: &Bench) -> Vec<Input<Bytes>> {
    vec![
        Input::GuestReturned { turn: bench.cell.turn(), cpu: Duration::MAX },
        Input::GuestFaulted(Fault::Trap),
        Input::Received { connection: STRANGER, data: payload(3) },
        Input::Discarded { connection: STRANGER, bytes: u64::MAX },
        Input::PeerFinished(STRANGER),
        Input::SocketFailed { connection: STRANGER, errno: 1, unread_bytes: u64::MAX },
        Input::Transmitted { connection: STRANGER, bytes: u64::MAX },
        Input::Transmitted { connection: C, bytes: u64::MAX },
        Input::Blocked(STRANGER),
        Input::LingerProbed { connection: C, unacked_bytes: 0, unread_bytes: 0 },
        Input::Expired { connection: STRANGER, unread_bytes: 1 },
        Input::Expired { connection: C, unread_bytes: 1 },
        Input::SnapshotTaken,
        Input::SnapshotRefused,
        Input::Restored(bench.cell.turn()),
        Input::RestoreFailed,
    ]
}

#[test]
fn answers_to_nothing_change_nothing() {
    for mut bench in [Bench::registered(&push()), Bench::unregistered()] {
        bench.settle();
        bench.forget();
        for input in senseless(&bench) {
            let before = bench.cell.clone();
            bench.input(input.clone());
            assert_eq!(bench.cell, before, "{input:?}");
            assert_eq!((bench.outputs(), bench.events()), (vec![], vec![]), "{input:?}");
        }
    }
}

#[test]
fn a_cell_that_is_over_stays_over_whatever_comes() {
    let mut bench = Bench::registered(&push());
    bench.does(ConnectionCommand::Abort);
    bench.settle();
    assert!(bench.cell.is_finished());
    bench.forget();
    let mut inputs = senseless(&bench);
    inputs.extend([
        Input::Tick,
        Input::Drain(secs(1)),
        Input::DrainExpired,
        Input::Move(Purpose::HandOver),
        Input::Move(Purpose::Hibernate),
    ]);
    for input in inputs {
        bench.input(input);
        assert_eq!((bench.outputs(), bench.events()), (vec![], vec![]));
        assert!(bench.cell.is_finished() && bench.cell.poll_timeout().is_none());
    }
}

#[test]
fn numbers_at_the_ends_of_their_ranges_are_only_numbers() {
    let connection = ConnectionLimits {
        register: Duration::MAX,
        idle: Some(Duration::MAX),
        flush: Duration::MAX,
        half_close: Duration::MAX,
        write_bytes_max: u64::MAX,
        queued_bytes_max: u64::MAX,
        linger_bytes_max: 0,
        linger_poll_min: Duration::MAX,
        linger_poll_max: Duration::ZERO,
        by_reference_bytes_min: 0,
    };
    let setup = BenchSetup { connection, ..BenchSetup::default() };
    let mut bench = Bench::registered_with(setup, &buffered(u64::MAX), 1);
    bench.make_pending(3);
    bench.input(Input::Discarded { connection: C, bytes: u64::MAX });
    bench.input(Input::Discarded { connection: C, bytes: u64::MAX });
    bench.does(ConnectionCommand::Close);
    bench.now = tidegate_machines::Timestamp(u64::MAX);
    bench.kernel_takes(u64::MAX);
    bench.settle();
    for _ in 0..10 {
        bench.until_due_if_any();
    }
    assert!(bench.cell.is_finished());
}

#[test]
fn limits_of_nothing_end_things_at_once_but_do_not_spin() {
    let connection = ConnectionLimits {
        register: Duration::ZERO,
        idle: Some(Duration::ZERO),
        flush: Duration::ZERO,
        half_close: Duration::ZERO,
        write_bytes_max: 0,
        queued_bytes_max: 0,
        linger_bytes_max: 0,
        linger_poll_min: Duration::ZERO,
        linger_poll_max: Duration::ZERO,
        by_reference_bytes_min: 0,
    };
    let mut setup = BenchSetup { connection, ..BenchSetup::default() };
    setup.handler.commands_per_turn_max = 0;
    setup.handler.timers_max = 0;
    setup.handler.cpu_burst = Duration::ZERO;
    setup.handler.cpu_per_second = Duration::ZERO;
    let mut bench = Bench::unregistered_with(setup, ReadMode::Push, 3);
    for _ in 0..10 {
        bench.until_due_if_any();
    }
    bench.settle();
    assert!(bench.cell.is_finished());
}
