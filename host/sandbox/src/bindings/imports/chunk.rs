//! `types.chunk`: bytes kept by the host.

use super::Context;
use crate::bindings::types::Chunk;
use crate::handles::cut;
use crate::state::State;
use wasmtime::Result;
use wasmtime::component::{LinkerInstance, Resource, ResourceType};

pub(super) fn link(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    types.resource("chunk", ResourceType::host::<Chunk>(), |mut context: Context<'_>, rep| {
        context.data_mut().handles.remove_chunk(rep)?;
        Ok(())
    })?;
    types.func_wrap("[method]chunk.id", |context: Context<'_>, (this,): (Resource<Chunk>,)| {
        Ok((context.data().handles.chunk(this.rep())?.id.0,))
    })?;
    types.func_wrap("[method]chunk.size", |context: Context<'_>, (this,): (Resource<Chunk>,)| {
        let len = context.data().handles.chunk(this.rep())?.bytes.len();
        // No chunk is 4 GiB: the largest is one read.
        Ok((u32::try_from(len).unwrap_or(u32::MAX),))
    })?;
    types.func_wrap(
        "[method]chunk.read",
        |context: Context<'_>, (this, offset, size): (Resource<Chunk>, u32, u32)| {
            let chunk = context.data().handles.chunk(this.rep())?;
            // Shares the chunk's buffer; the one copy is the one into the guest's memory.
            Ok((cut(&chunk.bytes, offset as usize, size as usize),))
        },
    )?;
    types.func_wrap(
        "[method]chunk.slice",
        |mut context: Context<'_>, (this, offset, size): (Resource<Chunk>, u32, u32)| {
            let state = context.data_mut();
            let id = state.chunk_ids.next();
            let rep = state.handles.add_slice(this.rep(), id, offset as usize, size as usize)?;
            Ok((Resource::<Chunk>::new_own(rep),))
        },
    )
}
