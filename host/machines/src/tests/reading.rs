//! Read modes, suspension, delivery.

use super::bench::*;
use bytes::Bytes;
use tidegate_machines::cell::{Input, ReadInterest, Report};
use tidegate_machines::command::{ConnectionCommand, Delivery, ReadMode, Registration};
use tidegate_machines::event::Event;

fn is_read(bench: &Bench) -> bool {
    matches!(bench.interest(), ReadInterest::Deliver(_))
}

#[test]
fn push_reads_whenever_reading_is_not_suspended() {
    let mut bench = Bench::registered(&push());
    for text in ["one", "two", "three"] {
        bench.peer_sends(text);
    }
    assert_eq!(bench.events(), ["one", "two", "three"].map(|text| Event::Received(text.into())));
    bench.does(ConnectionCommand::SuspendReading);
    bench.settle();
    assert!(!is_read(&bench));
    bench.does(ConnectionCommand::ResumeReading);
    bench.settle();
    assert!(is_read(&bench));
}

#[test]
fn pull_reads_once_for_each_resume_and_does_not_count_them() {
    let mut bench = Bench::registered(&mode(ReadMode::Pull));
    assert!(!is_read(&bench));
    bench.guest(vec![on(ConnectionCommand::ResumeReading), on(ConnectionCommand::ResumeReading)]);
    bench.peer_sends("one");
    bench.settle();
    assert!(!is_read(&bench), "two at once allow one");
    bench.does(ConnectionCommand::ResumeReading);
    bench.peer_sends("two");
    assert_eq!(bench.events(), [Event::Received("one".into()), Event::Received("two".into())]);
}

#[test]
fn suspending_takes_back_the_one_read_of_pull_mode() {
    let mut bench = Bench::registered(&mode(ReadMode::Pull));
    bench.guest(vec![on(ConnectionCommand::ResumeReading), on(ConnectionCommand::SuspendReading)]);
    bench.settle();
    assert!(!is_read(&bench));
}

#[test]
fn paced_stops_while_output_is_pending_or_queued() {
    let mut bench = Bench::registered(&mode(ReadMode::Paced));
    assert!(is_read(&bench));
    bench.does(write(10, always(1)));
    bench.kernel_takes(4);
    bench.kernel_blocks();
    bench.settle();
    assert!(!is_read(&bench));
    assert!(bench.facts().reading, "as far as the guest's commands go it is reading");
    bench.kernel_takes(6);
    bench.settle();
    assert!(is_read(&bench));
}

#[test]
fn paced_is_never_refused_below_the_queued_limit() {
    let mut bench = Bench::registered(&mode(ReadMode::Paced));
    bench.make_pending(10);
    bench.guest(vec![on(write(30, always(1))), on(write(20, always(2)))]);
    assert_eq!(bench.events(), [], "50 bytes are the limit");
}

#[test]
fn nothing_is_read_while_the_guest_is_called_or_events_wait() {
    let mut bench = Bench::registered(&push());
    bench.begin_call();
    assert!(!is_read(&bench) && !bench.cell.can_receive());
    bench.input(Input::Drain(secs(1)));
    bench.returns(Vec::new());
    assert!(!is_read(&bench), "the next call is under way");
    bench.settle();
    assert!(is_read(&bench));
}

#[test]
fn no_received_is_empty() {
    let mut bench = Bench::registered(&push());
    bench.input(Input::Received { connection: C, data: Bytes::new() });
    assert_eq!(bench.events(), []);
}

#[test]
fn resuming_while_reading_changes_nothing_and_is_not_counted() {
    let mut bench = Bench::registered(&push());
    bench.does(ConnectionCommand::ResumeReading);
    assert_eq!(bench.reports(), []);
    bench.does(ConnectionCommand::SuspendReading);
    bench.does(ConnectionCommand::SuspendReading);
    bench.does(ConnectionCommand::ResumeReading);
    assert_eq!(bench.reports(), [Report::ReadingSuspended(C), Report::ReadingResumed(C)]);
}

#[test]
fn delivery_is_as_registered() {
    let small = Bytes::from_static(b"1234567");
    let large = Bytes::from_static(b"12345678");
    for (delivery, expected) in [
        (Delivery::Copied, [Event::Received(small.clone()), Event::Received(large.clone())]),
        (Delivery::ByReference, [Event::ReceivedChunk(small.clone()), Event::ReceivedChunk(large.clone())]),
        (Delivery::Automatic, [Event::Received(small.clone()), Event::ReceivedChunk(large.clone())]),
    ] {
        let mut bench = Bench::registered(&Registration { delivery, ..push() });
        bench.peer_sends("1234567");
        bench.peer_sends("12345678");
        assert_eq!(bench.events(), expected, "{delivery:?}");
    }
}

#[test]
fn bytes_read_against_the_rules_are_delivered_rather_than_lost() {
    let mut bench = Bench::registered(&push());
    bench.does(ConnectionCommand::SuspendReading);
    bench.settle();
    bench.input(Input::Received { connection: C, data: Bytes::from_static(b"stray") });
    assert_eq!(bench.events(), [Event::Received("stray".into())]);
}
