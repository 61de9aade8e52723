//! The read buffer of a worker. A connection holds none of its own.

use bytes::{Bytes, BytesMut};
use tidegate_machines::command::Delivery;

use crate::limits::{PINNED_PART_MIN, READ_CHUNK_BYTES_RANGE};

/// One buffer, filled by one read at a time.
///
/// A copied payload lies in it until the event that carries it was handled; then the space is used again. A payload
/// that is kept by reference takes the whole buffer with it, unless it is so small that it is copied out.
#[derive(Debug)]
pub(crate) struct Scratch {
    buffer: BytesMut,
    chunk_bytes: usize,
}

impl Scratch {
    /// A buffer for reads of up to `chunk_bytes`, held within [`READ_CHUNK_BYTES_RANGE`].
    pub(crate) fn new(chunk_bytes: usize) -> Self {
        let chunk_bytes = chunk_bytes.clamp(*READ_CHUNK_BYTES_RANGE.start(), *READ_CHUNK_BYTES_RANGE.end());
        Self { buffer: BytesMut::new(), chunk_bytes }
    }

    /// Empty, with room for one read.
    pub(crate) fn room(&mut self) -> &mut BytesMut {
        self.buffer.clear();
        // Uses the space of the last read again if nothing of it is held any more.
        self.buffer.reserve(self.chunk_bytes);
        &mut self.buffer
    }

    /// Most bytes one read may bring.
    pub(crate) fn chunk_bytes(&self) -> usize {
        self.chunk_bytes
    }

    /// What the last read brought, in the form `delivery` asks for. `by_reference_bytes_min` is where automatic
    /// delivery begins to be by reference.
    pub(crate) fn take(&mut self, delivery: Delivery, by_reference_bytes_min: usize) -> Bytes {
        let is_kept = match delivery {
            Delivery::Copied => false,
            Delivery::ByReference => true,
            Delivery::Automatic => self.buffer.len() >= by_reference_bytes_min,
        };
        if is_kept && self.buffer.len() < self.chunk_bytes / PINNED_PART_MIN {
            let own = Bytes::copy_from_slice(&self.buffer);
            self.buffer.clear();
            return own;
        }
        self.buffer.split().freeze()
    }
}

#[cfg(test)]
#[path = "scratch_tests.rs"]
mod tests;
