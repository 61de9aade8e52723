//! Every close in every combination, half-open connections, lingering.

use super::bench::*;
use tidegate_machines::cell::{Input, Output, ReadInterest, Report};
use tidegate_machines::command::{Answer, CommandName, ConnectionCommand, ReadMode, Registration};
use tidegate_machines::event::Event;
use tidegate_machines::reason::{CloseReason, ClosedBy, Refusal, TimeLimit};

use ConnectionCommand::{Abort, Close, ConfirmedClose, DropHandle};

fn refused(token: u64) -> Event<bytes::Bytes> {
    failed(CommandName::Write, Some(token), Refusal::Closing)
}

fn probed(bench: &mut Bench, unacked_bytes: u64, unread_bytes: u64) {
    bench.input(Input::LingerProbed { connection: C, unacked_bytes, unread_bytes });
}

#[test]
fn close_with_nothing_to_send_is_told_when_our_fin_is_sent() {
    let mut bench = Bench::registered(&push());
    bench.does(Close);
    assert_eq!(bench.events(), [closed(ClosedBy::Closed, 0)]);
    assert_eq!(bench.outputs(), [Output::ShutdownWrite(C), Output::ProbeLinger(C), Output::Freed]);
    assert!(!bench.cell.is_finished(), "the kernel is not done");
    probed(&mut bench, 0, 0);
    assert_eq!(bench.outputs(), [Output::CloseSocket(C)]);
    assert!(bench.cell.is_finished());
}

#[test]
fn close_flushes_what_was_accepted_before_it_is_told() {
    let mut bench = Bench::registered(&buffered(10));
    bench.make_pending(4);
    bench.guest(vec![on(write(5, always(1))), on(Close)]);
    bench.kernel_takes(4);
    assert_eq!(bench.events(), [acked(1000)]);
    assert_eq!(bench.outputs(), []);
    bench.kernel_takes(5);
    assert_eq!(bench.events(), [acked(1), closed(ClosedBy::Closed, 0)]);
}

#[test]
fn after_close_input_is_discarded_and_counted() {
    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.does(Close);
    assert!(matches!(bench.peer_sends("hello"), ReadInterest::Discard { .. }));
    assert_eq!(bench.events(), []);
    bench.kernel_takes(4);
    assert_eq!(bench.events(), [acked(1000), closed(ClosedBy::Closed, 5)]);
}

#[test]
fn after_confirmed_close_input_is_delivered_until_the_peers_fin() {
    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.does(ConfirmedClose);
    bench.peer_sends("early");
    bench.kernel_takes(4);
    assert_eq!(bench.events(), [Event::Received("early".into()), acked(1000)]);
    assert_eq!(bench.outputs(), [Output::ShutdownWrite(C)]);
    bench.peer_sends("late");
    bench.peer_finishes();
    assert_eq!(bench.events(), [Event::Received("late".into()), closed(ClosedBy::ConfirmedClosed, 0)]);
    assert_eq!(bench.outputs(), [Output::CloseSocket(C), Output::Freed]);
}

#[test]
fn confirmed_close_in_pull_mode_reads_only_what_is_asked_for() {
    let mut bench = Bench::registered(&mode(ReadMode::Pull));
    bench.does(ConfirmedClose);
    assert_eq!(bench.peer_sends("data"), ReadInterest::Off);
    bench.does(ConnectionCommand::ResumeReading);
    bench.peer_sends("data");
    bench.peer_finishes();
    assert_eq!(bench.events(), [Event::Received("data".into()), closed(ClosedBy::ConfirmedClosed, 0)]);
}

