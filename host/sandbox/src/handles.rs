//! What the guest holds handles of: connections, chunks, and WASI's timed waits.
//!
//! Owns: one table per instance; a handle's representation in the component model is its index here, which a guest
//! never sees and so cannot forge. Charges chunks with the memory they pin. Never executes anything.
//!
//! Invariants: at most `handles_max` entries; `chunk_bytes` is the sum of what the live chunks pin, each buffer once,
//! plus [`CHUNK_OVERHEAD_BYTES`] for each.

use crate::fault::Stop;
use crate::limits::InstanceLimits;
use bytes::Bytes;
use std::rc::Rc;
use tidegate_machines::facts::Endpoint;
use tidegate_machines::reason::Fault;
use tidegate_machines::{ChunkId, ConnectionId};

/// What one chunk costs beside its bytes.
const CHUNK_OVERHEAD_BYTES: u64 = 128;

/// The buffer bytes are read into (contract default: read chunk 64 KiB). A chunk of a quarter of it or more keeps the
/// whole buffer alive; a smaller one was copied into an allocation of its own.
const READ_BUFFER_BYTES: u64 = 64 * 1024;

/// A connection the guest owns.
#[derive(Debug)]
pub(crate) struct ConnectionHandle {
    pub(crate) id: ConnectionId,
    /// Kept, because it is still answered when the connection is no more. `None` if it was gone already.
    pub(crate) endpoint: Option<Endpoint>,
    /// `closed` was delivered: commands have no effect, dropping the handle means nothing.
    pub(crate) ended: bool,
}

/// Bytes kept for the guest.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub(crate) id: ChunkId,
    pub(crate) bytes: Bytes,
    /// Shared by all slices of one buffer.
    pinned: Rc<Pinned>,
}

/// Memory that one buffer keeps alive, however many chunks share it.
#[derive(Debug)]
struct Pinned {
    bytes: u64,
}

#[derive(Debug)]
enum Slot {
    Free {
        next: Option<u32>,
    },
    Connection(ConnectionHandle),
    Chunk(Chunk),
    /// A WASI wait that is over at this time of the guest's monotonic clock, nanoseconds.
    Deadline(u64),
}

/// The table.
#[derive(Debug)]
pub(crate) struct Handles {
    slots: Vec<Slot>,
    free: Option<u32>,
    live: u32,
    live_max: u32,
    chunk_bytes: u64,
    chunk_bytes_max: u64,
}

impl Handles {
    pub(crate) fn new(limits: &InstanceLimits) -> Self {
        Self {
            slots: Vec::new(),
            free: None,
            live: 0,
            live_max: limits.handles_max,
            chunk_bytes: 0,
            chunk_bytes_max: limits.chunks_bytes_max,
        }
    }

    /// A handle of a connection that is the guest's from now on.
    pub(crate) fn add_connection(
        &mut self,
        id: ConnectionId,
        endpoint: Option<Endpoint>,
    ) -> Result<u32, Stop> {
        self.insert(Slot::Connection(ConnectionHandle { id, endpoint, ended: false }))
    }

    pub(crate) fn connection(&self, rep: u32) -> Result<&ConnectionHandle, Stop> {
        match self.slots.get(rep as usize) {
            Some(Slot::Connection(handle)) => Ok(handle),
            Some(Slot::Free { .. } | Slot::Chunk(_) | Slot::Deadline(_)) | None => Err(unknown("connection")),
        }
    }

    pub(crate) fn remove_connection(&mut self, rep: u32) -> Result<ConnectionHandle, Stop> {
        self.connection(rep)?;
        match self.remove(rep) {
            Some(Slot::Connection(handle)) => Ok(handle),
            Some(Slot::Free { .. } | Slot::Chunk(_) | Slot::Deadline(_)) | None => Err(unknown("connection")),
        }
    }

    /// `closed` is being delivered for this connection.
    pub(crate) fn end_connection(&mut self, id: ConnectionId) {
        for slot in &mut self.slots {
            if let Slot::Connection(handle) = slot
                && handle.id == id
            {
                handle.ended = true;
            }
        }
    }

    /// Bytes that came from outside: received, or given back under their old id.
    pub(crate) fn add_chunk(&mut self, id: ChunkId, bytes: Bytes) -> Result<u32, Stop> {
        let pinned = Rc::new(Pinned { bytes: pinned_bytes(bytes.len()) });
        self.insert_chunk(Chunk { id, bytes, pinned })
    }

