//! Payload whose byte at every offset is known, so that a receiver can check any slice of a stream
//! without storing it: a byte lost, repeated or swapped is found at its offset.

/// The byte at `offset` of the stream with this number.
#[must_use]
pub const fn byte(stream: u64, offset: u64) -> u8 {
    // Offsets that differ by a power of two differ here, because the multiplier is odd and the high bits
    // are taken (Fibonacci hashing).
    let mixed = (offset ^ stream.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as u8
}

/// Fills `buffer` with the bytes of the stream from `offset` on.
pub fn fill(stream: u64, offset: u64, buffer: &mut [u8]) {
    for (at, slot) in (offset..).zip(buffer) {
        *slot = byte(stream, at);
    }
}

/// The bytes of the stream from `offset` on.
#[must_use]
pub fn bytes(stream: u64, offset: u64, count: usize) -> Vec<u8> {
    let mut buffer = vec![0; count];
    fill(stream, offset, &mut buffer);
    buffer
}

/// Compares bytes that came with those of the stream from `offset` on.
///
/// # Panics
/// At the first byte that differs, with its offset.
pub fn check(stream: u64, offset: u64, got: &[u8]) {
    for (at, got) in (offset..).zip(got) {
        let expected = byte(stream, at);
        assert!(*got == expected, "stream {stream}: byte {at} is {got:#04x}, not {expected:#04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::{byte, bytes, check};

    #[test]
    fn neighbouring_offsets_and_streams_differ() {
        let differing = |a: &[u8], b: &[u8]| a.iter().zip(b).filter(|(a, b)| a != b).count();
        let stream = bytes(7, 0, 4096);
        for shift in [1, 2, 64, 1024, 65_536] {
            let shifted = bytes(7, shift, 4096);
            assert!(differing(&stream, &shifted) > 3_500, "a shift by {shift} would be overlooked");
        }
        assert!(differing(&stream, &bytes(8, 0, 4096)) > 3_500, "another stream would be overlooked");
    }

    #[test]
    fn slices_are_checked_at_their_place() {
        check(3, 1_000, &bytes(3, 1_000, 64));
        assert_eq!(bytes(3, 10, 1), [byte(3, 10)]);
    }

    #[test]
    #[should_panic(expected = "byte 12 is")]
    fn the_first_wrong_byte_is_named() {
        let mut got = bytes(1, 10, 8);
        got[2] ^= 1;
        check(1, 10, &got);
    }
}
