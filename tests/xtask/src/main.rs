//! The project's commands: `cargo xtask test`, `cargo xtask demo`, `cargo xtask bench`.
//!
//! Owns: the order of the checks, the load client and what it verifies, the native server the
//! benchmarks compare with, and the statistics. Never links the host: it starts the program as a
//! process and talks to it over sockets, so that it stays quick to compile and sees what users see.

mod bench;
mod check;
mod cli;
mod counters;
mod demo;
mod group;
mod load;
mod native_echo;
mod pattern;
mod server;
mod shutdown;
mod table;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
