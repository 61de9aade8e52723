//! One core for the servers and one for the clients, where there are two and the system lets us
//! choose; otherwise they share, and the output says so.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Context as _;

/// The cores chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cores {
    /// For the servers of both sides.
    pub(crate) server: Option<usize>,
    /// For the clients.
    pub(crate) client: Option<usize>,
}

impl Cores {
    /// The first two this process may use.
    pub(crate) fn choose() -> Self {
        match allowed().as_slice() {
            [server, client, ..] => Self { server: Some(*server), client: Some(*client) },
            _ => Self { server: None, client: None },
        }
    }

    /// In words.
    pub(crate) fn described(&self) -> String {
        match (self.server, self.client) {
            (Some(server), Some(client)) => format!("servers on core {server}, clients on core {client}"),
            _ => "servers and clients share what cores there are: ratios come out closer to 1".to_owned(),
        }
    }
}

/// Becomes `command` on that core. Returns only if it cannot.
pub(crate) fn exec_pinned(core: usize, command: &[OsString]) -> anyhow::Result<ExitCode> {
    pin(core)?;
    let (program, args) = command.split_first().context("no program to run")?;
    let error = std::os::unix::process::CommandExt::exec(std::process::Command::new(program).args(args));
    Err(error).with_context(|| format!("cannot run {}", program.to_string_lossy()))
}

/// Keeps the calling thread, and what it starts from now on, on that core.
#[cfg(target_os = "linux")]
pub(crate) fn pin(core: usize) -> anyhow::Result<()> {
    let mut set = rustix::thread::CpuSet::new();
    anyhow::ensure!(core < rustix::thread::CpuSet::MAX_CPU, "there is no core {core}");
    set.set(core);
    rustix::thread::sched_setaffinity(None, &set).with_context(|| format!("cannot run on core {core}"))
}

/// Cores cannot be chosen here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn pin(core: usize) -> anyhow::Result<()> {
    anyhow::bail!("cannot choose core {core} on this system")
}

#[cfg(target_os = "linux")]
fn allowed() -> Vec<usize> {
    let Ok(set) = rustix::thread::sched_getaffinity(None) else { return Vec::new() };
    (0..rustix::thread::CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
}

#[cfg(not(target_os = "linux"))]
fn allowed() -> Vec<usize> {
    Vec::new()
}
