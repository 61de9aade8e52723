//! Calls, turns, answers owed, timers, budgets, faults, draining, and when an instance ends.

use super::bench::*;
use bytes::Bytes;
use core::time::Duration;
use tidegate_machines::cell::{Input, Output, Report, Tenure};
use tidegate_machines::command::{Answer, Command, CommandName, ConnectionCommand, ReadMode};
use tidegate_machines::event::Event;
use tidegate_machines::limits::HandlerLimits;
use tidegate_machines::reason::{ClosedBy, Fault, Refusal};
use tidegate_machines::turn::{Turn, TurnOverrun};
use tidegate_machines::{ConnectionId, Token};

fn timer(token: u64, seconds: u64) -> Command<Bytes> {
    Command::SetTimer { token: Token(token), after: secs(seconds) }
}

fn with_limits(limits: HandlerLimits) -> Bench {
    Bench::registered_with(BenchSetup { handler: limits, ..BenchSetup::default() }, &buffered(50), 1)
}

#[test]
fn events_that_come_during_a_call_wait_and_keep_their_order() {
    let mut bench = Bench::registered(&keep_open());
    bench.begin_call();
    bench.input(Input::PeerFinished(C));
    bench.returns(vec![timer(1, 1)]);
    bench.after(secs(1));
    assert_eq!(bench.events(), [Event::PeerClosed, Event::Timer(Token(1))]);
}

#[test]
fn answers_judged_in_one_turn_enter_in_command_order() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![
        on(write(101, always(1))),
        Command::Unsupported { connection: C, name: CommandName::SetOption, token: Some(Token(2)) },
        on(write(0, always(3))),
        Command::Unsupported {
            connection: ConnectionId::NONE,
            name: CommandName::Connect,
            token: Some(Token(4)),
        },
        on(ConnectionCommand::ResumeWriting),
        on(write(1, always(5))),
    ]);
    bench.kernel_takes_all();
    assert_eq!(
        bench.all_events(),
        [
            (C, failed(CommandName::Write, Some(1), Refusal::TooLarge)),
            (C, failed(CommandName::SetOption, Some(2), Refusal::Unsupported)),
            (C, acked(3)),
            (ConnectionId::NONE, failed(CommandName::Connect, Some(4), Refusal::Unsupported)),
            (C, Event::WritingResumed),
            (C, acked(5)),
        ]
    );
}

#[test]
fn a_turn_is_charged_when_it_records() {
    let limits =
        HandlerLimits { commands_per_turn_max: 3, bytes_per_turn_max: 10, ..HandlerLimits::default() };
    let mut turn = Turn::<Bytes>::new(&limits, 0);
    turn.record(on(write(8, Answer::None))).unwrap();
    assert_eq!(turn.record(on(write(3, Answer::None))), Err(TurnOverrun::Bytes));
    turn.record(on(ConnectionCommand::ResumeReading)).unwrap();
    let two = on(compound(vec![part(1, Answer::None), part(1, Answer::None)]));
    assert_eq!(turn.record(two), Err(TurnOverrun::Commands), "a compound counts its parts");
    turn.record(timer(1, 1)).unwrap();
    assert_eq!(turn.record(timer(1, 1)), Err(TurnOverrun::Commands));
    assert_eq!(turn.commands().len(), 3);
    let mut owed = Turn::<Bytes>::new(&limits, 5);
    owed.record(timer(1, 1)).unwrap();
    assert_eq!(owed.record(timer(1, 1)), Err(TurnOverrun::Answers));
}

#[test]
fn answers_owed_are_at_most_twice_the_command_limit() {
    let limits = HandlerLimits { commands_per_turn_max: 2, ..HandlerLimits::default() };
    let mut bench = with_limits(limits);
    bench.make_pending(1);
    bench.guest(vec![on(ConnectionCommand::ResumeWriting), on(write(1, always(1)))]);
    bench.begin_call();
    let mut turn = bench.cell.turn();
    turn.record(on(write(1, always(2)))).unwrap();
    assert_eq!(
        turn.record(on(write(1, always(3)))),
        Err(TurnOverrun::Answers),
        "two acks and a writing-resumed are owed"
    );
    bench.returns(vec![on(write(1, always(2)))]);
    bench.kernel_takes_all();
    assert_eq!(bench.events(), [acked(1000), acked(1), acked(2), Event::WritingResumed]);
}

