//! The interface `tcp`: commands that concern no existing connection.

use super::{Context, unsupported};
use crate::bindings::types::{BindRequest, Chunk, ConnectRequest, Connection};
use crate::state::State;
use std::time::Duration;
use tidegate_machines::command::{Command, CommandName};
use tidegate_machines::{ConnectionId, Token};
use wasmtime::Result;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Resource, WasmList, WasmStr};

pub(super) fn link(tcp: &mut LinkerInstance<'_, State>) -> Result<()> {
    link_timers(tcp)?;
    link_sockets(tcp)?;
    link_messages(tcp)
}

fn link_timers(tcp: &mut LinkerInstance<'_, State>) -> Result<()> {
    tcp.func_wrap("set-timer", |mut context: Context<'_>, (token, after_ms): (u64, u64)| {
        let command = Command::SetTimer { token: Token(token), after: Duration::from_millis(after_ms) };
        Ok(context.data_mut().record(command)?)
    })?;
    tcp.func_wrap("cancel-timer", |mut context: Context<'_>, (token,): (u64,)| {
        Ok(context.data_mut().record(Command::CancelTimer(Token(token)))?)
    })
}

fn link_sockets(tcp: &mut LinkerInstance<'_, State>) -> Result<()> {
    tcp.func_wrap("connect", |mut context: Context<'_>, (_, token): (ConnectRequest, u64)| {
        unsupported(&mut context, ConnectionId::NONE, CommandName::Connect, Some(token))
    })?;
    tcp.func_wrap("cancel-connect", |mut context: Context<'_>, (token,): (u64,)| {
        unsupported(&mut context, ConnectionId::NONE, CommandName::CancelConnect, Some(token))
    })?;
    tcp.func_wrap("bind", |mut context: Context<'_>, (_, token): (BindRequest, u64)| {
        unsupported(&mut context, ConnectionId::NONE, CommandName::Bind, Some(token))
    })
}

/// `payload`, with its bytes left in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(variant)]
enum PayloadView {
    #[component(name = "bytes")]
    #[expect(dead_code, reason = "lifted so that the types match; no message is sent yet")]
    Bytes(WasmList<u8>),
    #[component(name = "chunk")]
    Chunk(Resource<Chunk>),
}

fn link_messages(tcp: &mut LinkerInstance<'_, State>) -> Result<()> {
    tcp.func_wrap("join", |mut context: Context<'_>, (_,): (WasmStr,)| {
        unsupported(&mut context, ConnectionId::NONE, CommandName::Join, None)
    })?;
    tcp.func_wrap("leave", |mut context: Context<'_>, (_,): (WasmStr,)| {
        unsupported(&mut context, ConnectionId::NONE, CommandName::Join, None)
    })?;
    tcp.func_wrap(
        "publish",
        |mut context: Context<'_>, (_, payload, token): (WasmStr, PayloadView, u64)| {
            release(&mut context, payload)?;
            unsupported(&mut context, ConnectionId::NONE, CommandName::Publish, Some(token))
        },
    )?;
    tcp.func_wrap(
        "send",
        |mut context: Context<'_>,
         (_, payload, _, token): (u64, PayloadView, Option<Resource<Connection>>, u64)| {
            release(&mut context, payload)?;
            unsupported(&mut context, ConnectionId::NONE, CommandName::Send, Some(token))
        },
    )
}

/// Sending gives a chunk away, whatever becomes of the message.
fn release(context: &mut Context<'_>, payload: PayloadView) -> Result<()> {
    if let PayloadView::Chunk(chunk) = payload {
        context.data_mut().handles.remove_chunk(chunk.rep())?;
    }
    Ok(())
}
