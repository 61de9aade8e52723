//! Time-outs of one connection: each counts lack of progress (invariant 6).

use super::bench::*;
use core::time::Duration;
use tidegate_machines::cell::{Input, Output};
use tidegate_machines::command::{ConnectionCommand, Registration};
use tidegate_machines::event::Event;
use tidegate_machines::reason::{ClosedBy, TimeLimit};

fn timed_out(limit: TimeLimit) -> Event<bytes::Bytes> {
    closed(ClosedBy::TimedOut(limit), 0)
}

fn idle(registration: Registration) -> Bench {
    Bench::registered(&Registration { idle: Some(secs(10)), ..registration })
}

#[test]
fn an_open_connection_without_idle_limit_lasts() {
    let bench = Bench::registered(&push());
    assert_eq!(bench.cell.poll_timeout(), None);
}

#[test]
fn idle_restarts_with_every_byte_either_way() {
    let mut bench = idle(push());
    bench.after(secs(9));
    bench.peer_sends("x");
    bench.after(secs(9));
    bench.does(write(2, always(1)));
    bench.kernel_takes(1);
    bench.kernel_blocks();
    bench.after(secs(9));
    bench.kernel_takes(1);
    bench.after(secs(9));
    assert_eq!(bench.events(), [Event::Received("x".into()), acked(1)]);
    bench.after(secs(1));
    assert_eq!(bench.events(), [timed_out(TimeLimit::Idle)]);
}

#[test]
fn idle_is_not_restarted_by_commands_nor_by_a_kernel_that_blocks() {
    let mut bench = idle(push());
    bench.make_pending(4);
    bench.after(secs(6));
    bench.kernel_blocks();
    bench.does(ConnectionCommand::SuspendReading);
    bench.after(secs(4));
    assert_eq!(bench.events(), [timed_out(TimeLimit::Idle)]);
}

#[test]
fn idle_with_everything_sent_closes_in_order_and_with_output_waiting_resets() {
    let mut bench = idle(push());
    bench.after(secs(10));
    bench.settle();
    assert_eq!(bench.outputs(), [Output::ShutdownWrite(C), Output::ProbeLinger(C), Output::Freed]);

    let mut bench = idle(push());
    bench.make_pending(4);
    bench.after(secs(10));
    bench.settle();
    assert_eq!(bench.outputs(), [Output::ResetSocket(C), Output::Freed]);

    let mut bench = idle(keep_open());
    bench.peer_finishes();
    bench.after(secs(10));
    bench.settle();
    assert_eq!(bench.outputs(), [Output::CloseSocket(C), Output::Freed], "both directions are over");
}

#[test]
fn a_flush_is_limited_by_lack_of_progress_and_reset() {
    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.does(ConnectionCommand::Close);
    for _ in 0..3 {
        bench.after(secs(29));
        bench.kernel_takes(1);
        bench.peer_sends("input does not count");
    }
    assert_eq!(bench.events(), []);
    bench.after(secs(30));
    assert_eq!(bench.events(), [closed(ClosedBy::TimedOut(TimeLimit::Flush), 60)]);
    assert_eq!(bench.outputs(), [Output::ResetSocket(C), Output::Freed]);
}

#[test]
fn an_upgraded_close_does_not_restart_the_flush_limit() {
    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.does(ConnectionCommand::ConfirmedClose);
    bench.after(secs(20));
    bench.does(ConnectionCommand::Close);
    bench.after(secs(10));
    assert_eq!(bench.events(), [timed_out(TimeLimit::Flush)]);
}

#[test]
fn a_peer_that_never_answers_a_confirmed_close_is_not_waited_for_for_ever() {
    let mut bench = Bench::registered(&push());
    bench.does(ConnectionCommand::ConfirmedClose);
    bench.after(secs(59));
    bench.peer_sends("more");
    bench.after(secs(59));
    assert_eq!(bench.events(), [Event::Received("more".into())]);
    bench.input(Input::Expired { connection: C, unread_bytes: 3 });
    bench.now = bench.now.after(secs(1));
    bench.input(Input::Expired { connection: C, unread_bytes: 3 });
    assert_eq!(
        bench.events(),
        [closed(ClosedBy::TimedOut(TimeLimit::HalfClose), 3)],
        "what was dropped is told"
    );
    assert_eq!(bench.outputs(), [Output::ShutdownWrite(C), Output::ProbeLinger(C), Output::Freed]);
}

