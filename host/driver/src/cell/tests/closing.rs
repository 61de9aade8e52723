//! Closing, failing, draining, and being dropped.

use core::time::Duration;

use bytes::Bytes;
use tidegate_machines::command::ConnectionCommand;
use tidegate_machines::event::Event;
use tidegate_machines::reason::{CloseReason, ClosedBy, TimeLimit};

use super::scripted::Fate;
use super::{Fixture, Recorder, listening};

/// Closes in the given way at the first bytes.
fn closing(how: ConnectionCommand<Bytes>) -> impl Fn(&Event<Bytes>, &mut Recorder) + Send + Sync + 'static {
    move |event, recorder| {
        listening(event, recorder);
        if matches!(event, Event::Received(_)) {
            recorder.on(how.clone());
        }
    }
}

fn by(cell: &Fixture) -> Option<ClosedBy> {
    match cell.told_of(1).last() {
        Some(Event::Closed(CloseReason { by, .. })) => Some(*by),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn invariant_8_a_close_lingers_until_the_peers_kernel_has_everything() {
    let mut cell = Fixture::new(1, closing(ConnectionCommand::Close));
    cell.peer(0).send(b"!");
    cell.settle();
    assert!(cell.peer(0).got_fin());
    assert_eq!(by(&cell), Some(ClosedBy::Closed), "told when our FIN is sent");
    assert_eq!(cell.peer(0).fate(), Fate::Open, "the socket lingers: our FIN is not acknowledged");
    cell.peer(0).send(b"nobody reads this");
    cell.settle();
    assert_eq!(cell.peer(0).unread(), 0, "input is thrown away, so that the close is no RST");
    cell.peer(0).acknowledge_all();
    tokio::time::advance(Duration::from_secs(2)).await;
    cell.settle();
    assert_eq!(cell.peer(0).fate(), Fate::Closed);
    assert!(cell.is_over());
    assert_eq!(cell.counters.snapshot().bytes_discarded, 17);
}

#[tokio::test(start_paused = true)]
async fn an_abort_is_a_reset() {
    let mut cell = Fixture::new(1, closing(ConnectionCommand::Abort));
    cell.peer(0).send(b"!");
    cell.settle();
    assert_eq!(cell.peer(0).fate(), Fate::Reset);
    assert_eq!(by(&cell), Some(ClosedBy::Aborted));
    assert!(cell.is_over());
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_close_ends_when_the_peers_fin_was_read() {
    let mut cell = Fixture::new(1, closing(ConnectionCommand::ConfirmedClose));
    cell.peer(0).send(b"!");
    cell.settle();
    assert!(cell.peer(0).got_fin());
    assert_eq!(by(&cell), None);
    cell.peer(0).finish();
    cell.settle();
    assert_eq!(by(&cell), Some(ClosedBy::ConfirmedClosed));
    assert_eq!(cell.peer(0).fate(), Fate::Closed);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_register_in_time_is_reset() {
    let mut cell = Fixture::new(1, |_, _| {});
    tokio::time::advance(Duration::from_millis(4_990)).await;
    cell.settle();
    assert_eq!(by(&cell), None);
    tokio::time::advance(Duration::from_millis(20)).await;
    cell.settle();
    assert_eq!(by(&cell), Some(ClosedBy::TimedOut(TimeLimit::Register)));
    assert_eq!(cell.peer(0).fate(), Fate::Reset);
    assert!(cell.is_over());
}

#[tokio::test(start_paused = true)]
async fn at_the_drain_deadline_all_that_is_left_is_reset() {
    let mut cell = Fixture::new(3, listening);
    let control = cell.task.as_ref().expect("it runs").control();
    control.drain(Duration::from_secs(10));
    cell.settle();
    let last = cell.told().pop().expect("it was told").event;
    assert_eq!(last, Event::Draining(Duration::from_secs(10)));
    control.expire();
    control.expire();
    cell.settle();
    assert!(cell.is_over());
    assert!(cell.peers.iter().all(|peer| peer.fate() == Fate::Reset));
    assert_eq!(cell.counters.snapshot().closed.of("drain-timeout"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_cell_that_is_dropped_before_it_is_over_resets_what_it_has_left() {
    let mut cell = Fixture::new(2, listening);
    drop(cell.task.take());
    assert!(cell.peers.iter().all(|peer| peer.fate() == Fate::Reset));
    let counters = cell.counters.snapshot();
    assert_eq!(counters.connections_gone, 2);
    assert_eq!(counters.instances_made, counters.instances_freed);
}
