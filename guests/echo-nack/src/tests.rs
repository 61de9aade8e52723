//! The algorithm, driven natively.

use guest_echo_store::BURST_CHUNKS_MAX;
use tidegate_guest::prelude::*;
use tidegate_guest::runtime::PerConnection;
use tidegate_guest::testing::{Command, Kit, Pieces, Wire, WireLimits, start};

use super::{CAREFUL_WRITES, EchoNack};

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 31 + at / 251) as u8).collect()
}

fn connected() -> (Kit<PerConnection<EchoNack>>, u64) {
    let mut kit = start::<EchoNack>(&[]).expect("no arguments needed");
    let c = kit.connect();
    assert_eq!(kit.commands(), [Command::Register { connection: c, registration: Registration::push() }]);
    (kit, c)
}

/// One byte per chunk, so that offsets and tokens are 0, 1, 2, ….
fn receive(kit: &mut Kit<PerConnection<EchoNack>>, c: u64, bytes: std::ops::Range<u8>) {
    for byte in bytes {
        kit.received(c, &[byte]);
    }
}

fn write(c: u64, byte: u8) -> Command {
    Command::write(c, [byte], Answer::Always(u64::from(byte)))
}

fn refuse(kit: &mut Kit<PerConnection<EchoNack>>, c: u64, token: u64, reason: Refusal) {
    kit.refused(c, CommandName::Write, Some(token), reason);
}

#[test]
fn writes_go_out_at_once_while_none_is_refused() {
    let (mut kit, c) = connected();
    receive(&mut kit, c, 0..3);
    assert_eq!(kit.commands(), [write(c, 0), write(c, 1), write(c, 2)]);
}

#[test]
fn the_first_refusal_resumes_writing_once_and_later_ones_change_nothing() {
    let (mut kit, c) = connected();
    receive(&mut kit, c, 0..4);
    kit.commands();
    refuse(&mut kit, c, 1, Refusal::QueueFull);
    assert_eq!(kit.commands(), [Command::ResumeWriting { connection: c }]);
    refuse(&mut kit, c, 2, Refusal::WritingSuspended);
    refuse(&mut kit, c, 3, Refusal::WritingSuspended);
    receive(&mut kit, c, 4..5);
    assert_eq!(kit.commands(), [], "what arrives while recovering is only stored");
    kit.acked(c, 0);
    assert_eq!(kit.commands(), [], "a late ack of a write before the refusal");
    kit.writing_resumed(c);
    assert_eq!(kit.commands(), [write(c, 1)], "the refused chunk is written again");
}

#[test]
fn eleven_chunks_are_written_one_by_one_then_all_that_is_stored() {
    let (mut kit, c) = connected();
    receive(&mut kit, c, 0..20);
    kit.commands();
    refuse(&mut kit, c, 0, Refusal::QueueFull);
    kit.writing_resumed(c);
    assert_eq!(kit.commands(), [Command::ResumeWriting { connection: c }, write(c, 0)]);
    for byte in 0..10 {
        kit.acked(c, u64::from(byte));
        assert_eq!(kit.commands(), [write(c, byte + 1)]);
    }
    assert_eq!(CAREFUL_WRITES, 10);
    kit.acked(c, 10);
    let rest: Vec<Command> = (11..20).map(|byte| write(c, byte)).collect();
    assert_eq!(kit.commands(), rest);
    kit.received(c, &[20]);
    assert_eq!(kit.commands(), [write(c, 20)], "optimistic again");
}

#[test]
fn a_refusal_among_all_that_is_stored_begins_anew_at_the_refused_chunk() {
    let (mut kit, c) = connected();
    receive(&mut kit, c, 0..20);
    refuse(&mut kit, c, 0, Refusal::QueueFull);
    kit.writing_resumed(c);
    for token in 0..=10 {
        kit.acked(c, token);
    }
    kit.commands();
    refuse(&mut kit, c, 12, Refusal::QueueFull);
    refuse(&mut kit, c, 13, Refusal::WritingSuspended);
    assert_eq!(kit.commands(), [Command::ResumeWriting { connection: c }]);
    kit.acked(c, 11);
    assert_eq!(kit.commands(), []);
    kit.writing_resumed(c);
    assert_eq!(kit.commands(), [write(c, 12)]);
}

#[test]
fn after_the_peers_fin_a_refusal_is_still_recovered_from_before_the_close() {
    let (mut kit, c) = connected();
    receive(&mut kit, c, 0..2);
    kit.peer_closed(c);
    kit.commands();
    refuse(&mut kit, c, 1, Refusal::QueueFull);
    kit.acked(c, 0);
    kit.writing_resumed(c);
    assert_eq!(kit.commands(), [Command::ResumeWriting { connection: c }, write(c, 1)]);
    kit.acked(c, 1);
    assert_eq!(kit.commands(), [Command::Close { connection: c }]);
}

#[test]
fn more_than_one_turn_may_hold_is_written_in_bursts() {
    let (mut kit, c) = connected();
    let count = u64::try_from(BURST_CHUNKS_MAX).expect("small") + 100;
    for _ in 0..count {
        kit.received(c, b"x");
    }
    refuse(&mut kit, c, 0, Refusal::QueueFull);
    kit.writing_resumed(c);
    for token in 0..10 {
        kit.acked(c, token);
    }
    kit.commands();
    kit.acked(c, 10);
    assert_eq!(kit.commands().len(), BURST_CHUNKS_MAX, "the first burst");
    kit.received(c, b"y");
    let last = 10 + u64::try_from(BURST_CHUNKS_MAX).expect("small");
    for token in 11..last {
        kit.acked(c, token);
    }
    assert_eq!(kit.commands(), [], "nothing overtakes it");
    kit.acked(c, last);
    let rest: Vec<Command> = (last + 1..count)
        .map(|token| Command::write(c, b"x", Answer::Always(token)))
        .chain([Command::write(c, b"y", Answer::Always(count))])
        .collect();
    assert_eq!(kit.commands(), rest);
}

#[test]
fn a_refusal_that_resuming_cannot_mend_aborts() {
    let (mut kit, c) = connected();
    receive(&mut kit, c, 0..1);
    kit.commands();
    refuse(&mut kit, c, 0, Refusal::TooLarge);
    assert_eq!(kit.commands(), [Command::Abort { connection: c }]);
    assert!(kit.log()[0].1.contains("write refused: too-large (token 0)"));
}

#[test]
fn every_byte_returns_exactly_once_with_refusals_however_bytes_fall() {
    for seed in 0..60 {
        let delivery = if seed % 2 == 0 { "copied" } else { "by-reference" };
        let args = [("max-stored", "100000"), ("high", "10"), ("low", "5"), ("delivery", delivery)];
        let kit = start::<EchoNack>(&args).expect("good arguments");
        let mut wire = Wire::new(kit, WireLimits { send_buffer: 200, read_chunk: 100, queued: 0 });
        let sent = pattern(40_000);
        wire.exchange(&sent, 900, &mut Pieces::seeded(seed));
        assert_eq!(wire.taken(), sent, "seed {seed}");
        assert_eq!(wire.closed(), Some(ClosedBy::Closed), "seed {seed}");
        assert!(wire.refusals() > 0, "seed {seed}");
        assert_eq!(wire.kit().counted("refusals"), wire.refusals(), "seed {seed}");
        assert_eq!(wire.kit().chunks_held(), 0, "seed {seed}");
    }
}
