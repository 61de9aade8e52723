//! The entry points of a component, behind the export macros.
//!
//! Owns: what happens when the guest refuses to start or panics: the reason is one error line of the
//! host's log, then the instance traps.

use crate::handover::{self, HeldChunks, Inherited};
use crate::host::{self, Level};
use crate::runtime::{Model, PerConnection, Runtime};
use crate::{Chunk, Connection, ConnectionId, Resumable, backend};

pub use crate::bindings::handover_part::exports::tidegate::tcp::handover::{Owned, Saved};
pub use crate::bindings::tcp_handler::tidegate::tcp::types::Event;

/// `handler.handle`.
#[inline]
pub fn handle<M: Model>(runtime: &mut Runtime<M>, source: ConnectionId, event: Event) {
    if matches!(event, Event::Started(_)) {
        report_panics();
    }
    if let Err(refusal) = runtime.handle(source, event) {
        host::log(Level::Error, &format!("refused to start: {refusal}"));
        core::arch::wasm32::unreachable();
    }
}

/// `handover.snapshot`.
///
/// # Errors
/// The reason the guest gave.
pub fn snapshot<H: Resumable>(runtime: &Runtime<PerConnection<H>>) -> Result<Saved, String> {
    let bytes = handover::save(runtime)?;
    Ok(Saved { schema: H::SCHEMA.to_owned(), version: H::VERSION, bytes })
}

/// `handover.restore`.
///
/// # Errors
/// The reason the guest gave, or what is wrong with the frame.
pub fn restore<H: Resumable>(
    runtime: &mut Runtime<PerConnection<H>>,
    saved: Saved,
    owned: Owned,
) -> Result<(), String> {
    let adopt = |raw: backend::Connection| Connection::from_raw(raw.id(), raw);
    let inherited = Inherited {
        schema: saved.schema,
        version: saved.version,
        bytes: saved.bytes,
        connections: owned.connections.into_iter().chain(owned.shares).map(adopt).collect(),
        chunks: HeldChunks::new(owned.chunks.into_iter().map(Chunk::from_raw)),
    };
    handover::load(runtime, inherited)?;
    for listener in owned.listeners {
        runtime.adopt_listener(listener);
    }
    Ok(())
}

/// A panic becomes one error line of the host's log, instead of text on a standard error stream that a
/// sandbox may not have; then the instance traps.
fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let what = info
            .payload()
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| info.payload().downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a value that is no text");
        let message = match info.location() {
            Some(at) => format!("panicked at {at}: {what}"),
            None => format!("panicked: {what}"),
        };
        host::log(Level::Error, &message);
    }));
}
