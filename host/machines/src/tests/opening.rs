//! From `started` to `register`.

use super::bench::*;
use tidegate_machines::cell::{Input, Output, ReadInterest, Tenure};
use tidegate_machines::command::{Command, CommandName, ConnectionCommand, ReadMode};
use tidegate_machines::event::{Event, StartReason};
use tidegate_machines::reason::{ClosedBy, Refusal, TimeLimit};
use tidegate_machines::{ConnectionId, Token};

fn timer(token: u64, seconds: u64) -> Command<bytes::Bytes> {
    Command::SetTimer { token: Token(token), after: secs(seconds) }
}

#[test]
fn started_comes_first_and_once() {
    let mut bench = Bench::starting(BenchSetup::default());
    bench.open(C, ReadMode::Push);
    assert_eq!(bench.events(), [Event::Started(StartReason::Fresh), Event::Connected]);
}

#[test]
fn commands_of_started_run_at_the_head_of_the_turn_of_the_first_connected() {
    let mut bench = Bench::starting(BenchSetup::default());
    bench.returns(vec![timer(1, 1)]);
    bench.after(secs(10));
    assert_eq!(bench.cell.poll_timeout(), None, "held: no timer is set");
    bench.open(C, ReadMode::Push);
    bench.returns(vec![timer(1, 3)]);
    bench.forget();
    bench.after(secs(1));
    assert_eq!(bench.events(), [], "the turn's own command came after the held one and replaced its timer");
    bench.after(secs(2));
    assert_eq!(bench.events(), [Event::Timer(Token(1))]);
}

#[test]
fn commands_of_started_run_at_once_in_a_standalone_instance() {
    let mut bench = Bench::starting(BenchSetup { tenure: Tenure::Standalone, ..BenchSetup::default() });
    bench.returns(vec![timer(1, 1)]);
    bench.forget();
    bench.after(secs(1));
    assert_eq!(bench.events(), [Event::Timer(Token(1))]);
    assert_eq!(bench.outputs(), [Output::Freed], "nothing is left to wait for");
}

#[test]
fn commands_of_started_never_run_if_that_turn_faults() {
    let mut bench = Bench::starting(BenchSetup::default());
    bench.returns(vec![timer(1, 1)]);
    bench.open(C, ReadMode::Push);
    bench.faults(tidegate_machines::reason::Fault::Trap);
    assert_eq!(bench.cell.poll_timeout(), None);
    assert!(bench.cell.is_finished());
}

#[test]
fn a_warm_instance_waits_and_ends_without_running_anything_when_the_service_drains() {
    let mut bench = Bench::starting(BenchSetup::default());
    bench.returns(vec![timer(1, 1)]);
    bench.after(secs(1000));
    assert_eq!(bench.outputs(), []);
    bench.forget();
    bench.input(Input::Drain(secs(10)));
    assert_eq!((bench.outputs(), bench.events()), (vec![Output::Freed], vec![]));
    assert!(bench.cell.is_finished());
}

#[test]
fn nothing_is_read_before_register() {
    let mut bench = Bench::unregistered();
    assert_eq!(bench.peer_sends("early"), ReadInterest::Off);
    bench.does(ConnectionCommand::Register(push()));
    assert!(matches!(bench.peer_sends("early"), ReadInterest::Deliver(_)));
    assert_eq!(bench.events(), [Event::Received("early".into())]);
}

#[test]
fn a_connection_that_is_not_registered_in_time_is_reset() {
    let mut bench = Bench::unregistered();
    bench.after(secs(5));
    assert_eq!(bench.events(), [closed(ClosedBy::TimedOut(TimeLimit::Register), 0)]);
    assert_eq!(bench.outputs(), [Output::ResetSocket(C), Output::Freed]);
}

#[test]
fn commands_do_not_restart_the_register_time_out() {
    let mut bench = Bench::unregistered();
    for _ in 0..4 {
        bench.after(secs(1));
        bench.does(ConnectionCommand::SuspendReading);
        bench.does(ConnectionCommand::ResumeReading);
    }
    assert_eq!(bench.events(), []);
    bench.after(secs(1));
    assert_eq!(bench.events(), [closed(ClosedBy::TimedOut(TimeLimit::Register), 0)]);
}

