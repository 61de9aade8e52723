//! `types.connection`: the commands that carry no payload, and dropping the handle.

use super::{Context, connection_of, unsupported};
use crate::bindings::convert;
use crate::bindings::types::{Connection, Receiver, Registration, SocketOption};
use crate::state::State;
use bytes::Bytes;
use tidegate_machines::ConnectionId;
use tidegate_machines::command::{Command, CommandName, ConnectionCommand};
use wasmtime::Result;
use wasmtime::component::{LinkerInstance, Resource, ResourceType, WasmList, WasmStr};

pub(super) fn link(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    types.resource("connection", ResourceType::host::<Connection>(), dropped)?;
    types.func_wrap(
        "[method]connection.register",
        |context: Context<'_>, (this, registration): (Resource<Connection>, Registration)| {
            on(context, &this, ConnectionCommand::Register(convert::registration(registration)))
        },
    )?;
    link_plain(types)?;
    link_unsupported(types)
}

/// Commands without parameters.
fn link_plain(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    let mut plain = |name: &str, command: fn() -> ConnectionCommand<Bytes>| {
        types.func_wrap(name, move |context: Context<'_>, (this,): (Resource<Connection>,)| {
            on(context, &this, command())
        })
    };
    plain("[method]connection.resume-writing", || ConnectionCommand::ResumeWriting)?;
    plain("[method]connection.suspend-reading", || ConnectionCommand::SuspendReading)?;
    plain("[method]connection.resume-reading", || ConnectionCommand::ResumeReading)?;
    plain("[method]connection.close", || ConnectionCommand::Close)?;
    plain("[method]connection.confirmed-close", || ConnectionCommand::ConfirmedClose)?;
    plain("[method]connection.abort", || ConnectionCommand::Abort)
}

/// Arguments of `delegate`, left in the guest's memory.
type Arguments = WasmList<(WasmStr, WasmStr)>;

fn link_unsupported(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    types.func_wrap(
        "[method]connection.delegate",
        |mut context: Context<'_>, (this, _, _, token): (Resource<Connection>, Receiver, Arguments, u64)| {
            let connection = connection_of(context.data(), &this)?;
            unsupported(&mut context, connection, CommandName::Delegate, Some(token))
        },
    )?;
    types.func_wrap(
        "[method]connection.set-option",
        |mut context: Context<'_>, (this, _): (Resource<Connection>, SocketOption)| {
            let connection = connection_of(context.data(), &this)?;
            unsupported(&mut context, connection, CommandName::SetOption, None)
        },
    )?;
    types.func_wrap(
        "[method]connection.revoke-shares",
        |mut context: Context<'_>, (this,): (Resource<Connection>,)| {
            let connection = connection_of(context.data(), &this)?;
            unsupported(&mut context, connection, CommandName::Other(REVOKE_SHARES), None)
        },
    )
}

/// `revoke-shares` has no name of its own in `command-name`, because the contract gives it no answer; while it is not
/// implemented it is answered under this number.
const REVOKE_SHARES: u16 = 1;

/// Records a command on a connection.
fn on(
    mut context: Context<'_>,
    this: &Resource<Connection>,
    command: ConnectionCommand<Bytes>,
) -> Result<()> {
    let state = context.data_mut();
    let connection = connection_of(state, this)?;
    Ok(state.record(Command::On(connection, command))?)
}

/// The guest dropped the handle. What that means is the machine's rule; after `closed` it means nothing.
fn dropped(mut context: Context<'_>, rep: u32) -> Result<()> {
    let state = context.data_mut();
    let handle = state.handles.remove_connection(rep)?;
    if handle.ended || handle.id == ConnectionId::NONE {
        return Ok(());
    }
    Ok(state.record(Command::On(handle.id, ConnectionCommand::DropHandle))?)
}
