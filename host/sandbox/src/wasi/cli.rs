//! `wasi:cli`: an empty environment, the three standard streams, no terminal. To exit is a fault.

use super::Context;
use super::io::{InputStream, OutputStream, STDERR, STDIN, STDOUT};
use crate::fault::Stop;
use crate::state::State;
use tidegate_machines::reason::Fault;
use wasmtime::Result;
use wasmtime::component::{Linker, Resource, ResourceType};

/// Marks `terminal-input`. There is none.
enum TerminalInput {}
/// Marks `terminal-output`. There is none.
enum TerminalOutput {}

pub(super) fn link(linker: &mut Linker<State>) -> Result<()> {
    link_environment(linker)?;
    link_exit(linker)?;
    link_streams(linker)?;
    link_terminals(linker)
}

fn link_environment(linker: &mut Linker<State>) -> Result<()> {
    let mut environment = linker.instance("wasi:cli/environment@0.2.12")?;
    environment
        .func_wrap("get-environment", |_: Context<'_>, (): ()| Ok((Vec::<(String, String)>::new(),)))?;
    environment.func_wrap("get-arguments", |_: Context<'_>, (): ()| Ok((Vec::<String>::new(),)))?;
    environment.func_wrap("initial-cwd", |_: Context<'_>, (): ()| Ok((None::<String>,)))
}

fn link_exit(linker: &mut Linker<State>) -> Result<()> {
    let mut exit = linker.instance("wasi:cli/exit@0.2.12")?;
    exit.func_wrap("exit", |_: Context<'_>, (status,): (std::result::Result<(), ()>,)| -> Result<()> {
        let status = if status.is_ok() { "success" } else { "failure" };
        Err(Stop::new(Fault::Trap, format!("called exit ({status})")).into())
    })?;
    exit.func_wrap("exit-with-code", |_: Context<'_>, (code,): (u8,)| -> Result<()> {
        Err(Stop::new(Fault::Trap, format!("called exit ({code})")).into())
    })
}

fn link_streams(linker: &mut Linker<State>) -> Result<()> {
    linker
        .instance("wasi:cli/stdin@0.2.12")?
        .func_wrap("get-stdin", |_: Context<'_>, (): ()| Ok((Resource::<InputStream>::new_own(STDIN),)))?;
    linker
        .instance("wasi:cli/stdout@0.2.12")?
        .func_wrap("get-stdout", |_: Context<'_>, (): ()| Ok((Resource::<OutputStream>::new_own(STDOUT),)))?;
    linker
        .instance("wasi:cli/stderr@0.2.12")?
        .func_wrap("get-stderr", |_: Context<'_>, (): ()| Ok((Resource::<OutputStream>::new_own(STDERR),)))
}

fn link_terminals(linker: &mut Linker<State>) -> Result<()> {
    let input = ResourceType::host::<TerminalInput>();
    let output = ResourceType::host::<TerminalOutput>();
    linker.instance("wasi:cli/terminal-input@0.2.12")?.resource(
        "terminal-input",
        input,
        |_: Context<'_>, _| Ok(()),
    )?;
    linker.instance("wasi:cli/terminal-output@0.2.12")?.resource(
        "terminal-output",
        output,
        |_: Context<'_>, _| Ok(()),
    )?;
    linker
        .instance("wasi:cli/terminal-stdin@0.2.12")?
        .func_wrap("get-terminal-stdin", |_: Context<'_>, (): ()| Ok((None::<Resource<TerminalInput>>,)))?;
    linker
        .instance("wasi:cli/terminal-stdout@0.2.12")?
        .func_wrap("get-terminal-stdout", |_: Context<'_>, (): ()| Ok((None::<Resource<TerminalOutput>>,)))?;
    linker
        .instance("wasi:cli/terminal-stderr@0.2.12")?
        .func_wrap("get-terminal-stderr", |_: Context<'_>, (): ()| Ok((None::<Resource<TerminalOutput>>,)))
}