#[test]
fn a_turn_beyond_its_bounds_is_the_fault_it_would_have_been_when_recorded() {
    let limits = HandlerLimits { commands_per_turn_max: 2, ..HandlerLimits::default() };
    let mut bench = with_limits(limits);
    bench.begin_call();
    let mut foreign = Turn::new(&HandlerLimits::default(), 0);
    for token in 0..9 {
        foreign.record(timer(token, 1)).unwrap();
    }
    bench.input(Input::GuestReturned { turn: foreign, cpu: Duration::ZERO });
    assert_eq!(bench.outputs(), [Output::ResetSocket(C), Output::Failed(Fault::Commands)]);
}

#[test]
fn a_turn_that_faults_has_no_effect_and_costs_the_instance_and_its_connections() {
    let mut bench = Bench::three(&push());
    bench.faults(Fault::Cpu);
    assert_eq!(bench.events(), []);
    assert_eq!(
        bench.outputs(),
        [
            Output::ResetSocket(C),
            Output::ResetSocket(OTHERS[0]),
            Output::ResetSocket(OTHERS[1]),
            Output::Failed(Fault::Cpu),
        ]
    );
    assert!(bench.cell.is_finished());
    let reasons = bench
        .reports()
        .into_iter()
        .filter(|report| matches!(report, Report::Closed(_, reason) if reason.by == ClosedBy::HandlerFailed));
    assert_eq!(reasons.count(), 3);
}

#[test]
fn a_close_requested_before_a_fault_is_still_carried_out() {
    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.does(ConnectionCommand::ConfirmedClose);
    bench.faults(Fault::Trap);
    assert_eq!(bench.outputs(), [Output::Failed(Fault::Trap)]);
    bench.kernel_takes(4);
    assert_eq!(bench.outputs(), [Output::ShutdownWrite(C), Output::ProbeLinger(C)], "it goes on as close");
    assert_eq!(bench.events(), [], "nobody is left to be told");
    bench.input(Input::LingerProbed { connection: C, unacked_bytes: 0, unread_bytes: 0 });
    assert!(bench.cell.is_finished());
}

#[test]
fn a_fault_while_half_closed_lingers() {
    let mut bench = Bench::registered(&push());
    bench.does(ConnectionCommand::ConfirmedClose);
    bench.settle();
    bench.forget();
    bench.faults(Fault::Trap);
    assert_eq!(bench.outputs(), [Output::ProbeLinger(C), Output::Failed(Fault::Trap)]);
}

#[test]
fn a_flush_after_a_fault_is_limited_like_any_other() {
    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.does(ConnectionCommand::Close);
    bench.faults(Fault::Trap);
    bench.forget();
    bench.after(secs(30));
    assert_eq!(bench.outputs(), [Output::ResetSocket(C)]);
    assert!(bench.cell.is_finished());
}

#[test]
fn a_timer_is_delivered_once_and_not_in_the_round_that_set_it() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![timer(1, 0)]);
    bench.input(Input::Tick);
    assert_eq!(bench.events(), [], "time has not passed");
    bench.after(Duration::from_nanos(1));
    bench.after(secs(100));
    assert_eq!(bench.events(), [Event::Timer(Token(1))]);
}

#[test]
fn timers_come_in_the_order_they_are_due_then_set() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![timer(1, 3), timer(2, 1), timer(3, 1)]);
    bench.after(secs(10));
    assert_eq!(bench.events(), [2, 3, 1].map(|token| Event::Timer(Token(token))));
}

#[test]
fn a_timer_of_the_same_token_is_replaced_even_if_it_waits_already() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![timer(1, 1), timer(1, 5)]);
    bench.after(secs(4));
    assert_eq!(bench.events(), []);
    bench.begin_call();
    bench.after(secs(1));
    bench.returns(vec![timer(1, 5)]);
    assert_eq!(bench.events(), [], "it was due and waited");
    bench.after(secs(5));
    assert_eq!(bench.events(), [Event::Timer(Token(1))]);
}

#[test]
fn after_cancel_timer_no_such_timer_is_delivered() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![timer(1, 1), timer(2, 1)]);
    bench.begin_call();
    bench.after(secs(1));
    bench.returns(vec![Command::CancelTimer(Token(1)), Command::CancelTimer(Token(9))]);
    assert_eq!(bench.events(), [Event::Timer(Token(2))]);
}

#[test]
fn timers_over_the_limit_are_refused_and_those_that_wait_count() {
    let mut bench = with_limits(HandlerLimits { timers_max: 2, ..HandlerLimits::default() });
    bench.guest(vec![timer(1, 1), timer(2, 1), timer(3, 1)]);
    assert_eq!(bench.events(), [failed(CommandName::SetTimer, Some(3), Refusal::Limit)]);
    bench.begin_call();
    bench.after(secs(1));
    bench.returns(vec![timer(3, 1)]);
    assert_eq!(
        bench.events(),
        [
            Event::Timer(Token(1)),
            Event::Timer(Token(2)),
            failed(CommandName::SetTimer, Some(3), Refusal::Limit),
        ]
    );
}

