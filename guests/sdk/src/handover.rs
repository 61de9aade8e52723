//! Handing live connections to a newer generation of the handler.
//!
//! Owns: the frame around the states of an instance's connections and timers. Never interprets what a
//! handler saved. All numbers in the frame are big-endian; its first byte is its version.

use std::collections::BTreeMap;

use crate::runtime::{PerConnection, Runtime};
use crate::{Chunk, ChunkId, Connection, Handler, Payload, timers};

/// Version of the frame, its first byte.
const FRAME: u8 = 1;

/// A [`Handler`] whose connections can be handed over. Export it with
/// [`export_swappable!`](crate::export_swappable).
pub trait Resumable: Handler {
    /// Name of the format of the saved state: a snapshot with another name is refused.
    const SCHEMA: &'static str;

    /// Version of the format that [`save`](Self::save) writes. Old ones may be read, newer ones are
    /// refused.
    const VERSION: u32;

    /// Appends the state of one connection to `out`; chunks by their [id](Chunk::id). It must change
    /// nothing and give no command.
    ///
    /// # Errors
    /// A reason keeps the old generation in service.
    fn save(&self, out: &mut Vec<u8>) -> Result<(), String>;

    /// Takes the state of one connection over. `self` is as after
    /// [`configure`](Handler::configure).
    ///
    /// # Errors
    /// A reason keeps the old generation in service.
    fn load(&mut self, saved: SavedState<'_>, chunks: &mut HeldChunks) -> Result<(), String>;
}

/// What [`Resumable::save`] wrote for one connection.
#[derive(Clone, Copy, Debug)]
pub struct SavedState<'a> {
    /// The [version](Resumable::VERSION) it was written with.
    pub version: u32,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// The chunks the old instance held, by the ids it knew.
#[derive(Debug)]
pub struct HeldChunks {
    chunks: BTreeMap<ChunkId, Chunk>,
}

impl HeldChunks {
    pub(crate) fn new(chunks: impl IntoIterator<Item = Chunk>) -> Self {
        Self { chunks: chunks.into_iter().map(|chunk| (chunk.id(), chunk)).collect() }
    }

    /// Takes a chunk over. Those not taken are released after the hand-over.
    pub fn take(&mut self, id: ChunkId) -> Option<Chunk> {
        self.chunks.remove(&id)
    }
}

/// The whole instance, framed.
pub(crate) fn save<H: Resumable>(runtime: &Runtime<PerConnection<H>>) -> Result<Vec<u8>, String> {
    let mut out = vec![FRAME];
    out.extend(count(runtime.slots.len())?);
    for (id, slot) in &runtime.slots {
        let mut state = Vec::new();
        slot.state.save(&mut state)?;
        out.extend(id.to_be_bytes());
        out.extend(count(state.len())?);
        out.extend(state);
    }
    let armed = timers::entries();
    out.extend(count(armed.len())?);
    for (wire, connection, token) in armed {
        out.extend(wire.to_be_bytes());
        out.extend(connection.to_be_bytes());
        out.extend(token.to_be_bytes());
    }
    Ok(out)
}

/// A predecessor, as its successor gets it.
pub(crate) struct Inherited {
    pub(crate) schema: String,
    pub(crate) version: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) chunks: HeldChunks,
}

/// Takes a whole instance over. Every connection must have a state and every state a connection.
pub(crate) fn load<H: Resumable>(
    runtime: &mut Runtime<PerConnection<H>>,
    inherited: Inherited,
) -> Result<(), String> {
    let Inherited { schema, version, bytes, connections, mut chunks } = inherited;
    if schema != H::SCHEMA {
        return Err(format!("saved state is of schema `{schema}`, not `{}`", H::SCHEMA));
    }
    if version > H::VERSION {
        return Err(format!("saved state is of version {version}, newer than {}", H::VERSION));
    }
    let mut frame = Payload::from(bytes);
    let short = |e| format!("saved state is cut short: {e}");
    let kind = frame.get_u8().map_err(short)?;
    if kind != FRAME {
        return Err(format!("saved state has frame version {kind}, not {FRAME}"));
    }
    let mut handles: BTreeMap<_, _> = connections.into_iter().map(|c| (c.id(), c)).collect();
    for _ in 0..frame.get_u32().map_err(short)? {
        let id = frame.get_u64().map_err(short)?;
        let len = frame.get_u32().map_err(short)? as usize;
        if frame.len() < len {
            return Err(format!("saved state is cut short: connection {id} wants {len} bytes"));
        }
        let state = frame.split_to(len).into_vec();
        let connection = handles.remove(&id).ok_or_else(|| format!("no handle for connection {id}"))?;
        let mut handler = runtime.model().map(crate::runtime::Model::open).ok_or("not started")?;
        handler.load(SavedState { version, bytes: &state }, &mut chunks)?;
        runtime.adopt(connection, handler);
    }
    if let Some(id) = handles.keys().next() {
        return Err(format!("no saved state for connection {id}"));
    }
    let mut armed = Vec::new();
    for _ in 0..frame.get_u32().map_err(short)? {
        let entry = (
            frame.get_u64().map_err(short)?,
            frame.get_u64().map_err(short)?,
            frame.get_u64().map_err(short)?,
        );
        armed.push(entry);
    }
    if !frame.is_empty() {
        return Err(format!("{} bytes after the end of the saved state", frame.len()));
    }
    timers::adopt(&armed);
    Ok(())
}

fn count(n: usize) -> Result<[u8; 4], String> {
    u32::try_from(n).map(u32::to_be_bytes).map_err(|_| format!("{n} is too large for a saved state"))
}
