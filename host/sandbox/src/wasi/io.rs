//! `wasi:io`: streams, waits, errors.
//!
//! The only streams are the three standard ones. A wait is over at a time of the guest's clock, or at once; time stands
//! still within an event, so a wait that is not over yet cannot end during it.

use super::{Context, would_block};
use crate::fault::Stop;
use crate::output::LogSource;
use crate::state::State;
use bytes::Bytes;
use tidegate_machines::reason::Fault;
use wasmtime::Result;
use wasmtime::component::{ComponentType, Linker, LinkerInstance, Lower, Resource, ResourceType, WasmList};

/// Marks `input-stream`. There is one: standard input.
pub(super) enum InputStream {}
/// Marks `output-stream`; the representation says which.
pub(super) enum OutputStream {}
/// Marks `pollable`; the representation is [`READY`] or a deadline in the table of handles.
pub(super) enum Pollable {}
/// Marks `error`. There is none.
pub(super) enum IoError {}

/// Representation of standard input.
pub(super) const STDIN: u32 = 0;
/// Representation of standard output.
pub(super) const STDOUT: u32 = 1;
/// Representation of standard error.
pub(super) const STDERR: u32 = 2;

/// Representation of a wait that is over.
const READY: u32 = u32::MAX;

/// Bytes a stream takes at once, as `check-write` says.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// Waits in one call of `poll`.
const POLL_MAX: usize = 4096;

/// `stream-error`.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[expect(dead_code, reason = "no operation fails; the case is part of the type")]
    LastOperationFailed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

/// What a host function returns for `result<T, stream-error>`.
type Streamed<T> = Result<(std::result::Result<T, StreamError>,)>;

pub(super) fn link(linker: &mut Linker<State>) -> Result<()> {
    link_error(&mut linker.instance("wasi:io/error@0.2.12")?)?;
    link_poll(&mut linker.instance("wasi:io/poll@0.2.12")?)?;
    let mut streams = linker.instance("wasi:io/streams@0.2.12")?;
    link_input(&mut streams)?;
    link_output(&mut streams)?;
    link_splice(&mut streams)
}

/// The handle of a wait until `at_ns` on the guest's monotonic clock.
pub(super) fn wait_until(state: &mut State, at_ns: u64) -> Result<Resource<Pollable>, Stop> {
    if at_ns <= state.now_ns() {
        return Ok(Resource::new_own(READY));
    }
    state.handles.add_deadline(at_ns).map(Resource::new_own)
}

fn is_over(state: &State, pollable: &Resource<Pollable>) -> bool {
    match state.handles.deadline(pollable.rep()) {
        Some(at_ns) => at_ns <= state.now_ns(),
        None => true,
    }
}

fn link_error(error: &mut LinkerInstance<'_, State>) -> Result<()> {
    error.resource("error", ResourceType::host::<IoError>(), |_: Context<'_>, _| Ok(()))?;
    error.func_wrap("[method]error.to-debug-string", |_: Context<'_>, (_,): (Resource<IoError>,)| {
        Ok((String::new(),))
    })
}

fn link_poll(poll: &mut LinkerInstance<'_, State>) -> Result<()> {
    poll.resource("pollable", ResourceType::host::<Pollable>(), |mut context: Context<'_>, rep| {
        context.data_mut().handles.remove_deadline(rep);
        Ok(())
    })?;
    poll.func_wrap("[method]pollable.ready", |context: Context<'_>, (this,): (Resource<Pollable>,)| {
        Ok((is_over(context.data(), &this),))
    })?;
    poll.func_wrap("[method]pollable.block", |context: Context<'_>, (this,): (Resource<Pollable>,)| {
        if is_over(context.data(), &this) { Ok(()) } else { Err(would_block("would have to wait").into()) }
    })?;
    poll.func_wrap("poll", |mut context: Context<'_>, (waits,): (WasmList<Resource<Pollable>>,)| {
        if waits.len() == 0 || waits.len() > POLL_MAX {
            let text = format!("polled {} waits; 1 to {POLL_MAX} are allowed", waits.len());
            return Err(Stop::new(Fault::Contract, text).into());
        }
        let waits = waits.iter(&mut context)?.collect::<Result<Vec<_>>>()?;
        let over = (0u32..).zip(&waits).filter(|(_, wait)| is_over(context.data(), wait));
        let over: Vec<u32> = over.map(|(index, _)| index).collect();
        if over.is_empty() {
            return Err(would_block("polled for something that is not ready").into());
        }
        Ok((over,))
    })
}

