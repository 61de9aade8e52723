//! `wasi:clocks`: the host's clocks. Within one event the monotonic one stands still, as `host.now-ns` does.

use super::Context;
use super::io::{Pollable, wait_until};
use crate::state::State;
use std::time::Duration;
use wasmtime::Result;
use wasmtime::component::{ComponentType, Linker, Lower, Resource};

/// `datetime`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

impl From<Duration> for Datetime {
    fn from(since_1970: Duration) -> Self {
        Self { seconds: since_1970.as_secs(), nanoseconds: since_1970.subsec_nanos() }
    }
}

pub(super) fn link(linker: &mut Linker<State>) -> Result<()> {
    let mut monotonic = linker.instance("wasi:clocks/monotonic-clock@0.2.12")?;
    monotonic.func_wrap("now", |context: Context<'_>, (): ()| Ok((context.data().now_ns(),)))?;
    monotonic.func_wrap("resolution", |_: Context<'_>, (): ()| Ok((1u64,)))?;
    monotonic
        .func_wrap("subscribe-instant", |context: Context<'_>, (at_ns,): (u64,)| wait(context, |_| at_ns))?;
    monotonic.func_wrap("subscribe-duration", |context: Context<'_>, (for_ns,): (u64,)| {
        wait(context, |now_ns| now_ns.saturating_add(for_ns))
    })?;
    let mut wall = linker.instance("wasi:clocks/wall-clock@0.2.12")?;
    wall.func_wrap("now", |context: Context<'_>, (): ()| {
        Ok((Datetime::from(context.data().ambient.wall_clock()),))
    })?;
    wall.func_wrap("resolution", |_: Context<'_>, (): ()| Ok((Datetime { seconds: 0, nanoseconds: 1 },)))
}

fn wait(mut context: Context<'_>, until: impl FnOnce(u64) -> u64) -> Result<(Resource<Pollable>,)> {
    let state = context.data_mut();
    let at_ns = until(state.now_ns());
    Ok((wait_until(state, at_ns)?,))
}
