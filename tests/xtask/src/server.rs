//! A server process: started, waited for until it says where it listens, stopped. Works for the
//! program and for the native server alike, since both print `listening <name> <ip:port>`.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::Signal;
use tokio::process::Command;
use tokio::time::timeout;

use crate::group::{Group, Lines};

/// How long a server may take from its start to its `listening` line. The program compiles a guest
/// in this time if its cache is empty.
const START_MAX: Duration = Duration::from_secs(60);

/// Most lines of a log that are shown when something went wrong.
const LOG_LINES_SHOWN_MAX: usize = 20;

/// A server that listens.
pub(crate) struct Server {
    group: Group,
    /// Keeps reading its output, so that it never waits for us. Ends with the process.
    drain: tokio::task::JoinHandle<()>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts `command`, its standard error going to the file `log`, and waits until it listens.
    pub(crate) async fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let file = std::fs::File::create(log).context("cannot create a log file")?;
        let mut group = Group::spawn(command.stdout(Stdio::piped()).stderr(file))?;
        let mut lines = Lines::new(group.stdout()?);
        let listening = async {
            while let Some(line) = lines.next().await? {
                if let Some(address) = listening(&line) {
                    return Ok(address);
                }
            }
            bail!("it ended before it listened")
        };
        let address = match timeout(START_MAX, listening).await {
            Ok(Ok(address)) => address,
            Ok(Err(error)) => return Err(error.context(tail(log))),
            Err(_) => bail!("no `listening` line within {START_MAX:?}\n{}", tail(log)),
        };
        let drain = tokio::spawn(async move { while let Ok(Some(_)) = lines.next().await {} });
        Ok(Self { group, drain, address, log: log.to_owned() })
    }

    /// Its process id while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.group.pid()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        self.group.signal(signal);
    }

    /// The end of its log, for messages.
    pub(crate) fn log_tail(&self) -> String {
        tail(&self.log)
    }

    /// SIGTERM, then at most `limit` until it is gone.
    pub(crate) async fn stop(self, limit: Duration) -> anyhow::Result<ExitStatus> {
        let status = self.group.stop(limit).await;
        self.drain.abort();
        status
    }
}

/// The address in a line `listening <name> <ip:port>`.
fn listening(line: &str) -> Option<SocketAddr> {
    let mut words = line.strip_prefix("listening ")?.rsplitn(2, ' ');
    let address = words.next()?.parse().ok()?;
    words.next().filter(|name| !name.is_empty()).map(|_| address)
}

fn tail(log: &Path) -> String {
    let Ok(bytes) = std::fs::read(log) else { return "(no log)".to_owned() };
    let text = String::from_utf8_lossy(&bytes);
    let mut last = VecDeque::with_capacity(LOG_LINES_SHOWN_MAX);
    for line in text.lines() {
        if last.len() == LOG_LINES_SHOWN_MAX {
            last.pop_front();
        }
        last.push_back(format!("    {line}"));
    }
    format!("  the end of its log:\n{}", Vec::from(last).join("\n"))
}