/// Standard input: at its end from the start.
fn link_input(streams: &mut LinkerInstance<'_, State>) -> Result<()> {
    type Input = (Resource<InputStream>, u64);
    streams.resource("input-stream", ResourceType::host::<InputStream>(), |_: Context<'_>, _| Ok(()))?;
    for name in ["read", "blocking-read"] {
        let name = format!("[method]input-stream.{name}");
        streams.func_wrap(&name, |_: Context<'_>, (_, _): Input| -> Streamed<Bytes> {
            Ok((Err(StreamError::Closed),))
        })?;
    }
    for name in ["skip", "blocking-skip"] {
        let name = format!("[method]input-stream.{name}");
        streams.func_wrap(&name, |_: Context<'_>, (_, _): Input| -> Streamed<u64> {
            Ok((Err(StreamError::Closed),))
        })?;
    }
    streams.func_wrap("[method]input-stream.subscribe", |_: Context<'_>, (_,): (Resource<InputStream>,)| {
        Ok((Resource::<Pollable>::new_own(READY),))
    })
}

/// Standard output and error: always take what they are given.
fn link_output(streams: &mut LinkerInstance<'_, State>) -> Result<()> {
    type Output = (Resource<OutputStream>,);
    streams.resource("output-stream", ResourceType::host::<OutputStream>(), |_: Context<'_>, _| Ok(()))?;
    streams
        .func_wrap("[method]output-stream.check-write", |_: Context<'_>, (_,): Output| -> Streamed<u64> {
            Ok((Ok(WRITE_BYTES_MAX as u64),))
        })?;
    streams.func_wrap("[method]output-stream.subscribe", |_: Context<'_>, (_,): Output| {
        Ok((Resource::<Pollable>::new_own(READY),))
    })?;
    for name in ["flush", "blocking-flush"] {
        let name = format!("[method]output-stream.{name}");
        streams.func_wrap(&name, |_: Context<'_>, (_,): Output| -> Streamed<()> { Ok((Ok(()),)) })?;
    }
    for name in ["write", "blocking-write-and-flush"] {
        let name = format!("[method]output-stream.{name}");
        streams.func_wrap(&name, |mut context: Context<'_>, params| write(&mut context, params))?;
    }
    for name in ["write-zeroes", "blocking-write-zeroes-and-flush"] {
        let name = format!("[method]output-stream.{name}");
        streams.func_wrap(&name, |mut context: Context<'_>, params| write_zeroes(&mut context, params))?;
    }
    Ok(())
}

fn write(
    context: &mut Context<'_>,
    (this, contents): (Resource<OutputStream>, WasmList<u8>),
) -> Streamed<()> {
    check_len(contents.len() as u64)?;
    // Copied, because the lines are in the same store as the memory. At most 64 KiB, and only for guests that print.
    let contents = contents.as_le_slice(&*context).to_vec();
    context.data_mut().output.print(source(&this), &contents);
    Ok((Ok(()),))
}

fn write_zeroes(context: &mut Context<'_>, (this, len): (Resource<OutputStream>, u64)) -> Streamed<()> {
    let len = check_len(len)?;
    context.data_mut().output.print(source(&this), &vec![0; len]);
    Ok((Ok(()),))
}

/// More than `check-write` permits is a fault of the guest (`wasi:io/streams`, `write`).
fn check_len(len: u64) -> Result<usize, Stop> {
    match usize::try_from(len) {
        Ok(len) if len <= WRITE_BYTES_MAX => Ok(len),
        _ => {
            let text = format!("printed {len} bytes at once; {WRITE_BYTES_MAX} are permitted");
            Err(Stop::new(Fault::Contract, text))
        }
    }
}

fn source(stream: &Resource<OutputStream>) -> LogSource {
    if stream.rep() == STDERR { LogSource::Stderr } else { LogSource::Stdout }
}

/// From standard input, which is at its end.
fn link_splice(streams: &mut LinkerInstance<'_, State>) -> Result<()> {
    type Splice = (Resource<OutputStream>, Resource<InputStream>, u64);
    for name in ["splice", "blocking-splice"] {
        let name = format!("[method]output-stream.{name}");
        streams.func_wrap(&name, |_: Context<'_>, (_, _, _): Splice| -> Streamed<u64> {
            Ok((Err(StreamError::Closed),))
        })?;
    }
    Ok(())
}