#[test]
fn a_half_open_connection_is_limited_by_the_direction_that_is_still_open() {
    let mut bench = Bench::registered(&keep_open());
    bench.peer_finishes();
    bench.after(secs(59));
    bench.does(write(1, always(1)));
    bench.kernel_takes_all();
    bench.after(secs(59));
    assert_eq!(bench.events(), [Event::PeerClosed, acked(1)]);
    bench.after(secs(1));
    assert_eq!(bench.events(), [timed_out(TimeLimit::HalfClose)]);
    assert_eq!(bench.outputs(), [Output::CloseSocket(C), Output::Freed]);
}

#[test]
fn a_half_open_connection_with_output_waiting_is_reset() {
    let mut bench = Bench::registered(&keep_open());
    bench.peer_finishes();
    bench.make_pending(4);
    bench.after(secs(60));
    assert_eq!(bench.events(), [timed_out(TimeLimit::HalfClose)]);
    assert_eq!(bench.outputs(), [Output::ResetSocket(C), Output::Freed]);
}

#[test]
fn a_guest_may_lower_but_not_raise_a_limit() {
    for (asked, got) in [(secs(1), secs(1)), (secs(1000), secs(30))] {
        let mut bench = Bench::registered(&Registration { flush: Some(asked), ..push() });
        bench.make_pending(4);
        bench.does(ConnectionCommand::Close);
        assert_eq!(bench.cell.poll_timeout(), Some(bench.now.after(got)));
    }
    let mut setup = BenchSetup::default();
    setup.connection.idle = Some(secs(10));
    let bench = Bench::registered_with(setup, &Registration { idle: Some(secs(99)), ..push() }, 1);
    assert_eq!(bench.cell.poll_timeout(), Some(bench.now.after(secs(10))));
    let bench = Bench::registered(&Registration { idle: Some(secs(99)), ..push() });
    assert_eq!(bench.cell.poll_timeout(), Some(bench.now.after(secs(99))), "off is no limit to keep below");
}

#[test]
fn a_stale_alarm_is_harmless() {
    let mut bench = idle(push());
    bench.after(secs(9));
    bench.peer_sends("x");
    bench.now = bench.now.after(secs(1));
    bench.input(Input::Expired { connection: C, unread_bytes: 0 });
    bench.input(Input::Tick);
    assert_eq!(bench.events(), [Event::Received("x".into())]);
}

#[test]
fn the_earliest_of_several_deadlines_comes_first() {
    let mut bench =
        Bench::registered(&Registration { half_close: Some(secs(4)), idle: Some(secs(9)), ..keep_open() });
    bench.peer_finishes();
    bench.after(secs(4));
    assert_eq!(bench.events(), [Event::PeerClosed, timed_out(TimeLimit::HalfClose)]);
}

#[test]
fn deadlines_that_were_answered_lie_ahead_again_whatever_the_limits() {
    let mut setup = BenchSetup::default();
    setup.connection.linger_poll_min = Duration::ZERO;
    setup.connection.linger_poll_max = Duration::ZERO;
    let mut bench = Bench::registered_with(setup, &push(), 1);
    bench.does(ConnectionCommand::Close);
    for _ in 0..100 {
        bench.until_due();
    }
    assert!(!bench.cell.is_finished());
}

#[test]
fn at_the_drain_deadline_everything_left_is_reset() {
    let mut bench = Bench::three(&push());
    bench.make_pending(4);
    bench.input(Input::DrainExpired);
    let ended: Vec<_> = bench.all_events();
    let expected = [C, OTHERS[0], OTHERS[1]].map(|connection| (connection, timed_out(TimeLimit::Drain)));
    assert_eq!(ended, expected);
    assert!(bench.cell.is_finished());
}

#[test]
fn a_connection_opened_after_the_drain_deadline_is_reset() {
    let mut bench = Bench::registered(&push());
    bench.begin_call();
    bench.input(Input::DrainExpired);
    bench.forget();
    bench.open(OTHERS[0], tidegate_machines::command::ReadMode::Push);
    assert_eq!(bench.outputs(), [Output::ResetSocket(OTHERS[0])]);
}

#[test]
fn at_the_drain_deadline_a_lingering_close_is_left_to_the_kernel() {
    let mut bench = Bench::registered(&push());
    bench.does(ConnectionCommand::Close);
    bench.settle();
    bench.forget();
    bench.input(Input::DrainExpired);
    assert_eq!(bench.outputs(), [Output::CloseSocket(C)]);
}
