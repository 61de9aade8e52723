//! The interface `host`: clock, randomness, log and counters.

use super::Context;
use crate::bindings::generated::tidegate::tcp::host::Level;
use crate::output::LogLevel;
use crate::state::State;
use wasmtime::Result;
use wasmtime::component::{LinkerInstance, WasmStr};

pub(super) fn link(host: &mut LinkerInstance<'_, State>) -> Result<()> {
    host.func_wrap("now-ns", |context: Context<'_>, (): ()| Ok((context.data().now_ns(),)))?;
    host.func_wrap("wall-clock-ms", |context: Context<'_>, (): ()| {
        let millis = context.data().ambient.wall_clock().as_millis();
        Ok((u64::try_from(millis).unwrap_or(u64::MAX),))
    })?;
    host.func_wrap("random-u64", |context: Context<'_>, (): ()| Ok((context.data().random_u64()?,)))?;
    host.func_wrap("log", |mut context: Context<'_>, (level, message): (Level, WasmStr)| {
        let message = message.to_str(&context)?.into_owned();
        context.data_mut().output.log(self::level(level), message.as_bytes());
        Ok(())
    })?;
    host.func_wrap("count", |mut context: Context<'_>, (name, by): (WasmStr, u64)| {
        let name = name.to_str(&context)?.into_owned();
        context.data_mut().output.count(&name, by);
        Ok(())
    })
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::Error => LogLevel::Error,
        Level::Warn => LogLevel::Warn,
        Level::Info => LogLevel::Info,
        Level::Debug => LogLevel::Debug,
        Level::Trace => LogLevel::Trace,
    }
}
