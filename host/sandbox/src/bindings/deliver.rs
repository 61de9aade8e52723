//! One event of the machines into one call of the guest's `handle`: the handles it brings are made here.

use super::convert;
use super::types as wit;
use super::version::Handler;
use crate::fault::Stop;
use crate::state::State;
use bytes::Bytes;
use tidegate_machines::ConnectionId;
use tidegate_machines::command::WriteData;
use tidegate_machines::event::{Envelope, Event, Failure, StartReason};
use wasmtime::Store;
use wasmtime::component::Resource;

/// Calls the guest. What it records goes into the turn that the store holds.
///
/// # Errors
/// The guest trapped or was stopped, or a handle it was to be given is over its limit.
pub(crate) fn deliver(
    store: &mut Store<State>,
    handler: &Handler,
    args: &[(String, String)],
    envelope: Envelope<Bytes>,
) -> wasmtime::Result<()> {
    let Envelope { source, event } = envelope;
    let event = match event {
        Event::Started(why) => return start(store, handler, args, why),
        Event::Received(bytes) => return handler.call(store, source.0, wit::Event::Received(&bytes)),
        Event::Connected => wit::Event::Connected(own_connection(store, source)?),
        Event::ReceivedChunk(bytes) => wit::Event::ReceivedChunk(own_chunk(store, bytes)?),
        Event::Acked(token) => wit::Event::Acked(token.0),
        Event::CommandFailed(failure) => wit::Event::CommandFailed(failed(store, failure)?),
        Event::WritingResumed => wit::Event::WritingResumed,
        Event::PeerClosed => wit::Event::PeerClosed,
        Event::Closed(reason) => {
            store.data_mut().handles.end_connection(source);
            wit::Event::Closed(convert::close_reason(reason))
        }
        Event::Timer(token) => wit::Event::Timer(token.0),
        Event::Draining(left) => wit::Event::Draining(convert::millis(left)),
    };
    handler.call(store, source.0, event)
}

fn start(
    store: &mut Store<State>,
    handler: &Handler,
    args: &[(String, String)],
    why: StartReason,
) -> wasmtime::Result<()> {
    let args: Vec<(&str, &str)> = args.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let info = wit::StartInfo { why: convert::start_reason(why), self_: store.data().handler.0, args: &args };
    handler.call(store, ConnectionId::NONE.0, wit::Event::Started(info))
}

fn own_connection(store: &mut Store<State>, id: ConnectionId) -> Result<Resource<wit::Connection>, Stop> {
    let state = store.data_mut();
    let endpoint = state.facts.endpoint(id);
    state.handles.add_connection(id, endpoint).map(Resource::new_own)
}

fn own_chunk(store: &mut Store<State>, bytes: Bytes) -> Result<Resource<wit::Chunk>, Stop> {
    let state = store.data_mut();
    let id = state.chunk_ids.next();
    state.handles.add_chunk(id, bytes).map(Resource::new_own)
}

fn failed(store: &mut Store<State>, failure: Failure<Bytes>) -> Result<wit::Failure, Stop> {
    let returned = match failure.returned {
        Some(WriteData::Chunk(id, bytes)) => {
            Some(store.data_mut().handles.add_chunk(id, bytes).map(Resource::new_own)?)
        }
        // The machine returns chunks only; copied bytes would be of no use to the guest, which has them.
        Some(WriteData::Bytes(_)) | None => None,
    };
    Ok(wit::Failure {
        command: convert::command_name(failure.command),
        token: failure.token.map(|token| token.0),
        reason: convert::refusal(failure.reason),
        sent: failure.sent_bytes,
        returned,
    })
}
