//! The algorithm, driven natively.

use tidegate_guest::prelude::*;
use tidegate_guest::testing::{Command, Pieces, Wire, WireLimits, start};

use super::{EchoPull, WRITE};

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 31 + at / 251) as u8).collect()
}

#[test]
fn the_next_read_is_allowed_when_the_last_chunk_is_written() {
    let mut kit = start::<EchoPull>(&[]).expect("no arguments needed");
    let c = kit.connect();
    let register = Command::Register { connection: c, registration: Registration::pull() };
    assert_eq!(kit.commands(), [register, Command::ResumeReading { connection: c }]);
    kit.received(c, b"one");
    assert_eq!(kit.commands(), [Command::write(c, b"one", Answer::Always(WRITE))]);
    kit.acked(c, WRITE);
    assert_eq!(kit.commands(), [Command::ResumeReading { connection: c }]);
    kit.peer_closed(c);
    assert_eq!(kit.commands(), [Command::Close { connection: c }]);
}

#[test]
fn every_byte_returns_once_and_at_most_one_chunk_is_queued_however_bytes_fall() {
    for seed in 0..100 {
        let delivery = if seed % 2 == 0 { "copied" } else { "by-reference" };
        let kit = start::<EchoPull>(&[("delivery", delivery)]).expect("good arguments");
        let mut wire = Wire::new(kit, WireLimits { send_buffer: 200, read_chunk: 100, queued: 0 });
        let sent = pattern(10_000);
        wire.exchange(&sent, 300, &mut Pieces::seeded(seed));
        assert_eq!(wire.taken(), sent, "seed {seed}");
        assert_eq!(wire.closed(), Some(ClosedBy::Closed), "seed {seed}");
        assert_eq!(wire.refusals(), 0, "seed {seed}");
        assert!(wire.queued_peak() <= 100, "seed {seed}");
    }
}