#[test]
fn a_close_can_only_be_upgraded() {
    let all = [ConfirmedClose, Close, Abort];
    for (first, requested) in all.iter().enumerate() {
        for (second, again) in all.iter().enumerate() {
            let mut bench = Bench::registered(&push());
            bench.make_pending(4);
            bench.guest(vec![on(requested.clone()), on(again.clone())]);
            bench.kernel_takes(4);
            bench.peer_finishes();
            let expected = match first.max(second) {
                0 => vec![acked(1000), closed(ClosedBy::ConfirmedClosed, 0)],
                1 => vec![acked(1000), closed(ClosedBy::Closed, 0)],
                _ => vec![closed(ClosedBy::Aborted, 0)],
            };
            assert_eq!(bench.events(), expected, "{requested:?} then {again:?}");
        }
    }
}

#[test]
fn close_upgrades_a_confirmed_close_that_waits_for_the_peer() {
    let mut bench = Bench::registered(&push());
    bench.does(ConfirmedClose);
    bench.does(Close);
    assert_eq!(bench.events(), [closed(ClosedBy::Closed, 0)]);
    assert_eq!(bench.outputs(), [Output::ShutdownWrite(C), Output::ProbeLinger(C), Output::Freed], "one FIN");
}

#[test]
fn abort_resets_in_every_state_and_settles_what_was_written() {
    for before in [vec![], vec![on(Close)], vec![on(ConfirmedClose)]] {
        let mut bench = Bench::registered(&buffered(10));
        bench.make_pending(4);
        bench.guest(before);
        bench.does(write(3, always(1)));
        bench.settle();
        bench.forget();
        bench.does(Abort);
        assert_eq!(bench.events(), [closed(ClosedBy::Aborted, 0)]);
        assert_eq!(bench.outputs(), [Output::ResetSocket(C), Output::Freed]);
    }
    let mut bench = Bench::unregistered();
    bench.does(Abort);
    assert_eq!(bench.events(), [closed(ClosedBy::Aborted, 0)]);
    let mut bench = Bench::registered(&push());
    bench.does(ConfirmedClose);
    bench.does(Abort);
    assert_eq!(bench.events(), [closed(ClosedBy::Aborted, 0)]);
}

#[test]
fn writes_and_register_after_a_close_are_answered_closing() {
    for close in [Close, ConfirmedClose] {
        let mut bench = Bench::registered(&push());
        bench.make_pending(4);
        let register = ConnectionCommand::Register(push());
        bench.guest(vec![
            on(close),
            on(write(1, always(1))),
            on(register),
            on(ConnectionCommand::ResumeWriting),
        ]);
        assert_eq!(
            bench.events(),
            [
                refused(1),
                failed(CommandName::Register, None, Refusal::Closing),
                failed(CommandName::ResumeWriting, None, Refusal::Closing),
            ]
        );
    }
}

#[test]
fn reading_commands_and_facts_stay_valid_until_closed() {
    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.guest(vec![on(ConfirmedClose), on(ConnectionCommand::SuspendReading)]);
    bench.settle();
    assert_eq!(bench.interest(), ReadInterest::Off);
    assert!(bench.cell.facts(C).is_some());
    bench.does(ConnectionCommand::ResumeReading);
    bench.settle();
    assert!(matches!(bench.interest(), ReadInterest::Deliver(_)));
    bench.does(Abort);
    assert!(bench.cell.facts(C).is_none());
}

#[test]
fn the_peers_fin_never_renames_nor_forgets_a_requested_close() {
    for registration in [push(), keep_open()] {
        for (close, by) in [(Close, ClosedBy::Closed), (ConfirmedClose, ClosedBy::ConfirmedClosed)] {
            let mut bench = Bench::registered(&registration);
            bench.make_pending(4);
            bench.does(close);
            bench.peer_finishes();
            assert_eq!(bench.events(), [], "peer-closed is not told after a close was requested");
            bench.kernel_takes(4);
            assert_eq!(bench.events(), [acked(1000), closed(by, 0)]);
            assert_eq!(bench.outputs(), [Output::CloseSocket(C), Output::Freed], "the peer's FIN was read");
        }
    }
}

