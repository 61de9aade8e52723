//! Reading: only what has news is looked at, a RST and a FIN are noticed whatever the read gate, and in order.

use tidegate_machines::command::{Command, ConnectionCommand, ReadMode};
use tidegate_machines::event::Event;
use tidegate_machines::reason::{CloseReason, ClosedBy};
use tidegate_machines::{ConnectionId, Token};

use super::{Fixture, always, listening, received, register};
use crate::cell::tests::scripted::Take;

const CONNECTION_RESET: i32 = 104;
const BROKEN_PIPE: i32 = 32;

fn suspended(event: &Event<bytes::Bytes>, recorder: &mut super::Recorder) {
    listening(event, recorder);
    if *event == Event::Connected {
        recorder.on(ConnectionCommand::SuspendReading);
    }
    if let Event::Timer(Token(connection)) = event {
        recorder.commands.push(Command::On(ConnectionId(*connection), ConnectionCommand::ResumeReading));
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_with_three_connections_looks_only_at_the_one_that_has_news() {
    let mut cell = Fixture::new(3, listening);
    let looks = |cell: &Fixture| [0, 1, 2].map(|index| cell.peer(index).looks());
    let before = looks(&cell);
    cell.peer(1).send(b"hello");
    cell.settle();
    assert_eq!(cell.told_of(2).last(), Some(&received(b"hello")));
    let after = looks(&cell);
    assert_eq!([after[0], after[2]], [before[0], before[2]], "the idle ones are not polled");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_not_polled_at_all_and_holds_no_alarm() {
    let mut cell = Fixture::new(1, listening);
    let looks = cell.peer(0).looks();
    // Past the register time-out, whose alarm may still ring, once.
    tokio::time::advance(core::time::Duration::from_secs(60)).await;
    cell.settle();
    assert_eq!(cell.peer(0).looks(), looks);
    assert!(!cell.is_woken());
}

#[tokio::test(start_paused = true)]
async fn invariant_7_a_reset_while_reading_is_suspended_is_terminal_at_once() {
    let mut cell = Fixture::new(1, suspended);
    cell.peer(0).send(&[0; 700]);
    cell.settle();
    assert_eq!(cell.peer(0).reads(), 0, "suspended in the turn that registered: never read");
    cell.peer(0).reset(CONNECTION_RESET);
    cell.settle();
    let reason = CloseReason { by: ClosedBy::ErrorClosed(CONNECTION_RESET), unread_bytes: 700 };
    assert_eq!(cell.told_of(1).last(), Some(&Event::Closed(reason)));
    assert!(cell.is_over());
}

#[tokio::test(start_paused = true)]
async fn invariant_7_a_reset_behind_a_fin_reads_as_a_broken_pipe_and_is_told_as_a_reset() {
    let mut cell = Fixture::new(1, suspended);
    cell.peer(0).finish();
    cell.settle();
    assert_eq!(cell.told_of(1).last(), Some(&Event::PeerClosed));
    cell.peer(0).reset(BROKEN_PIPE);
    cell.settle();
    let reason = CloseReason { by: ClosedBy::ErrorClosed(CONNECTION_RESET), unread_bytes: 0 };
    assert_eq!(cell.told_of(1).last(), Some(&Event::Closed(reason)));
}

#[tokio::test(start_paused = true)]
async fn invariant_7_a_fin_waits_for_the_bytes_before_it_while_reading_is_suspended() {
    let mut cell = Fixture::new(1, |event, recorder| {
        suspended(event, recorder);
        if *event == Event::Connected {
            let after = core::time::Duration::from_secs(60);
            recorder.commands.push(Command::SetTimer { token: Token(1), after });
        }
    });
    cell.peer(0).send(b"before");
    cell.peer(0).finish();
    cell.settle();
    assert_eq!(cell.told_of(1), [Event::Connected], "nothing is told out of order");
    tokio::time::advance(core::time::Duration::from_secs(61)).await;
    cell.settle();
    assert_eq!(cell.told_of(1), [Event::Connected, received(b"before"), Event::PeerClosed]);
}

#[tokio::test(start_paused = true)]
async fn invariant_7_in_pull_mode_the_fin_behind_the_pulled_bytes_needs_no_pull() {
    let mut cell = Fixture::new(1, |event, recorder| {
        if *event == Event::Connected {
            register(recorder, ReadMode::Pull);
            recorder.on(ConnectionCommand::ResumeReading);
        }
    });
    cell.peer(0).send(b"pulled");
    cell.peer(0).finish();
    cell.settle();
    assert_eq!(cell.told_of(1), [Event::Connected, received(b"pulled"), Event::PeerClosed]);
}

#[tokio::test(start_paused = true)]
async fn one_pull_reads_at_most_one_chunk() {
    let mut cell = Fixture::new(1, |event, recorder| {
        if *event == Event::Connected {
            register(recorder, ReadMode::Pull);
            recorder.on(ConnectionCommand::ResumeReading);
        }
    });
    cell.peer(0).send(&vec![1; 100 * 1024]);
    cell.settle();
    assert_eq!(cell.peer(0).unread(), 36 * 1024);
}

#[tokio::test(start_paused = true)]
async fn paced_reading_stops_while_output_waits_and_goes_on_when_the_kernel_has_it() {
    let mut cell = Fixture::new(1, |event, recorder| match event {
        Event::Connected => register(recorder, ReadMode::Paced),
        Event::Received(data) => recorder.write(bytes::Bytes::copy_from_slice(data), always(1)),
        _ => {}
    });
    cell.peer(0).will_take([Take::Bytes(2), Take::Nothing]);
    cell.peer(0).send(b"first");
    cell.settle();
    cell.peer(0).send(b"second");
    cell.settle();
    assert_eq!(cell.peer(0).unread(), 6, "nothing is read while output is pending");
    cell.peer(0).has_room();
    cell.settle();
    assert_eq!(cell.peer(0).written(), b"firstsecond");
    assert_eq!(cell.counters.snapshot().refused.total(), 0);
}

#[tokio::test(start_paused = true)]
async fn timers_that_are_due_enter_before_bytes_read_in_the_same_round() {
    let mut cell = Fixture::new(1, |event, recorder| {
        listening(event, recorder);
        if *event == Event::Connected {
            let after = core::time::Duration::from_millis(10);
            recorder.commands.push(Command::SetTimer { token: Token(7), after });
        }
    });
    cell.peer(0).send(b"bytes");
    // The bytes have arrived, and the timer is due, before the task runs.
    tokio::time::advance(core::time::Duration::from_millis(11)).await;
    cell.settle();
    let events: Vec<_> = cell.told().into_iter().map(|envelope| envelope.event).skip(2).collect();
    assert_eq!(events, [Event::Timer(Token(7)), received(b"bytes")]);
}
