//! What the machines know of bytes: how many there are, and how to cut them.
//!
//! The host uses [`Bytes`]. Models use [`Length`], so that two states which differ only in the content of their
//! payload are one state.

use bytes::Bytes;
use core::fmt::Debug;
use core::hash::Hash;

/// An immutable run of bytes.
pub trait Payload: Clone + Eq + Hash + Debug {
    /// Bytes in it.
    fn len(&self) -> usize;

    /// Whether it holds nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops the first `count` bytes; all of them if there are fewer.
    fn advance(&mut self, count: usize);
}

impl Payload for Bytes {
    fn len(&self) -> usize {
        Self::len(self)
    }

    fn advance(&mut self, count: usize) {
        let count = count.min(Self::len(self));
        bytes::Buf::advance(self, count);
    }
}

/// Payload without content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Length(pub usize);

impl Payload for Length {
    fn len(&self) -> usize {
        self.0
    }

    fn advance(&mut self, count: usize) {
        self.0 = self.0.saturating_sub(count);
    }
}