#[test]
fn a_fin_with_keep_open_off_flushes_and_closes() {
    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.peer_finishes();
    bench.does(write(1, always(1)));
    assert_eq!(bench.events(), [refused(1)]);
    bench.kernel_takes(4);
    assert_eq!(bench.events(), [acked(1000), closed(ClosedBy::PeerClosed, 0)]);
    assert_eq!(bench.outputs(), [Output::CloseSocket(C), Output::Freed]);
}

#[test]
fn a_fin_while_writes_are_with_the_kernel_keeps_the_begun_one_and_refuses_the_rest() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![on(write(4, always(1))), on(write(4, always(2)))]);
    bench.kernel_takes(1);
    bench.peer_finishes();
    assert_eq!(bench.events(), [refused(2)]);
    bench.kernel_takes(3);
    assert_eq!(bench.events(), [acked(1), closed(ClosedBy::PeerClosed, 0)]);
}

#[test]
fn a_fin_with_keep_open_is_told_once_and_writing_goes_on() {
    let mut bench = Bench::registered(&keep_open());
    bench.peer_finishes();
    bench.peer_finishes();
    bench.does(write(4, always(1)));
    bench.kernel_takes_all();
    assert_eq!(bench.events(), [Event::PeerClosed, acked(1)]);
    bench.does(ConfirmedClose);
    assert_eq!(bench.events(), [closed(ClosedBy::ConfirmedClosed, 0)]);
    assert_eq!(bench.outputs(), [Output::CloseSocket(C), Output::Freed]);
}

#[test]
fn a_fin_is_noticed_while_reading_is_suspended_or_not_pulled() {
    for registration in [keep_open(), Registration { read_mode: Some(ReadMode::Pull), ..keep_open() }] {
        let mut bench = Bench::registered(&registration);
        bench.does(ConnectionCommand::SuspendReading);
        bench.settle();
        assert_eq!(bench.interest(), ReadInterest::Off);
        bench.peer_finishes();
        assert_eq!(bench.events(), [Event::PeerClosed]);
    }
}

#[test]
fn a_reset_is_terminal_at_once_and_says_how_much_was_dropped() {
    for command in [ConnectionCommand::SuspendReading, Close, ConfirmedClose, write(1, always(1))] {
        let mut bench = Bench::registered(&buffered(10));
        bench.make_pending(4);
        bench.does(command);
        bench.settle();
        bench.forget();
        bench.peer_resets(9);
        assert_eq!(bench.events(), [closed(ClosedBy::ErrorClosed(RESET), 9)]);
        assert_eq!(bench.outputs(), [Output::CloseSocket(C), Output::Freed]);
    }
}

#[test]
fn close_before_register_sends_our_fin() {
    let mut bench = Bench::unregistered();
    bench.does(Close);
    assert_eq!(bench.events(), [closed(ClosedBy::Closed, 0)]);
    assert_eq!(bench.outputs(), [Output::ShutdownWrite(C), Output::ProbeLinger(C), Output::Freed]);
}

#[test]
fn confirmed_close_before_register_discards_what_nobody_can_take() {
    let mut bench = Bench::unregistered();
    bench.does(ConfirmedClose);
    assert!(matches!(bench.peer_sends("hello"), ReadInterest::Discard { .. }));
    bench.does(ConnectionCommand::Register(push()));
    bench.peer_finishes();
    assert_eq!(
        bench.events(),
        [failed(CommandName::Register, None, Refusal::Closing), closed(ClosedBy::ConfirmedClosed, 5),]
    );
}

#[test]
fn a_peer_that_sends_for_ever_to_nobody_is_not_waited_for_for_ever() {
    let mut bench = Bench::unregistered();
    bench.does(ConfirmedClose);
    for _ in 0..4 {
        bench.peer_sends("0123456789");
    }
    assert_eq!(bench.events(), [closed(ClosedBy::TimedOut(TimeLimit::HalfClose), 40)]);
}

