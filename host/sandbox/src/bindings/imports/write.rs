//! `types.connection`: writes. Bytes are read where they are in the guest's memory and copied once.

use super::{Context, connection_of, unsupported};
use crate::bindings::convert;
use crate::bindings::types::{Answer, Chunk, Connection};
use crate::cpu::CpuWatch;
use crate::fault::Stop;
use crate::state::State;
use bytes::Bytes;
use tidegate_machines::ConnectionId;
use tidegate_machines::command::{Command, CommandName, ConnectionCommand, Part, Write, WriteData};
use tidegate_machines::reason::Fault;
use wasmtime::Result;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Resource, WasmList, WasmStr};

/// Parts of one compound that are read (contract: 1 to 64). More is a broken contract, not a refusal: nobody would
/// know which of them to answer.
const PARTS_MAX: usize = 64;

pub(super) fn link(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    types.func_wrap(
        "[method]connection.write",
        |mut context: Context<'_>, (this, data, answer): (Resource<Connection>, WasmList<u8>, Answer)| {
            let connection = connection_of(context.data(), &this)?;
            let data = WriteData::Bytes(copied(&mut context, &data)?);
            let part = Part { data, answer: convert::answer(answer) };
            record(&mut context, connection, Write::Single(part))
        },
    )?;
    types.func_wrap(
        "[method]connection.write-chunk",
        |mut context: Context<'_>, (this, data, answer): (Resource<Connection>, Resource<Chunk>, Answer)| {
            let connection = connection_of(context.data(), &this)?;
            let data = given(&mut context, &data)?;
            let part = Part { data, answer: convert::answer(answer) };
            record(&mut context, connection, Write::Single(part))
        },
    )?;
    types.func_wrap(
        "[method]connection.write-file",
        |mut context: Context<'_>, (this, _, answer): (Resource<Connection>, FileView, Answer)| {
            let connection = connection_of(context.data(), &this)?;
            let token = convert::answer(answer).token().map(|token| token.0);
            unsupported(&mut context, connection, CommandName::WriteFile, token)
        },
    )?;
    types.func_wrap(
        "[method]connection.write-compound",
        |context: Context<'_>, (this, parts): (Resource<Connection>, WasmList<PartView>)| {
            write_compound(context, &this, &parts)
        },
    )
}

/// `part`, with its bytes left in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
struct PartView {
    data: DataView,
    answer: Answer,
}

/// `part-data`, likewise.
#[derive(ComponentType, Lift)]
#[component(variant)]
enum DataView {
    #[component(name = "bytes")]
    Bytes(WasmList<u8>),
    #[component(name = "chunk")]
    Chunk(Resource<Chunk>),
    #[component(name = "file")]
    #[expect(dead_code, reason = "nothing is written from files yet; that it is one is enough")]
    File(FileView),
}

/// `file-range`, likewise. Only its type matters while files are not implemented.
#[derive(ComponentType, Lift)]
#[component(record)]
#[expect(dead_code, reason = "lifted so that the types match; nothing is written from files yet")]
struct FileView {
    path: WasmStr,
    offset: u64,
    size: u64,
}

fn write_compound(
    mut context: Context<'_>,
    this: &Resource<Connection>,
    list: &WasmList<PartView>,
) -> Result<()> {
    let connection = connection_of(context.data(), this)?;
    let parts = lift_parts(&mut context, list)?;
    let tokens: Vec<Option<u64>> =
        parts.iter().map(|part| convert::answer(part.answer).token().map(|token| token.0)).collect();
    if parts.iter().any(|part| matches!(part.data, DataView::File(_))) {
        return refuse_compound(&mut context, connection, &tokens);
    }
    let parts = parts
        .into_iter()
        .map(|part| {
            let data = match part.data {
                DataView::Bytes(list) => WriteData::Bytes(copied(&mut context, &list)?),
                DataView::Chunk(chunk) => given(&mut context, &chunk)?,
                DataView::File(_) => return Err(Stop::new(Fault::Contract, "a file in a compound").into()),
            };
            Ok(Part { data, answer: convert::answer(part.answer) })
        })
        .collect::<Result<Vec<_>>>()?;
    record(&mut context, connection, Write::Compound(parts))
}

fn lift_parts(context: &mut Context<'_>, list: &WasmList<PartView>) -> Result<Vec<PartView>> {
    if list.len() > PARTS_MAX {
        let text = format!("wrote a compound of {} parts; at most {PARTS_MAX} are allowed", list.len());
        return Err(Stop::new(Fault::Contract, text).into());
    }
    list.iter(&mut *context)?.collect()
}

/// One answer for each part that carries a token, and at least one.
fn refuse_compound(
    context: &mut Context<'_>,
    connection: ConnectionId,
    tokens: &[Option<u64>],
) -> Result<()> {
    if tokens.iter().all(Option::is_none) {
        return unsupported(context, connection, CommandName::WriteCompound, None);
    }
    tokens
        .iter()
        .flatten()
        .try_for_each(|token| unsupported(context, connection, CommandName::WriteCompound, Some(*token)))
}

/// The one copy out of the guest. Asked first whether the turn may take it.
fn copied(context: &mut Context<'_>, list: &WasmList<u8>) -> Result<Bytes> {
    context.data().check_bytes(list.len())?;
    let copy = || Bytes::copy_from_slice(list.as_le_slice(&*context));
    if list.len() < MEASURED_COPY_BYTES_MIN {
        return Ok(copy());
    }
    let (bytes, cpu) = CpuWatch::measured(copy);
    context.data_mut().cpu.credit(cpu);
    Ok(bytes)
}

/// From how many bytes on a copy is worth two readings of the clock (about 0.5 µs; the copy takes 20).
const MEASURED_COPY_BYTES_MIN: usize = 256 * 1024;

/// A chunk the guest gave away: it is charged to the turn now and no longer to what the guest holds.
fn given(context: &mut Context<'_>, chunk: &Resource<Chunk>) -> Result<WriteData<Bytes>, Stop> {
    let chunk = context.data_mut().handles.remove_chunk(chunk.rep())?;
    Ok(WriteData::Chunk(chunk.id, chunk.bytes))
}

fn record(context: &mut Context<'_>, connection: ConnectionId, write: Write<Bytes>) -> Result<()> {
    Ok(context.data_mut().record(Command::On(connection, ConnectionCommand::Write(write)))?)
}
