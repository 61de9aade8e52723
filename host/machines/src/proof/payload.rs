//! Payload of the proofs: real bytes with content, or a length without.

use bytes::Bytes;
use tidegate_machines::Length;
use tidegate_machines::payload::Payload;

/// A payload that proofs can make and compare.
pub(crate) trait TestPayload: Payload {
    /// `len` bytes; different `salt`, different content, where there is content.
    fn make(len: usize, salt: u64) -> Self;

    /// Whether the first `len` bytes of both are the same.
    fn has_prefix(&self, other: &Self, len: usize) -> bool;
}

impl TestPayload for Bytes {
    fn make(len: usize, salt: u64) -> Self {
        let byte = |index: usize| {
            let mixed = (salt.wrapping_add(index as u64)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed >> 56) as u8
        };
        (0..len).map(byte).collect::<Vec<u8>>().into()
    }

    fn has_prefix(&self, other: &Self, len: usize) -> bool {
        self.get(..len).is_some_and(|mine| Some(mine) == other.get(..len))
    }
}

impl TestPayload for Length {
    fn make(len: usize, _salt: u64) -> Self {
        Self(len)
    }

    fn has_prefix(&self, other: &Self, len: usize) -> bool {
        self.0 >= len && other.0 >= len
    }
}