#[test]
fn dropping_the_owners_handle_means_close_unless_one_was_requested() {
    let mut bench = Bench::registered(&push());
    bench.does(DropHandle);
    assert_eq!(bench.events(), [closed(ClosedBy::Closed, 0)]);

    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.guest(vec![on(ConfirmedClose), on(DropHandle)]);
    bench.kernel_takes(4);
    bench.peer_finishes();
    assert_eq!(bench.events(), [acked(1000), closed(ClosedBy::ConfirmedClosed, 0)]);

    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.peer_finishes();
    bench.does(DropHandle);
    bench.kernel_takes(4);
    assert_eq!(bench.events(), [acked(1000), closed(ClosedBy::Closed, 0)]);
}

#[test]
fn a_resume_writing_that_waits_is_ended_by_the_terminal_event() {
    let mut bench = Bench::registered(&suspending());
    bench.make_pending(4);
    bench.guest(vec![on(ConnectionCommand::ResumeWriting), on(Close)]);
    bench.kernel_takes(4);
    assert_eq!(bench.events(), [acked(1000), closed(ClosedBy::Closed, 0)]);
}

#[test]
fn commands_on_a_connection_that_is_over_have_no_effect_no_answer_and_are_counted() {
    let mut bench = Bench::three(&push());
    bench.does(Abort);
    bench.settle();
    bench.forget();
    let unsupported = tidegate_machines::command::Command::Unsupported {
        connection: C,
        name: CommandName::SetOption,
        token: None,
    };
    bench.guest(vec![
        on(write(1, always(1))),
        on(Close),
        on(ConnectionCommand::ResumeReading),
        unsupported,
        on(DropHandle),
    ]);
    assert_eq!((bench.events(), bench.outputs()), (vec![], vec![]));
    assert_eq!(
        bench.reports(),
        vec![Report::StaleCommand(C); 4],
        "a handle that is dropped late is no mistake"
    );
}

#[test]
fn commands_after_the_one_that_ended_it_in_the_same_turn_are_stale_too() {
    let mut bench = Bench::three(&push());
    bench.guest(vec![on(Abort), on(write(1, always(1))), on(ConnectionCommand::Register(push()))]);
    assert_eq!(bench.events(), [closed(ClosedBy::Aborted, 0)]);
    let stale = bench.reports().iter().filter(|report| matches!(report, Report::StaleCommand(C))).count();
    assert_eq!(stale, 2);
}

#[test]
fn the_terminal_event_is_the_last_and_covers_every_answer_that_was_owed() {
    let mut bench = Bench::registered(&buffered(20));
    bench.begin_call();
    let mut writes: Vec<_> = (1..=3).map(|token| on(write(4, always(token)))).collect();
    writes.push(on(ConnectionCommand::ResumeWriting));
    bench.returns(writes);
    bench.kernel_takes(5);
    bench.kernel_blocks();
    bench.peer_resets(0);
    assert_eq!(bench.events(), [acked(1), closed(ClosedBy::ErrorClosed(RESET), 0)]);
    assert_eq!(bench.cell.pending_tokens(C).count(), 0);
}

#[test]
fn the_reason_is_reported_once_with_the_end_of_the_socket_after_it() {
    let mut bench = Bench::registered(&push());
    bench.does(Close);
    probed(&mut bench, 0, 0);
    bench.settle();
    let reason = CloseReason { by: ClosedBy::Closed, unread_bytes: 0 };
    assert_eq!(bench.reports(), [Report::Closed(C, reason), Report::Gone(C)]);
}

#[test]
fn acks_of_a_flush_are_told_though_a_close_was_requested() {
    let mut bench = Bench::registered(&buffered(20));
    bench.make_pending(2);
    bench.guest(vec![on(write(2, always(1))), on(write(2, Answer::None)), on(ConfirmedClose)]);
    bench.kernel_takes_all();
    assert_eq!(bench.events(), [acked(1000), acked(1)]);
}
