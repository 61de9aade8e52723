//! The payload: byte = f(connection, offset). Whoever knows the two can write or check any stretch
//! of any stream without having stored it, and a byte that is lost, repeated, moved or from another
//! connection is seen at once.

#[cfg(test)]
mod tests;

/// Bytes made by one evaluation.
const WORD_BYTES: u64 = 8;

/// Where a stream first differed from what it should be, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// How many bytes were wrong.
    pub(crate) bytes: u64,
    /// Offset in the stream of the first of them.
    pub(crate) first_offset: Option<u64>,
}

/// Fills `buffer` with what belongs at `offset` of the stream of `connection`.
pub(crate) fn fill(connection: u32, offset: u64, buffer: &mut [u8]) {
    let (head, body) = buffer.split_at_mut(head_len(offset, buffer.len()));
    for (at, byte) in (offset..).zip(head.iter_mut()) {
        *byte = byte_at(connection, at);
    }
    let aligned = offset + head.len() as u64;
    let mut words = body.chunks_exact_mut(WORD_BYTES as usize);
    let mut index = aligned / WORD_BYTES;
    for word in &mut words {
        word.copy_from_slice(&word_at(connection, index).to_le_bytes());
        index += 1;
    }
    for (byte, expected) in words.into_remainder().iter_mut().zip(word_at(connection, index).to_le_bytes()) {
        *byte = expected;
    }
}

/// Compares `received` with what belongs at `offset` of the stream of `connection`.
pub(crate) fn compare(connection: u32, offset: u64, received: &[u8]) -> Difference {
    let mut found = Difference::default();
    let (head, body) = received.split_at(head_len(offset, received.len()));
    for (at, byte) in (offset..).zip(head) {
        found.note(at, *byte, byte_at(connection, at));
    }
    let mut at = offset + head.len() as u64;
    let mut words = body.chunks_exact(WORD_BYTES as usize);
    for word in &mut words {
        let expected = word_at(connection, at / WORD_BYTES).to_le_bytes();
        if word != expected {
            for (position, (byte, expected)) in (at..).zip(word.iter().zip(expected)) {
                found.note(position, *byte, expected);
            }
        }
        at += WORD_BYTES;
    }
    for (position, byte) in (at..).zip(words.remainder()) {
        found.note(position, *byte, byte_at(connection, position));
    }
    found
}

impl Difference {
    fn note(&mut self, offset: u64, byte: u8, expected: u8) {
        if byte != expected {
            self.bytes += 1;
            self.first_offset.get_or_insert(offset);
        }
    }
}

/// Bytes before the next whole word, at most what there is.
fn head_len(offset: u64, len: usize) -> usize {
    let to_boundary = (WORD_BYTES - offset % WORD_BYTES) % WORD_BYTES;
    len.min(to_boundary as usize)
}

fn byte_at(connection: u32, offset: u64) -> u8 {
    (word_at(connection, offset / WORD_BYTES) >> (8 * (offset % WORD_BYTES))) as u8
}

/// A well-mixed number of both (the finaliser of SplitMix64), so that neither a shift by any
/// distance nor another connection's stream agrees for long.
fn word_at(connection: u32, index: u64) -> u64 {
    let mut z = index
        .wrapping_add(u64::from(connection).wrapping_mul(0xd134_2543_de82_ef95))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(0x2545_f491_4f6c_dd1d);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
