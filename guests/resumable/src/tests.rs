//! A hand-over, natively: one generation saves, the next takes over.

use tidegate_guest::prelude::*;
use tidegate_guest::runtime::PerConnection;
use tidegate_guest::testing::{Command, Kit, start};

use super::Resuming;

type Generation = Kit<PerConnection<Resuming>>;

/// What an instance with two connections saves, having echoed 3 and 5 bytes.
fn saved() -> Vec<u8> {
    let mut old = start::<Resuming>(&[]).expect("no arguments needed");
    let (a, b) = (old.connect(), old.connect());
    old.received(a, b"one");
    old.received(b, b"three");
    old.snapshot().expect("can be saved")
}

#[test]
fn the_next_generation_goes_on_where_the_last_one_stopped() {
    let saved = saved();
    let mut new = Generation::restore(&[], 1, saved, &[1, 2]).expect("can be taken over");
    assert_eq!(new.commands(), [], "nothing is registered twice");
    new.received(2, b"!");
    new.peer_closed(2);
    let last = Command::write(2, "echoed 6\n", Answer::None);
    assert_eq!(
        new.commands(),
        [Command::write(2, b"!", Answer::None), last, Command::Close { connection: 2 }]
    );
    assert_eq!(new.state(1).expect("taken over").echoed, 3);
}

#[test]
fn a_snapshot_that_does_not_fit_is_refused_with_the_reason() {
    let refusal = |version, bytes, connections: &[u64]| {
        Generation::restore(&[], version, bytes, connections).expect_err("does not fit")
    };
    let good = saved();
    assert_eq!(refusal(2, good.clone(), &[1, 2]), "saved state is of version 2, newer than 1");
    assert_eq!(refusal(1, good.clone(), &[1]), "no handle for connection 2");
    assert_eq!(refusal(1, good.clone(), &[1, 2, 3]), "no saved state for connection 3");
    let mut long = good.clone();
    long.push(0);
    assert_eq!(refusal(1, long, &[1, 2]), "1 bytes after the end of the saved state");
    let mut other = good.clone();
    other[0] = 9;
    assert_eq!(refusal(1, other, &[1, 2]), "saved state has frame version 9, not 1");
    for len in 0..good.len() {
        let reason = refusal(1, good[..len].to_vec(), &[1, 2]);
        assert!(reason.contains("cut short"), "{len}: {reason}");
    }
}
