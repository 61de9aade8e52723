//! Bytes kept by the host.
//!
//! Owns: the handle. Dropping a [`Chunk`] releases the bytes and has no other effect.

use std::cell::Cell;

use crate::{ChunkId, backend};

/// Immutable bytes kept by the host. Forwarding one copies nothing into the guest's memory.
#[derive(Debug)]
pub struct Chunk {
    raw: backend::Chunk,
    /// 0: not asked for yet (no chunk is empty).
    size: Cell<u32>,
}

impl Chunk {
    pub(crate) const fn from_raw(raw: backend::Chunk) -> Self {
        Self { raw, size: Cell::new(0) }
    }

    pub(crate) fn into_raw(self) -> backend::Chunk {
        self.raw
    }

    /// The chunk's id: unique in the life of the host, stable across a hand-over.
    #[must_use]
    pub fn id(&self) -> ChunkId {
        self.raw.id()
    }

    /// Its length in bytes, at least 1.
    #[must_use]
    pub fn size(&self) -> u32 {
        if self.size.get() == 0 {
            self.size.set(self.raw.size());
        }
        self.size.get()
    }

    /// Copies up to `size` bytes from `offset`; a range that leaves the chunk is cut short.
    #[must_use]
    pub fn read(&self, offset: u32, size: u32) -> Vec<u8> {
        self.raw.read(offset, size)
    }

    /// Copies all of it.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.raw.read(0, u32::MAX)
    }

    /// A chunk over part of these bytes, without a copy; a range that leaves the chunk is cut short.
    #[must_use]
    pub fn slice(&self, offset: u32, size: u32) -> Self {
        Self::from_raw(self.raw.slice(offset, size))
    }
}

impl Clone for Chunk {
    /// A second handle to the same bytes, charged as a chunk of its own. Copies no bytes.
    fn clone(&self) -> Self {
        self.slice(0, u32::MAX)
    }
}
