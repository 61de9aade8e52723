//! Hand-over and hibernation with scripted partners (invariant 10).

use super::bench::*;
use bytes::Bytes;
use tidegate_machines::Token;
use tidegate_machines::cell::{Input, Output, Purpose};
use tidegate_machines::command::{Command, ConnectionCommand};
use tidegate_machines::event::Event;
use tidegate_machines::limits::HandlerLimits;
use tidegate_machines::reason::{ClosedBy, Fault};
use tidegate_machines::turn::Turn;

use Purpose::{HandOver, Hibernate};

fn timer(token: u64, seconds: u64) -> Command<Bytes> {
    Command::SetTimer { token: Token(token), after: secs(seconds) }
}

fn restored(bench: &mut Bench, commands: Vec<Command<Bytes>>) {
    let mut turn = bench.cell.turn();
    for command in commands {
        turn.record(command).unwrap();
    }
    bench.input(Input::Restored(turn));
}

fn asleep() -> Bench {
    let mut bench = Bench::three(&push());
    bench.settle();
    bench.forget();
    bench.input(Input::Move(Hibernate));
    bench.input(Input::SnapshotTaken);
    assert_eq!(bench.outputs(), [Output::TakeSnapshot(Hibernate), Output::Sleep]);
    bench
}

#[test]
fn a_hand_over_waits_for_the_event_boundary() {
    let mut bench = Bench::registered(&push());
    bench.begin_call();
    bench.input(Input::Move(HandOver));
    assert_eq!(bench.outputs(), []);
    bench.returns(vec![on(write(4, always(1)))]);
    assert_eq!(bench.outputs(), [], "the turn is being executed");
    bench.kernel_blocks();
    assert_eq!(bench.outputs(), [Output::TakeSnapshot(HandOver)]);
}

#[test]
fn events_queue_during_a_hand_over_and_go_to_whoever_wins() {
    for is_committed in [true, false] {
        let mut bench = Bench::registered(&keep_open());
        bench.make_pending(4);
        bench.input(Input::Move(HandOver));
        bench.kernel_takes(4);
        bench.input(Input::SnapshotTaken);
        bench.peer_finishes();
        assert!(!bench.cell.can_receive(), "nothing is read meanwhile");
        if is_committed {
            restored(&mut bench, Vec::new());
        } else {
            bench.input(Input::RestoreFailed);
        }
        let last = if is_committed { Output::CommitMove } else { Output::AbandonMove };
        assert_eq!(bench.outputs(), [Output::TakeSnapshot(HandOver), Output::Restore(HandOver), last]);
        assert_eq!(bench.events(), [acked(1000), Event::PeerClosed], "committed: {is_committed}");
    }
}

#[test]
fn a_refused_snapshot_changes_nothing() {
    let mut bench = Bench::registered(&push());
    bench.input(Input::Move(HandOver));
    bench.input(Input::SnapshotRefused);
    assert_eq!(bench.outputs(), [Output::TakeSnapshot(HandOver), Output::AbandonMove]);
    bench.peer_sends("still here");
    assert_eq!(bench.events(), [Event::Received("still here".into())]);
}

#[test]
fn commands_of_restore_run_when_the_hand_over_is_committed_and_never_otherwise() {
    let mut bench = Bench::registered(&push());
    bench.input(Input::Move(HandOver));
    bench.input(Input::SnapshotTaken);
    restored(&mut bench, vec![timer(1, 1), on(write(3, always(2)))]);
    bench.kernel_takes_all();
    bench.after(secs(1));
    assert_eq!(bench.events(), [acked(2), Event::Timer(Token(1))]);

    bench.input(Input::Move(HandOver));
    bench.input(Input::SnapshotTaken);
    let mut beyond =
        Turn::new(&HandlerLimits { commands_per_turn_max: 100_000, ..HandlerLimits::default() }, 0);
    for token in 0..5000 {
        beyond.record(timer(token, 1)).unwrap();
    }
    bench.forget();
    bench.input(Input::Restored(beyond));
    assert_eq!(bench.outputs(), [Output::AbandonMove], "beyond its bounds it is refused");
    assert_eq!(bench.cell.poll_timeout(), None);
}