    /// Part of a chunk, as a chunk of its own that shares its buffer.
    pub(crate) fn add_slice(
        &mut self,
        of: u32,
        id: ChunkId,
        offset: usize,
        size: usize,
    ) -> Result<u32, Stop> {
        let whole = self.chunk(of)?;
        let slice = Chunk { id, bytes: cut(&whole.bytes, offset, size), pinned: whole.pinned.clone() };
        self.insert_chunk(slice)
    }

    pub(crate) fn chunk(&self, rep: u32) -> Result<&Chunk, Stop> {
        match self.slots.get(rep as usize) {
            Some(Slot::Chunk(chunk)) => Ok(chunk),
            Some(Slot::Free { .. } | Slot::Connection(_) | Slot::Deadline(_)) | None => Err(unknown("chunk")),
        }
    }

    pub(crate) fn remove_chunk(&mut self, rep: u32) -> Result<Chunk, Stop> {
        self.chunk(rep)?;
        let Some(Slot::Chunk(chunk)) = self.remove(rep) else { return Err(unknown("chunk")) };
        let released = if Rc::strong_count(&chunk.pinned) == 1 { chunk.pinned.bytes } else { 0 };
        self.chunk_bytes = self.chunk_bytes.saturating_sub(released + CHUNK_OVERHEAD_BYTES);
        Ok(chunk)
    }

    pub(crate) fn add_deadline(&mut self, at_ns: u64) -> Result<u32, Stop> {
        self.insert(Slot::Deadline(at_ns))
    }

    /// The deadline of this wait; `None` if it is not one.
    pub(crate) fn deadline(&self, rep: u32) -> Option<u64> {
        match self.slots.get(rep as usize) {
            Some(Slot::Deadline(at_ns)) => Some(*at_ns),
            Some(Slot::Free { .. } | Slot::Connection(_) | Slot::Chunk(_)) | None => None,
        }
    }

    pub(crate) fn remove_deadline(&mut self, rep: u32) {
        if self.deadline(rep).is_some() {
            self.remove(rep);
        }
    }

    fn insert_chunk(&mut self, chunk: Chunk) -> Result<u32, Stop> {
        // Shared with another live chunk: the buffer is charged already.
        let pins = if Rc::strong_count(&chunk.pinned) == 1 { chunk.pinned.bytes } else { 0 };
        let total = self.chunk_bytes.saturating_add(pins).saturating_add(CHUNK_OVERHEAD_BYTES);
        if total > self.chunk_bytes_max {
            let limit = self.chunk_bytes_max;
            return Err(Stop::new(Fault::Commands, format!("holds chunks that pin more than {limit} bytes")));
        }
        let rep = self.insert(Slot::Chunk(chunk))?;
        self.chunk_bytes = total;
        Ok(rep)
    }

    fn insert(&mut self, slot: Slot) -> Result<u32, Stop> {
        if self.live >= self.live_max {
            return Err(Stop::new(Fault::Commands, format!("holds more than {} handles", self.live_max)));
        }
        let rep = match self.free {
            Some(rep) => {
                let place = self.slots.get_mut(rep as usize).ok_or_else(|| unknown("handle"))?;
                let Slot::Free { next } = *place else { return Err(unknown("handle")) };
                self.free = next;
                *place = slot;
                rep
            }
            None => {
                let rep = u32::try_from(self.slots.len()).map_err(|_| unknown("handle"))?;
                self.slots.push(slot);
                rep
            }
        };
        self.live += 1;
        Ok(rep)
    }

    fn remove(&mut self, rep: u32) -> Option<Slot> {
        let place = self.slots.get_mut(rep as usize)?;
        let slot = std::mem::replace(place, Slot::Free { next: self.free });
        self.free = Some(rep);
        self.live = self.live.saturating_sub(1);
        Some(slot)
    }
}

/// `size` bytes of `bytes` from `offset`, cut short where they end.
pub(crate) fn cut(bytes: &Bytes, offset: usize, size: usize) -> Bytes {
    let start = offset.min(bytes.len());
    let end = start.saturating_add(size).min(bytes.len());
    bytes.slice(start..end)
}

/// Memory kept alive by a chunk of `len` bytes that was received.
fn pinned_bytes(len: usize) -> u64 {
    let len = len as u64;
    if len >= READ_BUFFER_BYTES / 4 { len.max(READ_BUFFER_BYTES) } else { len }
}

fn unknown(what: &str) -> Stop {
    Stop::new(Fault::Contract, format!("used a {what} it does not hold"))
}

#[cfg(test)]
mod tests;
