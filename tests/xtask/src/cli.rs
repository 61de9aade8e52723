//! The arguments, and which module each subcommand belongs to. Nothing is done here but parsing and
//! starting a runtime.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::{bench, check, demo, load, native_echo};

/// The project's commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Format check, written rules, every kind of test, lints, docs; stops at the first failure.
    Test {
        /// Also what does not fit in a quarter of an hour; writes tests/full-result.md.
        #[arg(long)]
        full: bool,
    },
    /// Builds the program, starts the four echo services and drives each with a real client.
    Demo {
        /// Exit with the result instead of leaving the services up until Ctrl-C.
        #[arg(long)]
        once: bool,
    },
    /// Interleaved pairs against a native tokio echo; prints ratios with their 95 % intervals.
    Bench(BenchArgs),
    /// One load client (started by `demo`).
    #[command(hide = true)]
    LoadClient(LoadArgs),
    /// The native echo server benchmarks compare with (started by `bench`).
    #[command(hide = true)]
    NativeEcho {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        workers: usize,
    },
    /// One measurement of one server (started by `bench`).
    #[command(hide = true)]
    BenchClient(BenchClientArgs),
    /// Runs a program on one core (used by `bench`).
    #[command(hide = true)]
    Pinned {
        #[arg(long)]
        core: usize,
        #[arg(last = true, required = true)]
        command: Vec<std::ffi::OsString>,
    },
}

/// How to measure.
#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Write the result as JSON too.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
    /// Interleaved pairs per row; fewer than 20 are refused, more narrow the interval.
    #[arg(long, default_value_t = bench::PAIRS_MIN)]
    pub(crate) pairs: usize,
    /// Measured seconds per side of a pair.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    pub(crate) seconds: f64,
    /// Only rows whose name contains this.
    #[arg(long)]
    pub(crate) only: Option<String>,
}

/// What one load client does.
#[derive(Args)]
pub(crate) struct LoadArgs {
    #[arg(long)]
    address: SocketAddr,
    #[arg(long)]
    connections: u32,
    #[arg(long)]
    bytes: u64,
    #[arg(long)]
    slow_bytes: u64,
    #[arg(long)]
    rate: u64,
    #[arg(long)]
    stop_ms: u64,
    #[arg(long)]
    limit_s: u64,
}

/// What one measurement does.
#[derive(Args)]
pub(crate) struct BenchClientArgs {
    #[arg(long)]
    pub(crate) address: SocketAddr,
    #[arg(long)]
    pub(crate) connections: usize,
    #[arg(long)]
    pub(crate) message_bytes: usize,
    #[arg(long)]
    pub(crate) seconds: f64,
    #[arg(long)]
    pub(crate) core: Option<usize>,
}

/// Runs the command. The exit code is the result; an error could not even start.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Test { full } => block_on(check::run(full)),
        Command::Demo { once } => block_on(demo::run(once)),
        Command::Bench(args) => block_on(bench::run(args)),
        Command::LoadClient(args) => block_on(load::run(args.plan())),
        Command::NativeEcho { listen, workers } => native_echo::run(listen, workers),
        Command::BenchClient(args) => bench::client::run(&args),
        Command::Pinned { core, command } => bench::affinity::exec_pinned(core, &command),
    }
}

impl LoadArgs {
    fn plan(&self) -> load::plan::Plan {
        load::plan::Plan {
            address: self.address,
            connections: self.connections,
            bytes: self.bytes,
            slow_bytes: self.slow_bytes,
            rate_bytes_per_second: self.rate,
            stop: Duration::from_millis(self.stop_ms),
            limit: Duration::from_secs(self.limit_s),
        }
    }
}

/// One thread is enough for everything that waits for processes and sockets.
fn block_on(future: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.05..=600.0).contains(&value) => Ok(value),
        _ => Err("a number of seconds from 0.05 to 600".to_owned()),
    }
}