#[test]
fn writes_pending_in_a_hand_over_are_neither_lost_nor_repeated() {
    let mut bench = Bench::registered(&buffered(20));
    bench.make_pending(10);
    bench.does(write(5, always(1)));
    bench.kernel_takes(3);
    bench.settle();
    bench.input(Input::Move(HandOver));
    bench.kernel_takes(3);
    bench.input(Input::SnapshotTaken);
    restored(&mut bench, vec![on(write(2, always(2)))]);
    assert_eq!(bench.cell.transmit(C).map(Bytes::len).collect::<Vec<_>>(), [4, 5, 2]);
    bench.kernel_takes_all();
    assert_eq!(bench.events(), [acked(1000), acked(1), acked(2)]);
}

#[test]
fn a_second_move_while_one_waits_or_runs_is_ignored() {
    let mut bench = Bench::registered(&push());
    bench.input(Input::Move(HandOver));
    bench.input(Input::Move(Hibernate));
    bench.input(Input::SnapshotTaken);
    bench.input(Input::Move(HandOver));
    restored(&mut bench, Vec::new());
    let outputs = [Output::TakeSnapshot(HandOver), Output::Restore(HandOver), Output::CommitMove];
    assert_eq!(bench.outputs(), outputs);
}

#[test]
fn a_handler_with_events_waiting_does_not_sleep_and_says_so() {
    let mut bench = Bench::registered(&keep_open());
    bench.begin_call();
    bench.input(Input::Move(Hibernate));
    bench.peer_finishes();
    bench.returns(Vec::new());
    assert_eq!(bench.outputs(), [Output::AbandonMove]);
    assert_eq!(bench.events(), [Event::PeerClosed]);
}

#[test]
fn a_sleeping_handler_wakes_for_an_event() {
    let mut bench = asleep();
    assert!(bench.cell.can_receive());
    bench.peer_sends("wake");
    assert_eq!(bench.outputs(), [Output::Restore(Hibernate)]);
    assert_eq!(bench.events(), [], "there is no instance yet");
    restored(&mut bench, Vec::new());
    assert_eq!(bench.outputs(), [Output::CommitMove]);
    assert_eq!(bench.events(), [Event::Received("wake".into())]);
}

#[test]
fn bytes_that_woke_a_handler_are_delivered_before_what_restore_recorded_takes_effect() {
    let mut bench = asleep();
    bench.peer_sends("wake");
    restored(&mut bench, vec![on(ConnectionCommand::SuspendReading)]);
    assert_eq!(bench.events(), [Event::Received("wake".into())]);
    assert!(!bench.facts().reading);
}

#[test]
fn timers_wake_a_sleeping_handler() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![timer(1, 9)]);
    bench.settle();
    bench.forget();
    bench.input(Input::Move(Hibernate));
    bench.input(Input::SnapshotTaken);
    bench.after(secs(9));
    restored(&mut bench, Vec::new());
    assert_eq!(bench.events(), [Event::Timer(Token(1))]);
}

#[test]
fn a_handler_that_cannot_be_woken_is_lost_with_its_connections() {
    let mut bench = asleep();
    bench.peer_resets(0);
    bench.input(Input::RestoreFailed);
    assert_eq!(
        bench.outputs(),
        [
            Output::CloseSocket(C),
            Output::Restore(Hibernate),
            Output::ResetSocket(OTHERS[0]),
            Output::ResetSocket(OTHERS[1]),
            Output::Failed(Fault::Trap),
        ]
    );
    assert!(bench.cell.is_finished());
}

#[test]
fn a_sleeping_handler_gets_the_end_of_its_connection_and_is_freed() {
    let mut bench = Bench::registered(&push());
    bench.settle();
    bench.input(Input::Move(Hibernate));
    bench.input(Input::SnapshotTaken);
    bench.forget();
    bench.peer_finishes();
    restored(&mut bench, Vec::new());
    assert_eq!(bench.events(), [closed(ClosedBy::PeerClosed, 0)]);
    assert_eq!(bench.outputs().last(), Some(&Output::Freed));
}

#[test]
fn a_warm_instance_that_sleeps_is_freed_without_waking_when_the_service_drains() {
    let mut bench = Bench::starting(BenchSetup::default());
    bench.settle();
    bench.input(Input::Move(Hibernate));
    bench.input(Input::SnapshotTaken);
    bench.forget();
    bench.input(Input::Drain(secs(1)));
    assert_eq!(bench.outputs(), [Output::Freed]);
}

#[test]
fn a_move_asked_for_while_the_last_closed_is_handled_ends_in_freed() {
    let mut bench = Bench::registered(&push());
    bench.peer_resets(0);
    bench.input(Input::Move(Hibernate));
    bench.settle();
    assert_eq!(bench.outputs(), [Output::CloseSocket(C), Output::Freed]);
}
