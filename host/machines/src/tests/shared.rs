//! An instance that owns three connections: what one does never shows on another.

use super::bench::*;
use bytes::Bytes;
use tidegate_machines::cell::{Input, ReadInterest};
use tidegate_machines::command::{Command, CommandName, ConnectionCommand, ReadMode};
use tidegate_machines::event::Event;
use tidegate_machines::reason::{ClosedBy, Refusal};

fn to(index: usize, command: ConnectionCommand<Bytes>) -> Command<Bytes> {
    Command::On([C, OTHERS[0], OTHERS[1]][index], command)
}

#[test]
fn writes_to_three_connections_in_one_turn_are_judged_each_on_its_own() {
    let mut bench = Bench::three(&push());
    bench.guest(vec![
        to(0, write(4, always(1))),
        to(1, write(4, always(2))),
        to(2, write(4, always(3))),
        to(0, write(4, always(4))),
    ]);
    bench.kernel_blocks();
    bench.input(Input::Transmitted { connection: OTHERS[0], bytes: 4 });
    bench.input(Input::Blocked(OTHERS[1]));
    assert_eq!(
        bench.all_events(),
        [(OTHERS[0], acked(2)), (C, failed(CommandName::Write, Some(4), Refusal::QueueFull)),]
    );
}

#[test]
fn suspension_and_reading_of_one_do_not_concern_the_others() {
    let mut bench = Bench::three(&suspending());
    bench.make_pending(4);
    bench.guest(vec![
        to(0, write(1, always(1))),
        to(0, ConnectionCommand::SuspendReading),
        to(1, write(1, always(2))),
    ]);
    bench.input(Input::Transmitted { connection: OTHERS[0], bytes: 1 });
    bench.settle();
    assert!(bench.facts().suspended);
    assert!(!bench.cell.facts(OTHERS[0]).unwrap().suspended);
    assert_eq!(bench.interest(), ReadInterest::Off);
    assert!(matches!(bench.cell.read_interest(OTHERS[0]), ReadInterest::Deliver(_)));
}

#[test]
fn the_end_of_one_leaves_the_others() {
    let mut bench = Bench::three(&push());
    bench.peer_resets(2);
    bench.input(Input::Received { connection: OTHERS[0], data: payload(3) });
    assert_eq!(
        bench.all_events(),
        [(C, closed(ClosedBy::ErrorClosed(RESET), 2)), (OTHERS[0], Event::Received(payload(3))),]
    );
}

#[test]
fn bytes_are_read_for_none_while_an_event_of_any_is_handled() {
    let mut bench = Bench::three(&push());
    bench.settle();
    bench.input(Input::Received { connection: OTHERS[1], data: payload(1) });
    for connection in [C, OTHERS[0], OTHERS[1]] {
        assert_eq!(bench.cell.read_interest(connection), ReadInterest::Off);
    }
}

#[test]
fn each_connection_has_exactly_one_terminal_event_whatever_the_order_of_closes() {
    let mut bench = Bench::unregistered_with(BenchSetup::default(), ReadMode::Push, 3);
    bench.guest(vec![
        to(2, ConnectionCommand::Abort),
        to(0, ConnectionCommand::Close),
        to(1, ConnectionCommand::ConfirmedClose),
        to(2, ConnectionCommand::Close),
        to(1, ConnectionCommand::Abort),
        to(0, ConnectionCommand::Abort),
    ]);
    assert_eq!(
        bench.all_events(),
        [
            (OTHERS[1], closed(ClosedBy::Aborted, 0)),
            (C, closed(ClosedBy::Closed, 0)),
            (OTHERS[0], closed(ClosedBy::Aborted, 0)),
        ]
    );
}
