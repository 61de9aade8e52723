//! Handles and chunks are bounded, and forged ones are told.

use super::*;

fn handles(handles_max: u32, chunks_bytes_max: u64) -> Handles {
    Handles::new(&InstanceLimits { handles_max, chunks_bytes_max, ..InstanceLimits::default() })
}

fn bytes(len: usize) -> Bytes {
    Bytes::from(vec![7; len])
}

#[test]
fn a_place_is_used_again_after_its_handle_was_dropped() {
    let mut table = handles(2, 1 << 20);
    let first = table.add_connection(ConnectionId(1), None).unwrap();
    let second = table.add_connection(ConnectionId(2), None).unwrap();
    assert_eq!(table.add_connection(ConnectionId(3), None).unwrap_err().fault, Fault::Commands);
    assert_eq!(table.remove_connection(first).unwrap().id, ConnectionId(1));
    assert!(table.connection(first).is_err());
    assert!(table.remove_connection(first).is_err(), "not twice");
    let third = table.add_connection(ConnectionId(3), None).unwrap();
    assert_eq!(third, first);
    assert_eq!(table.connection(second).unwrap().id, ConnectionId(2));
}

#[test]
fn a_handle_of_one_kind_is_not_one_of_another() {
    let mut table = handles(8, 1 << 20);
    let connection = table.add_connection(ConnectionId(1), None).unwrap();
    let chunk = table.add_chunk(ChunkId(1), bytes(3)).unwrap();
    assert_eq!(table.chunk(connection).unwrap_err().fault, Fault::Contract);
    assert_eq!(table.connection(chunk).unwrap_err().fault, Fault::Contract);
    assert!(table.remove_chunk(connection).is_err());
    assert!(table.deadline(chunk).is_none());
    table.remove_deadline(chunk);
    assert!(table.chunk(chunk).is_ok(), "removed as what it is not: nothing happens");
}

#[test]
fn a_large_chunk_pins_the_buffer_it_was_read_into_and_a_small_one_itself() {
    assert_eq!(pinned_bytes(1), 1);
    assert_eq!(pinned_bytes(16 * 1024 - 1), 16 * 1024 - 1);
    assert_eq!(pinned_bytes(16 * 1024), 64 * 1024);
    assert_eq!(pinned_bytes(64 * 1024), 64 * 1024);
    assert_eq!(pinned_bytes(100_000), 100_000);
}

#[test]
fn slices_pin_their_buffer_once_and_release_it_with_the_last() {
    let mut table = handles(64, 64 * 1024 + 3 * CHUNK_OVERHEAD_BYTES);
    let whole = table.add_chunk(ChunkId(1), bytes(20_000)).unwrap();
    let head = table.add_slice(whole, ChunkId(2), 0, 10_000).unwrap();
    let tail = table.add_slice(whole, ChunkId(3), 10_000, 50_000).unwrap();
    assert_eq!(table.chunk(tail).unwrap().bytes.len(), 10_000, "cut short");
    assert_eq!(table.chunk_bytes, 64 * 1024 + 3 * CHUNK_OVERHEAD_BYTES);
    assert_eq!(table.add_slice(whole, ChunkId(4), 0, 1).unwrap_err().fault, Fault::Commands);
    table.remove_chunk(whole).unwrap();
    table.remove_chunk(tail).unwrap();
    assert_eq!(table.chunk_bytes, 64 * 1024 + CHUNK_OVERHEAD_BYTES);
    table.remove_chunk(head).unwrap();
    assert_eq!(table.chunk_bytes, 0);
}

#[test]
fn a_range_that_leaves_a_chunk_is_cut_short() {
    let whole = Bytes::from_static(b"0123456789");
    assert_eq!(cut(&whole, 2, 3).as_ref(), b"234");
    assert_eq!(cut(&whole, 8, 5).as_ref(), b"89");
    assert_eq!(cut(&whole, 10, 5).as_ref(), b"");
    assert_eq!(cut(&whole, usize::MAX, usize::MAX).as_ref(), b"");
    assert_eq!(cut(&whole, 0, usize::MAX).as_ref(), b"0123456789");
}

#[test]
fn an_ended_connection_is_marked_by_its_id() {
    let mut table = handles(8, 0);
    let kept = table.add_connection(ConnectionId(1), None).unwrap();
    let ended = table.add_connection(ConnectionId(2), None).unwrap();
    table.end_connection(ConnectionId(2));
    assert!(!table.connection(kept).unwrap().ended);
    assert!(table.connection(ended).unwrap().ended);
}
