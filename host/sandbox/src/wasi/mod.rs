//! WASI 0.2 for guests whose toolchain imports it: present, and empty.
//!
//! Standard output and error become log lines; standard input is at its end; there is no environment, no file and no
//! socket; clocks and randomness are the host's. Owns all of it: the usual implementation of these interfaces enters
//! an async runtime even to drop a stream, opens sockets on request, and wants stores that can change threads. Here
//! nothing can wait, because there is nothing to wait with: what would have to is the fault `would-block`.

mod absent;
mod cli;
mod clocks;
mod io;
mod random;

use crate::fault::Stop;
use crate::state::State;
use tidegate_machines::reason::Fault;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Result, StoreContextMut};

/// What a host function gets.
type Context<'a> = StoreContextMut<'a, State>;

/// Interfaces answered by code of ours.
const PRESENT: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// Whether an import of this name can be linked.
pub(crate) fn offers(import: &str) -> bool {
    let Some((interface, version)) = import.split_once('@') else { return false };
    version.starts_with("0.2.") && (PRESENT.contains(&interface) || absent::is_absent(interface))
}

/// Links everything `component` may import of WASI.
pub(crate) fn add_to_linker(
    linker: &mut Linker<State>,
    engine: &Engine,
    component: &Component,
) -> Result<()> {
    io::link(linker)?;
    cli::link(linker)?;
    clocks::link(linker)?;
    random::link(linker)?;
    absent::link(linker, engine, component)
}

fn would_block(what: &str) -> Stop {
    Stop::new(Fault::WouldBlock, format!("{what}, and a handler never waits; set a timer with tcp.set-timer"))
}