#[test]
fn events_no_byte_paid_for_wait_when_the_budget_is_used_up() {
    let limits = HandlerLimits {
        cpu_burst: Duration::from_millis(10),
        cpu_per_second: Duration::from_millis(10),
        ..HandlerLimits::default()
    };
    let mut bench = with_limits(limits);
    bench.guest(vec![timer(1, 1), timer(2, 1)]);
    bench.settle();
    bench.forget();
    bench.after(secs(1));
    // The first timer's call takes 30 ms: 20 more than the burst, two seconds' worth.
    bench.returns_after(Duration::from_millis(30));
    assert_eq!(bench.reports(), [Report::Throttled]);
    assert_eq!(bench.cell.poll_timeout(), Some(bench.now.after(secs(2))));
    bench.input(Input::Tick);
    assert_eq!(bench.reports(), [], "reported once");
    assert!(!bench.cell.can_receive(), "one queue, in order");
}

#[test]
fn events_the_peer_paid_for_are_not_charged() {
    let limits = HandlerLimits { cpu_burst: Duration::from_millis(10), ..HandlerLimits::default() };
    let mut bench = with_limits(limits);
    bench.settle();
    bench.forget();
    for _ in 0..10 {
        bench.input(Input::Received { connection: C, data: payload(3) });
        bench.returns_after(secs(1));
    }
    assert_eq!(bench.reports(), []);
    assert!(bench.cell.can_receive());
}

#[test]
fn an_instance_that_owns_nothing_is_freed_when_it_has_handled_the_last_closed() {
    let mut bench = Bench::three(&push());
    bench.guest(vec![on(ConnectionCommand::Abort)]);
    bench.settle();
    assert_eq!(bench.outputs(), [Output::ResetSocket(C)]);
    bench.guest(OTHERS.map(|id| Command::On(id, ConnectionCommand::Abort)).into());
    bench.settle();
    let resets = OTHERS.map(Output::ResetSocket);
    assert_eq!(bench.outputs(), [resets[0].clone(), resets[1].clone(), Output::Freed]);
}

#[test]
fn a_timer_keeps_an_instance_that_owns_nothing_else() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![timer(1, 5), on(ConnectionCommand::Abort)]);
    bench.settle();
    assert_eq!(bench.outputs(), [Output::ResetSocket(C)]);
    bench.after(secs(5));
    bench.settle();
    assert_eq!(bench.outputs(), [Output::Freed]);
}

#[test]
fn the_drain_deadline_ends_an_instance_that_only_timers_keep() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![timer(1, 5), on(ConnectionCommand::Abort)]);
    bench.settle();
    bench.forget();
    bench.input(Input::DrainExpired);
    assert_eq!(bench.outputs(), [Output::Freed]);
}

#[test]
fn after_the_drain_deadline_no_timer_is_set() {
    let mut bench = Bench::registered(&push());
    bench.begin_call();
    bench.input(Input::DrainExpired);
    bench.returns(vec![timer(1, 1)]);
    bench.settle();
    assert!(bench.events().contains(&failed(CommandName::SetTimer, Some(1), Refusal::Limit)));
    assert!(bench.cell.is_finished());
}

#[test]
fn a_shared_instance_is_kept_when_it_owns_nothing_until_the_service_drains() {
    let setup = BenchSetup { tenure: Tenure::Shared, ..BenchSetup::default() };
    let mut bench = Bench::unregistered_with(setup, ReadMode::Push, 1);
    bench.peer_resets(0);
    bench.settle();
    assert_eq!(bench.outputs(), [Output::CloseSocket(C)]);
    bench.forget();
    bench.open(ConnectionId(2), ReadMode::Push);
    assert_eq!(bench.events(), [Event::Connected]);
    bench.input(Input::SocketFailed { connection: ConnectionId(2), errno: RESET, unread_bytes: 0 });
    bench.input(Input::Drain(secs(3)));
    bench.settle();
    assert_eq!(bench.outputs().last(), Some(&Output::Freed));
}

#[test]
fn draining_is_told_and_a_later_one_replaces_one_not_delivered() {
    let mut bench = Bench::registered(&push());
    bench.input(Input::Drain(secs(10)));
    bench.input(Input::Drain(secs(5)));
    bench.input(Input::Drain(secs(1)));
    assert_eq!(bench.events(), [Event::Draining(secs(10)), Event::Draining(secs(1))]);
}
