//! The thread that advances the epoch.
//!
//! One per engine. It holds the engine weakly and so ends by itself, one tick after the last strong reference is gone.

use crate::error::EngineError;
use std::thread;
use std::time::Duration;
use wasmtime::EngineWeak;

/// Starts the ticker of `engine`.
pub(crate) fn spawn(engine: EngineWeak, tick: Duration) -> Result<(), EngineError> {
    thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                // Released before sleeping, or this thread would keep the engine alive.
                drop(engine);
                thread::sleep(tick);
            }
        })
        .map(drop)
        .map_err(EngineError::Ticker)
}
