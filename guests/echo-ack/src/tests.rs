//! The algorithm, driven natively.

use tidegate_guest::prelude::*;
use tidegate_guest::testing::{Command, Pieces, Wire, WireLimits, start};

use super::EchoAck;

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 31 + at / 251) as u8).collect()
}

#[test]
fn one_write_is_in_flight_and_the_next_oldest_follows_its_ack() {
    let mut kit = start::<EchoAck>(&[]).expect("no arguments needed");
    let c = kit.connect();
    assert_eq!(kit.commands(), [Command::Register { connection: c, registration: Registration::push() }]);
    kit.received(c, b"one");
    assert_eq!(kit.commands(), [Command::write(c, b"one", Answer::Always(0))]);
    kit.received(c, b"two");
    kit.received(c, b"three");
    assert_eq!(kit.commands(), []);
    kit.acked(c, 0);
    assert_eq!(kit.commands(), [Command::write(c, b"two", Answer::Always(3))]);
    kit.acked(c, 3);
    assert_eq!(kit.commands(), [Command::write(c, b"three", Answer::Always(6))]);
    kit.acked(c, 6);
    assert_eq!(kit.commands(), []);
    kit.received(c, b"four");
    assert_eq!(kit.commands(), [Command::write(c, b"four", Answer::Always(11))]);
}

#[test]
fn after_the_peers_fin_the_close_waits_for_the_last_ack() {
    let mut kit = start::<EchoAck>(&[]).expect("no arguments needed");
    let c = kit.connect();
    kit.received(c, b"one");
    kit.received(c, b"two");
    kit.commands();
    kit.peer_closed(c);
    assert_eq!(kit.commands(), []);
    kit.acked(c, 0);
    assert_eq!(kit.commands(), [Command::write(c, b"two", Answer::Always(3))]);
    kit.acked(c, 3);
    assert_eq!(kit.commands(), [Command::Close { connection: c }]);
}

#[test]
fn draining_stops_reading_and_closes_when_all_is_written() {
    let mut kit = start::<EchoAck>(&[]).expect("no arguments needed");
    let c = kit.connect();
    kit.received(c, b"one");
    kit.commands();
    kit.draining(1000);
    assert_eq!(kit.commands(), [Command::SuspendReading { connection: c }]);
    kit.acked(c, 0);
    assert_eq!(kit.commands(), [Command::Close { connection: c }]);
}

#[test]
fn a_read_larger_than_the_room_left_is_logged_and_aborts() {
    let mut kit = start::<EchoAck>(&[("max-stored", "140000"), ("high", "50")]).expect("good arguments");
    let c = kit.connect();
    kit.commands();
    kit.received(c, &[0; 140_000]);
    assert_eq!(kit.commands(), [Command::Abort { connection: c }]);
    assert!(kit.log()[0].1.contains("buffer overrun: 140128 bytes would be stored, max-stored is 140000"));
}

#[test]
fn every_byte_returns_once_with_suspensions_and_without_refusals_however_bytes_fall() {
    let mut suspends = 0;
    for seed in 0..60 {
        let delivery = if seed % 2 == 0 { "copied" } else { "by-reference" };
        let args = [("max-stored", "100000"), ("high", "10"), ("low", "5"), ("delivery", delivery)];
        let kit = start::<EchoAck>(&args).expect("good arguments");
        let mut wire = Wire::new(kit, WireLimits { send_buffer: 200, read_chunk: 500, queued: 0 });
        let sent = pattern(40_000);
        wire.peer_sends(&sent[..20_000]);
        wire.settle();
        wire.exchange(&sent[20_000..], 900, &mut Pieces::seeded(seed));
        assert_eq!(wire.taken(), sent, "seed {seed}");
        assert_eq!(wire.closed(), Some(ClosedBy::Closed), "seed {seed}");
        assert_eq!(wire.refusals(), 0, "seed {seed}");
        assert!(wire.queued_peak() <= 500, "one chunk is queued, seed {seed}");
        assert_eq!(wire.kit().counted("suspends"), wire.kit().counted("resumes"), "seed {seed}");
        suspends += wire.kit().counted("suspends");
    }
    assert!(suspends >= 60, "each run was suspended at least once: {suspends}");
}
