//! One side of a pair: a server on its core, stopped (SIGSTOP) while the other side is measured, so
//! that an idle one takes nothing from it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::Signal;
use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use super::Bench;
use super::row::{Row, Side};
use crate::group::command;
use crate::server::Server;

/// What a measurement may take beyond the time it measures: connecting, warming up, closing.
const SAMPLE_GRACE: Duration = Duration::from_secs(30);

/// What one measurement of one side gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Messages echoed per second.
    pub(crate) messages_per_second: f64,
    /// CPU time of the server per message, where the system tells.
    pub(crate) server_cpu_ns_per_message: Option<f64>,
}

/// A server that can be measured.
pub(crate) struct Running {
    server: Server,
}

impl Running {
    /// Starts the server of a side, on its core, and puts it to sleep. Its log goes to the file `log`.
    pub(crate) async fn start(bench: &Bench, side: &Side, log: &str) -> anyhow::Result<Self> {
        let mut command = match side {
            Side::Tidegate { guest, args } => {
                let mut command = pinned(bench, "tidegate");
                command.args(["serve", guest, "--listen", "127.0.0.1:0"]);
                for arg in args {
                    command.args(["--arg", arg]);
                }
                command
            }
            Side::Native => {
                let mut command = pinned(bench, "xtask");
                command.args(["native-echo", "--listen", "127.0.0.1:0", "--workers", "1"]);
                command
            }
        };
        // The program's own log level does not depend on whoever runs the benchmark.
        command.env_remove("RUST_LOG");
        let server = Server::start(command, &bench.folder.join(log)).await?;
        server.signal(Signal::STOP);
        Ok(Self { server })
    }

    /// Measures it once, from a client in a process of its own.
    pub(crate) async fn sample(&mut self, bench: &Bench, row: &Row) -> anyhow::Result<Sample> {
        self.server.signal(Signal::CONT);
        let cpu_before = self.server.pid().and_then(cpu_ns);
        let mut client = command(bench.programs.join("xtask"));
        client.args(["bench-client", "--address", &self.server.address.to_string()]);
        client.args(["--connections", &row.connections.to_string()]);
        client.args(["--message-bytes", &row.message_bytes.to_string()]);
        client.args(["--seconds", &bench.seconds.to_string()]);
        if let Some(core) = bench.cores.client {
            client.args(["--core", &core.to_string()]);
        }
        let limit = SAMPLE_GRACE + Duration::from_secs_f64(bench.seconds);
        let output = timeout(limit, client.stderr(Stdio::inherit()).output()).await;
        let output = output.with_context(|| format!("a measurement was not done within {limit:?}"))??;
        if !output.status.success() {
            bail!("the client ended with {}\n{}", output.status, self.server.log_tail());
        }
        let cpu_after = self.server.pid().and_then(cpu_ns);
        self.server.signal(Signal::STOP);
        let counted = Counted::parse(&output.stdout)?;
        let cpu = cpu_before.zip(cpu_after).map(|(before, after)| after.saturating_sub(before));
        Ok(Sample {
            messages_per_second: counted.messages as f64 / (counted.elapsed_ns as f64 / 1e9),
            server_cpu_ns_per_message: cpu.map(|cpu| cpu as f64 / counted.messages_total as f64),
        })
    }

    /// Ends it.
    pub(crate) async fn stop(self, limit: Duration) -> anyhow::Result<()> {
        self.server.signal(Signal::CONT);
        let status = self.server.stop(limit).await?;
        // The native server knows no drain: SIGTERM simply ends it.
        if status.success() || std::os::unix::process::ExitStatusExt::signal(&status).is_some() {
            Ok(())
        } else {
            bail!("the server ended with {status}")
        }
    }
}

/// What the client printed.
struct Counted {
    messages: u64,
    elapsed_ns: u64,
    messages_total: u64,
}

impl Counted {
    fn parse(output: &[u8]) -> anyhow::Result<Self> {
        let value: Value = serde_json::from_slice(output).context("the client printed no result")?;
        let positive = |key: &str| {
            let number = value.get(key).and_then(Value::as_u64).filter(|number| *number > 0);
            number.with_context(|| format!("the client printed no `{key}` above 0"))
        };
        Ok(Self {
            messages: positive("messages")?,
            elapsed_ns: positive("elapsed_ns")?,
            messages_total: positive("messages_total")?,
        })
    }
}

/// A program of the release folder on the servers' core.
fn pinned(bench: &Bench, program: &str) -> Command {
    let program = bench.programs.join(program);
    match bench.cores.server {
        Some(core) => {
            let mut command = command(bench.programs.join("xtask"));
            command.args(["pinned", "--core", &core.to_string(), "--"]).arg(program);
            command
        }
        None => command(program),
    }
}

/// CPU time all threads of a process have had, in nanoseconds; `None` where `/proc` does not tell.
/// Threads that ended meanwhile are not in it: neither server ends threads while it is measured.
fn cpu_ns(pid: u32) -> Option<u64> {
    let mut sum = 0;
    for task in std::fs::read_dir(Path::new("/proc").join(pid.to_string()).join("task")).ok()? {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        sum += text.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(sum)
}
