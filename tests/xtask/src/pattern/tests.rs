//! The payload can be written and checked in any pieces, and every kind of damage is seen.

use super::{compare, fill};

fn stream(connection: u32, offset: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    fill(connection, offset, &mut bytes);
    bytes
}

#[test]
fn any_stretch_is_the_same_whatever_pieces_it_is_written_in() {
    let whole = stream(3, 0, 257);
    for start in 0..40_usize {
        for len in 0..40_usize {
            assert_eq!(stream(3, start as u64, len), whole[start..start + len], "at {start}, {len} bytes");
            assert_eq!(compare(3, start as u64, &whole[start..start + len]).bytes, 0);
        }
    }
}

#[test]
fn one_changed_byte_is_counted_and_its_offset_named() {
    for at in 0..64_usize {
        let mut bytes = stream(7, 5, 64);
        bytes[at] ^= 0x40;
        let found = compare(7, 5, &bytes);
        assert_eq!((found.bytes, found.first_offset), (1, Some(5 + at as u64)));
    }
}

#[test]
fn a_lost_byte_a_repeated_byte_and_another_connection_are_seen() {
    let bytes = stream(1, 0, 4096);
    for (connection, offset) in [(1, 1), (1, 8), (1, 65536), (2, 0), (0, 0)] {
        let found = compare(connection, offset, &bytes);
        assert!(found.bytes > 3900, "only {} of 4096 differ at {connection}, {offset}", found.bytes);
    }
}
