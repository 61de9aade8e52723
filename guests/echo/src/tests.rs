//! The handler, driven natively.

use tidegate_guest::prelude::*;
use tidegate_guest::testing::{Command, Pieces, Wire, WireLimits, start};

use super::Echo;

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 31 + at / 251) as u8).collect()
}

#[test]
fn what_is_received_is_written_back_in_the_form_it_had() {
    let mut kit = start::<Echo>(&[("delivery", "automatic")]).expect("good arguments");
    let c = kit.connect();
    let registration = Registration::paced().delivery(Delivery::Automatic);
    assert_eq!(kit.commands(), [Command::Register { connection: c, registration }]);
    kit.received(c, b"small");
    kit.received_chunk(c, b"large");
    let (small, large) =
        (Command::write(c, b"small", Answer::None), Command::write_chunk(c, b"large", Answer::None));
    assert_eq!(kit.commands(), [small, large]);
    assert_eq!(kit.chunks_held(), 0, "a forwarded chunk is given away");
}

#[test]
fn the_peers_fin_is_answered_with_close_and_the_handle_is_dropped_after_closed() {
    let mut kit = start::<Echo>(&[]).expect("no arguments needed");
    let c = kit.connect();
    kit.commands();
    kit.peer_closed(c);
    assert_eq!(kit.commands(), [Command::Close { connection: c }]);
    kit.closed(c, ClosedBy::Closed);
    assert_eq!(kit.commands(), [Command::DropConnection { connection: c }]);
}

#[test]
fn a_refusal_is_logged_and_aborts() {
    let mut kit = start::<Echo>(&[("read", "push")]).expect("good arguments");
    let c = kit.connect();
    assert_eq!(kit.commands(), [Command::Register { connection: c, registration: Registration::push() }]);
    kit.refused(c, CommandName::Write, None, Refusal::QueueFull);
    assert_eq!(kit.commands(), [Command::Abort { connection: c }]);
    let log = kit.log();
    assert_eq!(log.len(), 1);
    assert!(log[0].1.contains("write refused: queue-full"), "{log:?}");
}

#[test]
fn unknown_arguments_and_values_refuse_to_start() {
    let refusal = |args: &[(&str, &str)]| start::<Echo>(args).expect_err("bad arguments").to_string();
    assert_eq!(refusal(&[("raed", "push")]), "unknown argument `raed` (known: read, delivery)");
    assert_eq!(refusal(&[("read", "fast")]), "argument `read=fast`: expected one of paced, push");
    assert_eq!(refusal(&[("read", "push"), ("read", "paced")]), "argument `read` was given more than once");
}

#[test]
fn paced_echo_returns_every_byte_once_and_is_never_refused_however_bytes_fall() {
    for seed in 0..100 {
        let delivery = if seed % 2 == 0 { "copied" } else { "by-reference" };
        let kit = start::<Echo>(&[("delivery", delivery)]).expect("good arguments");
        let limits = WireLimits { send_buffer: 100, read_chunk: 64, queued: 1 << 20 };
        let mut wire = Wire::new(kit, limits);
        let sent = pattern(5_000);
        wire.exchange(&sent, 150, &mut Pieces::seeded(seed));
        assert_eq!(wire.taken(), sent, "seed {seed}");
        assert_eq!(wire.closed(), Some(ClosedBy::Closed), "seed {seed}");
        assert_eq!(wire.refusals(), 0, "seed {seed}");
    }
}

#[test]
fn push_echo_to_a_reader_that_stops_is_aborted_not_silently_cut() {
    let kit = start::<Echo>(&[("read", "push")]).expect("good arguments");
    let mut wire = Wire::new(kit, WireLimits { send_buffer: 100, read_chunk: 64, queued: 1 << 20 });
    wire.peer_sends(&pattern(1_000));
    wire.settle();
    assert_eq!(wire.closed(), Some(ClosedBy::Aborted));
    assert!(wire.refusals() > 0);
}
