//! The host functions of the contract, one file per resource or interface.
//!
//! Each either records a command in the turn or answers a fact at once. None waits, and none fails except by ending
//! the guest ([`Stop`]). A command this host does not implement is recorded as such and answered
//! `command-failed(unsupported)` later, like any other answer.

mod chunk;
mod connection;
mod facts;
mod host;
mod listener;
mod tcp;
mod write;

use crate::fault::Stop;
use crate::state::State;
use tidegate_machines::command::{Command, CommandName};
use tidegate_machines::{ConnectionId, Token};
use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut};

/// What a host function gets.
type Context<'a> = StoreContextMut<'a, State>;

const TYPES: &str = "tidegate:tcp/types@0.1.0";
const TCP: &str = "tidegate:tcp/tcp@0.1.0";
const HOST: &str = "tidegate:tcp/host@0.1.0";

/// Links the whole contract.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    let mut types = linker.instance(TYPES)?;
    chunk::link(&mut types)?;
    listener::link(&mut types)?;
    connection::link(&mut types)?;
    write::link(&mut types)?;
    facts::link(&mut types)?;
    tcp::link(&mut linker.instance(TCP)?)?;
    host::link(&mut linker.instance(HOST)?)
}

/// The connection a handle stands for.
fn connection_of(state: &State, handle: &Resource<super::types::Connection>) -> Result<ConnectionId, Stop> {
    state.handles.connection(handle.rep()).map(|handle| handle.id)
}

/// Records a command nobody implements yet.
fn unsupported(
    context: &mut Context<'_>,
    connection: ConnectionId,
    name: CommandName,
    token: Option<u64>,
) -> Result<()> {
    let command = Command::Unsupported { connection, name, token: token.map(Token) };
    Ok(context.data_mut().record(command)?)
}
