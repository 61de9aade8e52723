//! Counters: what is added is found under its name, and names of guests are bounded.

use tidegate_machines::ConnectionId;
use tidegate_machines::cell::Report;
use tidegate_machines::command::CommandName;
use tidegate_machines::reason::{CloseReason, ClosedBy, Fault, Refusal, TimeLimit};

use super::{Counters, labels};
use crate::limits::{GUEST_COUNT_NAME_BYTES_MAX, GUEST_COUNTS_MAX};

#[test]
fn a_snapshot_adds_up_what_each_worker_counted() {
    let counters = Counters::new(2);
    counters.shard(0).read(10);
    counters.shard(1).read(5);
    counters.shard(0).report(Report::QueuePeak(ConnectionId(1), 100));
    counters.shard(1).report(Report::QueuePeak(ConnectionId(2), 70));
    let snapshot = counters.snapshot();
    assert_eq!(snapshot.bytes_in, 15);
    assert_eq!(snapshot.queue_peak_bytes, 100, "a peak is the largest, not the sum");
}

#[test]
fn every_reason_is_counted_under_its_own_name() {
    let counters = Counters::new(1);
    let shard = counters.shard(0);
    let id = ConnectionId(1);
    let by = [
        (ClosedBy::Closed, "closed"),
        (ClosedBy::ConfirmedClosed, "confirmed-closed"),
        (ClosedBy::Aborted, "aborted"),
        (ClosedBy::PeerClosed, "peer-closed"),
        (ClosedBy::ErrorClosed(104), "error-closed"),
        (ClosedBy::TimedOut(TimeLimit::Register), "register-timeout"),
        (ClosedBy::TimedOut(TimeLimit::Idle), "idle-timeout"),
        (ClosedBy::TimedOut(TimeLimit::Flush), "flush-timeout"),
        (ClosedBy::TimedOut(TimeLimit::HalfClose), "half-close-timeout"),
        (ClosedBy::TimedOut(TimeLimit::Drain), "drain-timeout"),
        (ClosedBy::HandlerFailed, "handler-failed"),
    ];
    for (by, _) in by {
        shard.report(Report::Closed(id, CloseReason { by, unread_bytes: 0 }));
    }
    shard.report(Report::Refused(id, CommandName::Write, Refusal::QueueFull));
    shard.report(Report::Refused(id, CommandName::Connect, Refusal::Unsupported));
    shard.fault(Fault::WouldBlock);
    let snapshot = counters.snapshot();
    for (_, label) in by {
        assert_eq!(snapshot.closed.of(label), 1, "{label}");
    }
    assert_eq!(snapshot.closed.total(), labels::CLOSED.len() as u64);
    assert_eq!(snapshot.refused.of("queue-full"), 1);
    assert_eq!(snapshot.refused.of("unsupported"), 1);
    assert_eq!(snapshot.refused.total(), 2);
    assert_eq!(snapshot.faults.of("would-block"), 1);
}

#[test]
fn names_that_guests_count_by_are_bounded_and_drops_are_counted() {
    let counters = Counters::new(1);
    let shard = counters.shard(0);
    for index in 0..GUEST_COUNTS_MAX + 3 {
        shard.count_guest(&format!("name-{index}"), 1);
    }
    shard.count_guest("name-0", u64::MAX);
    shard.count_guest(&"x".repeat(GUEST_COUNT_NAME_BYTES_MAX + 1), 1);
    let snapshot = counters.snapshot();
    assert_eq!(snapshot.guest.len(), GUEST_COUNTS_MAX);
    assert_eq!(snapshot.guest.get("name-0"), Some(&u64::MAX), "a count stays at its end");
    assert_eq!(snapshot.guest_counts_dropped, 4);
}
