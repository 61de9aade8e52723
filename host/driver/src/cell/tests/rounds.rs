//! Rounds: a busy peer starves nobody, and what is left over is gone on with.

use core::time::Duration;

use bytes::Bytes;
use tidegate_machines::command::{Command, ReadMode};
use tidegate_machines::event::Event;
use tidegate_machines::{ConnectionId, Token};

use super::scripted::Take;
use super::{Fixture, always, listening, register};
use crate::limits::{BYTES_PER_ROUND_MAX, EVENTS_PER_ROUND_MAX};

#[tokio::test(start_paused = true)]
async fn invariant_11_at_most_64_events_go_to_an_instance_in_one_round() {
    // Each event causes the next two: a timer that is set again never fires in the round that sets it.
    let mut cell = Fixture::new(1, |event, recorder| {
        listening(event, recorder);
        if matches!(event, Event::Received(_)) {
            for token in 0..500 {
                recorder.write(Bytes::from_static(b"x"), always(token));
            }
        }
    });
    let before = cell.told().len();
    cell.peer(0).send(b"go");
    cell.poll_once();
    assert_eq!(cell.told().len() - before, EVENTS_PER_ROUND_MAX);
    assert!(cell.is_woken(), "it goes on in the next round");
    cell.settle();
    assert_eq!(cell.told().len() - before, 501);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_for_ever_gets_a_bounded_number_of_bytes_in_a_round() {
    let mut cell = Fixture::new(1, listening);
    let before = cell.counters.snapshot().bytes_in;
    cell.peer(0).send_for_ever();
    cell.poll_once();
    let bytes = cell.counters.snapshot().bytes_in - before;
    assert!((BYTES_PER_ROUND_MAX..BYTES_PER_ROUND_MAX + 64 * 1024).contains(&bytes), "{bytes}");
    assert!(cell.is_woken());
}

#[tokio::test(start_paused = true)]
async fn a_kernel_that_takes_for_ever_gets_a_bounded_number_of_bytes_in_a_round() {
    const COUNT: usize = 8 * 1024 * 1024;
    let mut cell = Fixture::new(1, |event, recorder| {
        listening(event, recorder);
        if matches!(event, Event::Received(_)) {
            recorder.write(Bytes::from(vec![b'w'; COUNT]), always(1));
        }
    });
    cell.peer(0).will_take((0..COUNT / 65_536).map(|_| Take::Bytes(65_536)));
    cell.peer(0).send(b"!");
    cell.poll_once();
    let written = cell.peer(0).written().len() as u64;
    assert!(written <= BYTES_PER_ROUND_MAX + 65_536, "{written}");
    cell.settle();
    assert_eq!(cell.peer(0).written().len(), COUNT);
    assert_eq!(cell.told_of(1).last(), Some(&Event::Acked(Token(1))));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_cut_by_the_round_is_not_lost_when_another_is_cut_too() {
    const COUNT: usize = 3 * 1024 * 1024;
    let mut cell = Fixture::new(2, |event, recorder| {
        listening(event, recorder);
        if matches!(event, Event::Received(_)) {
            let source = recorder.source;
            for connection in [1, 2] {
                recorder.source = ConnectionId(connection);
                recorder.write(Bytes::from(vec![b'w'; COUNT]), always(connection));
            }
            recorder.source = source;
        }
    });
    for peer in [0, 1] {
        cell.peer(peer).will_take((0..COUNT / 65_536).map(|_| Take::Bytes(65_536)));
    }
    cell.peer(0).send(b"!");
    cell.settle();
    for (peer, connection) in [(0, 1), (1, 2)] {
        assert_eq!(cell.peer(peer).written().len(), COUNT);
        assert_eq!(cell.told_of(connection).last(), Some(&Event::Acked(Token(connection))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_only_keeps_itself_busy_is_put_off_and_comes_back() {
    // A timer of no length, set again each time: no byte moves. Whether it is throttled depends on the CPU time it
    // uses; that it never hangs and never spins within a round does not.
    let mut cell = Fixture::new(1, |event, recorder| {
        if matches!(event, Event::Connected) {
            register(recorder, ReadMode::Push);
        }
        if matches!(event, Event::Connected | Event::Timer(_)) {
            recorder.commands.push(Command::SetTimer { token: Token(1), after: Duration::ZERO });
        }
    });
    let timers = |cell: &Fixture| {
        cell.told().iter().filter(|envelope| matches!(envelope.event, Event::Timer(_))).count()
    };
    for _ in 0..10 {
        let before = timers(&cell);
        tokio::time::advance(Duration::from_millis(2)).await;
        cell.poll_once();
        let fired = timers(&cell) - before;
        assert!(fired <= EVENTS_PER_ROUND_MAX, "{fired} in one round");
    }
    assert!(timers(&cell) >= 5, "it comes back");
}
