//! Bytes from the peer or for it, in whichever form they were delivered.
//!
//! Owns: reading from the front, and splitting, of either form. Invariant: a payload in chunk form is
//! never empty.

use std::fmt;

use crate::{Chunk, backend};

/// Bytes, in guest memory or kept by the host. Reading takes from the front; forwarding and splitting
/// a payload that the host keeps copies nothing.
#[derive(Clone, Debug)]
pub struct Payload {
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    /// `data[start..]` is what is left.
    Bytes { data: Vec<u8>, start: usize },
    /// All of the chunk is left.
    Chunk(Chunk),
}

impl Payload {
    /// Bytes left.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Bytes { data, start } => data.len() - start,
            Form::Chunk(chunk) => chunk.size() as usize,
        }
    }

    /// Nothing left?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.form {
            Form::Bytes { data, start } => *start == data.len(),
            Form::Chunk(_) => false,
        }
    }

    /// Kept by the host, not in guest memory?
    #[must_use]
    pub const fn is_chunk(&self) -> bool {
        matches!(self.form, Form::Chunk(_))
    }

    /// What is left, as a slice. Copies it into guest memory first if the host keeps it, once.
    pub fn as_slice(&mut self) -> &[u8] {
        if let Form::Chunk(chunk) = &self.form {
            self.form = Form::Bytes { data: chunk.to_vec(), start: 0 };
        }
        match &self.form {
            Form::Bytes { data, start } => data.get(*start..).unwrap_or(&[]),
            Form::Chunk(_) => &[],
        }
    }

    /// What is left, as a vector; without a copy if it was in guest memory and unread.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        match self.form {
            Form::Bytes { data, start: 0 } => data,
            Form::Bytes { mut data, start } => data.split_off(start),
            Form::Chunk(chunk) => chunk.to_vec(),
        }
    }

    /// The chunk, if the host keeps these bytes.
    ///
    /// # Errors
    /// The payload itself, if it is in guest memory.
    pub fn into_chunk(self) -> Result<Chunk, Self> {
        match self.form {
            Form::Chunk(chunk) => Ok(chunk),
            form @ Form::Bytes { .. } => Err(Self { form }),
        }
    }

    /// Takes the first `count` bytes off, or all if there are fewer. A payload the host keeps is split
    /// without a copy.
    pub fn split_to(&mut self, count: usize) -> Self {
        if count >= self.len() {
            return std::mem::take(self);
        }
        if count == 0 {
            return Self::default();
        }
        match &mut self.form {
            Form::Bytes { data, start } => {
                let head = data.get(*start..*start + count).unwrap_or(&[]).to_vec();
                *start += count;
                head.into()
            }
            Form::Chunk(chunk) => {
                // count < len <= u32::MAX
                let at = count as u32;
                let head = chunk.slice(0, at);
                *chunk = chunk.slice(at, u32::MAX);
                head.into()
            }
        }
    }

    /// Drops the first `count` bytes, or all if there are fewer.
    pub fn advance(&mut self, count: usize) {
        match &mut self.form {
            Form::Bytes { data, start } => *start = data.len().min(start.saturating_add(count)),
            Form::Chunk(_) => drop(self.split_to(count)),
        }
    }

    /// Takes one byte.
    ///
    /// # Errors
    /// [`TooShort`] if nothing is left; nothing is taken.
    pub fn get_u8(&mut self) -> Result<u8, TooShort> {
        self.get_array().map(u8::from_be_bytes)
    }

    /// Takes two bytes, most significant first.
    ///
    /// # Errors
    /// [`TooShort`] if fewer are left; nothing is taken.
    pub fn get_u16(&mut self) -> Result<u16, TooShort> {
        self.get_array().map(u16::from_be_bytes)
    }

    /// Takes four bytes, most significant first.
    ///
    /// # Errors
    /// [`TooShort`] if fewer are left; nothing is taken.
    pub fn get_u32(&mut self) -> Result<u32, TooShort> {
        self.get_array().map(u32::from_be_bytes)
    }

    /// Takes eight bytes, most significant first.
    ///
    /// # Errors
    /// [`TooShort`] if fewer are left; nothing is taken.
    pub fn get_u64(&mut self) -> Result<u64, TooShort> {
        self.get_array().map(u64::from_be_bytes)
    }

    /// Takes `N` bytes.
    ///
    /// # Errors
    /// [`TooShort`] if fewer are left; nothing is taken.
    pub fn get_array<const N: usize>(&mut self) -> Result<[u8; N], TooShort> {
        let left = self.len();
        let Some(array) = self.as_slice().first_chunk::<N>().copied() else {
            return Err(TooShort { wanted: N, left });
        };
        self.advance(N);
        Ok(array)
    }

    /// Calls one function or the other, by form.
    pub(crate) fn by_form<T>(self, bytes: impl FnOnce(&[u8]) -> T, chunk: impl FnOnce(Chunk) -> T) -> T {
        match self.form {
            Form::Bytes { data, start } => bytes(data.get(start..).unwrap_or(&[])),
            Form::Chunk(c) => chunk(c),
        }
    }

    pub(crate) fn into_raw(self) -> backend::Payload {
        match self.into_chunk() {
            Ok(chunk) => backend::Payload::Chunk(chunk.into_raw()),
            Err(bytes) => backend::Payload::Bytes(bytes.into_vec()),
        }
    }

    pub(crate) fn from_raw(raw: backend::Payload) -> Self {
        match raw {
            backend::Payload::Bytes(bytes) => bytes.into(),
            backend::Payload::Chunk(chunk) => Chunk::from_raw(chunk).into(),
        }
    }
}

impl Default for Payload {
    /// No bytes.
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<u8>> for Payload {
    fn from(data: Vec<u8>) -> Self {
        Self { form: Form::Bytes { data, start: 0 } }
    }
}

impl From<&[u8]> for Payload {
    fn from(data: &[u8]) -> Self {
        data.to_vec().into()
    }
}

impl From<Chunk> for Payload {
    fn from(chunk: Chunk) -> Self {
        Self { form: Form::Chunk(chunk) }
    }
}

/// A payload has fewer bytes left than were asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooShort {
    /// Bytes asked for.
    pub wanted: usize,
    /// Bytes there were.
    pub left: usize,
}

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes wanted, {} left", self.wanted, self.left)
    }
}

impl std::error::Error for TooShort {}
