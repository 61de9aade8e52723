//! Bytes received and not acked yet.

use std::collections::VecDeque;
use std::fmt;

use tidegate_guest::prelude::*;

use crate::Watermarks;

/// What one stored chunk is charged on top of its bytes: its place in the queue and in the allocator.
/// Without it, a peer that sends single bytes would fill the sandbox long before `max-stored`.
pub const CHUNK_OVERHEAD_BYTES: u64 = 128;

/// The most chunks of one burst: the host limits the commands of a turn (default 4096).
pub const BURST_CHUNKS_MAX: usize = 1024;

/// The most bytes of one burst, if it is more than one chunk: the host limits the bytes of a turn
/// (default 32 MiB).
pub const BURST_BYTES_MAX: u64 = 8 << 20;

/// How much [`Store::write_burst`] wrote.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Burst {
    /// All that is stored.
    All,
    /// Up to and including the chunk with this offset.
    Part {
        /// Offset, and token, of the last chunk written.
        last: Token,
    },
}

/// Received bytes, oldest first, each chunk under the offset of its first byte in the stream. The
/// offset is also the token of its write.
#[derive(Clone, Debug, Default)]
pub struct Store {
    marks: Watermarks,
    chunks: VecDeque<Stored>,
    /// Offset of the next byte to come.
    next_offset: u64,
    /// Bytes charged for what is stored.
    charged: u64,
    reading: Reading,
}

#[derive(Clone, Debug)]
struct Stored {
    offset: Token,
    charged: u64,
    data: Payload,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Reading {
    #[default]
    Open,
    /// Above the high mark, until below the low one.
    Suspended,
    /// For good: nothing more is to be echoed.
    Ended,
}

/// Storing more would exceed `max-stored`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Overrun {
    /// What would be stored, in bytes.
    pub stored: u64,
    /// The limit.
    pub max: u64,
}

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "buffer overrun: {} bytes would be stored, max-stored is {}", self.stored, self.max)
    }
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(marks: Watermarks) -> Self {
        Self { marks, ..Self::default() }
    }

    /// Keeps bytes under their offset, which is returned. Suspends reading above the high mark.
    ///
    /// # Errors
    /// [`Overrun`]; the bytes are not kept.
    pub fn push(&mut self, c: &Connection, data: Payload) -> Result<Token, Overrun> {
        let charged = data.len() as u64 + CHUNK_OVERHEAD_BYTES;
        let stored = self.charged + charged;
        if stored > self.marks.max {
            return Err(Overrun { stored, max: self.marks.max });
        }
        let offset = self.next_offset;
        self.next_offset += data.len() as u64;
        self.charged = stored;
        self.chunks.push_back(Stored { offset, charged, data });
        if self.reading == Reading::Open && stored > self.marks.high {
            self.reading = Reading::Suspended;
            c.suspend_reading();
            host::count("suspends", 1);
        }
        Ok(offset)
    }

    /// Drops the oldest chunk, whose write was acked with `token`. Reading goes on below the low mark.
    /// `false` if the oldest is another one: then nothing is dropped.
    #[must_use]
    pub fn pop(&mut self, c: &Connection, token: Token) -> bool {
        let Some(oldest) = self.chunks.pop_front_if(|chunk| chunk.offset == token) else { return false };
        self.charged -= oldest.charged;
        if self.reading == Reading::Suspended && self.charged < self.marks.low {
            self.reading = Reading::Open;
            c.resume_reading();
            host::count("resumes", 1);
        }
        true
    }

    /// Writes the oldest chunk, to be acked with its offset. Nothing if the store is empty.
    pub fn write_oldest(&mut self, c: &Connection) {
        if let Some(chunk) = self.chunks.front_mut() {
            c.write_kept(&mut chunk.data, Answer::Always(chunk.offset));
        }
    }

    /// Writes the newest chunk, to be acked with its offset. Nothing if the store is empty.
    pub fn write_newest(&mut self, c: &Connection) {
        if let Some(chunk) = self.chunks.back_mut() {
            c.write_kept(&mut chunk.data, Answer::Always(chunk.offset));
        }
    }

    /// Writes chunks, oldest first, to be acked with their offsets: all, or as many as one turn may
    /// hold ([`BURST_CHUNKS_MAX`], [`BURST_BYTES_MAX`]).
    pub fn write_burst(&mut self, c: &Connection) -> Burst {
        let mut bytes = 0;
        let mut last = None;
        for chunk in self.chunks.iter_mut().take(BURST_CHUNKS_MAX) {
            bytes += chunk.charged;
            if last.is_some() && bytes > BURST_BYTES_MAX {
                break;
            }
            c.write_kept(&mut chunk.data, Answer::Always(chunk.offset));
            last = Some(chunk.offset);
        }
        match (last, self.chunks.back()) {
            (Some(last), Some(newest)) if last < newest.offset => Burst::Part { last },
            _ => Burst::All,
        }
    }

    /// No more is to be read, whatever is sent.
    pub fn end_reading(&mut self, c: &Connection) {
        if self.reading == Reading::Open {
            c.suspend_reading();
        }
        self.reading = Reading::Ended;
    }

    /// Nothing stored?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Chunks stored.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Bytes charged for what is stored.
    #[must_use]
    pub const fn charged(&self) -> u64 {
        self.charged
    }
}