#[test]
fn registering_just_in_time_ends_that_time_out() {
    let mut bench = Bench::unregistered();
    bench.after(core::time::Duration::from_millis(4999));
    bench.does(ConnectionCommand::Register(push()));
    bench.after(secs(100_000));
    assert_eq!(bench.events(), []);
}

#[test]
fn a_second_register_is_refused_and_changes_nothing() {
    let mut bench = Bench::registered(&mode(ReadMode::Pull));
    bench.does(ConnectionCommand::Register(push()));
    assert_eq!(bench.events(), [failed(CommandName::Register, None, Refusal::AlreadyRegistered)]);
    assert_eq!(bench.interest(), ReadInterest::Off, "still pull");
}

#[test]
fn writes_before_register_are_refused() {
    let mut bench = Bench::unregistered();
    bench.guest(vec![on(write(3, always(7))), on(write(0, always(8))), on(ConnectionCommand::ResumeWriting)]);
    assert_eq!(
        bench.events(),
        [
            failed(CommandName::Write, Some(7), Refusal::NotRegistered),
            failed(CommandName::Write, Some(8), Refusal::NotRegistered),
            failed(CommandName::ResumeWriting, None, Refusal::NotRegistered),
        ]
    );
}

#[test]
fn what_was_wished_of_reading_before_register_is_honoured() {
    for (wish, read_mode, is_read) in [
        (ConnectionCommand::SuspendReading, ReadMode::Push, false),
        (ConnectionCommand::SuspendReading, ReadMode::Paced, false),
        (ConnectionCommand::SuspendReading, ReadMode::Pull, false),
        (ConnectionCommand::ResumeReading, ReadMode::Pull, true),
        (ConnectionCommand::ResumeReading, ReadMode::Push, true),
    ] {
        let mut bench = Bench::unregistered();
        bench.does(wish.clone());
        bench.does(ConnectionCommand::Register(mode(read_mode)));
        bench.settle();
        assert_eq!(bench.interest() != ReadInterest::Off, is_read, "{wish:?}, {read_mode:?}");
    }
}

#[test]
fn the_read_mode_given_when_it_was_opened_holds_if_register_names_none() {
    let mut bench = Bench::unregistered_with(BenchSetup::default(), ReadMode::Pull, 1);
    bench.does(ConnectionCommand::Register(push()));
    bench.settle();
    assert_eq!(bench.interest(), ReadInterest::Off);
    bench.does(ConnectionCommand::ResumeReading);
    bench.settle();
    assert!(matches!(bench.interest(), ReadInterest::Deliver(_)));
}

#[test]
fn a_fin_before_register_is_told_when_it_registers() {
    let mut bench = Bench::unregistered();
    bench.peer_finishes();
    assert_eq!(bench.events(), []);
    bench.does(ConnectionCommand::Register(keep_open()));
    assert_eq!(bench.events(), [Event::PeerClosed]);

    let mut bench = Bench::unregistered();
    bench.peer_finishes();
    bench.does(ConnectionCommand::Register(push()));
    assert_eq!(bench.events(), [closed(ClosedBy::PeerClosed, 0)]);
}

#[test]
fn a_reset_before_register_ends_it_at_once() {
    let mut bench = Bench::unregistered();
    bench.peer_resets(5);
    assert_eq!(bench.events(), [closed(ClosedBy::ErrorClosed(RESET), 5)]);
    assert_eq!(bench.outputs(), [Output::CloseSocket(C), Output::Freed]);
}

#[test]
fn a_connection_for_an_instance_that_is_over_is_reset() {
    let mut bench = Bench::unregistered();
    bench.does(ConnectionCommand::Abort);
    bench.settle();
    bench.forget();
    bench.open(ConnectionId(9), ReadMode::Push);
    assert_eq!(bench.outputs(), [Output::ResetSocket(ConnectionId(9))]);
    assert!(bench.cell.is_finished());
}

#[test]
fn an_id_in_use_or_none_opens_nothing() {
    let mut bench = Bench::registered(&push());
    bench.open(C, ReadMode::Push);
    bench.open(ConnectionId::NONE, ReadMode::Push);
    assert_eq!(bench.events(), []);
    assert_eq!(bench.cell.connections().collect::<Vec<_>>(), [C]);
}
