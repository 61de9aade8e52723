//! The lingering close (invariant 8): told when our FIN is sent, over when the kernel is done.

use super::bench::*;
use tidegate_machines::cell::{Input, Output, ReadInterest, Report};
use tidegate_machines::command::ConnectionCommand::Close;

fn probed(bench: &mut Bench, unacked_bytes: u64, unread_bytes: u64) {
    bench.input(Input::LingerProbed { connection: C, unacked_bytes, unread_bytes });
}

#[test]
fn lingering_asks_with_back_off_until_the_peers_kernel_has_everything() {
    let mut bench = Bench::registered(&push());
    bench.does(Close);
    bench.settle();
    bench.forget();
    let mut waits = Vec::new();
    for unacked in [30, 20, 10, 5, 3, 2] {
        probed(&mut bench, unacked, 0);
        let before = bench.now;
        bench.until_due();
        waits.push(bench.now.since(before).as_millis());
        assert_eq!(bench.outputs(), [Output::ProbeLinger(C)]);
    }
    assert_eq!(waits, [1, 2, 4, 8, 8, 8]);
    probed(&mut bench, 0, 3);
    assert_eq!(bench.outputs(), [], "input is unread: closing now would reset");
    probed(&mut bench, 0, 0);
    assert_eq!(bench.outputs(), [Output::CloseSocket(C)]);
    assert!(bench.reports().contains(&Report::Gone(C)));
}

#[test]
fn lingering_ends_with_the_peers_fin_with_a_reset_or_after_so_much_input() {
    let lingering = || {
        let mut bench = Bench::registered(&push());
        bench.does(Close);
        bench.settle();
        bench.forget();
        bench
    };
    let mut bench = lingering();
    bench.peer_finishes();
    assert_eq!(bench.outputs(), [Output::CloseSocket(C)]);
    let mut bench = lingering();
    bench.peer_resets(3);
    assert_eq!(bench.outputs(), [Output::CloseSocket(C)]);
    let mut bench = lingering();
    assert_eq!(bench.interest(), ReadInterest::Discard { bytes_max: 40 });
    bench.input(Input::Discarded { connection: C, bytes: 39 });
    assert_eq!(bench.interest(), ReadInterest::Discard { bytes_max: 1 });
    bench.input(Input::Discarded { connection: C, bytes: 1 });
    assert_eq!(bench.outputs(), [Output::CloseSocket(C)]);
}

#[test]
fn lingering_without_progress_ends_at_the_flush_limit() {
    let mut bench = Bench::registered(&push());
    bench.does(Close);
    bench.settle();
    for _ in 0..29 {
        probed(&mut bench, 10, 0);
        bench.after(secs(1));
        assert!(!bench.cell.is_finished());
    }
    probed(&mut bench, 9, 0);
    bench.after(secs(29));
    assert!(!bench.cell.is_finished(), "a byte was acknowledged one second before the limit");
    bench.after(secs(1));
    assert!(bench.cell.is_finished());
}
