//! A child process and everything it starts, as one group, so that a deadline or Ctrl-C ends all of
//! it. Owns: the group's id. Invariant: when the value is dropped, no process of the group runs on.

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, timeout};

/// How long output may go on after the process ended (a grandchild that holds the pipe open).
const OUTPUT_AFTER_EXIT_MAX: Duration = Duration::from_secs(5);

/// Longest line that is looked at; the rest of a longer one is dropped.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// A running process group.
pub(crate) struct Group {
    child: Child,
    id: Option<Pid>,
}

/// How a program ended that was watched to its end.
pub(crate) enum Ended {
    /// By itself.
    Exited(ExitStatus),
    /// Killed because it took longer than its limit.
    TooLong(Duration),
}

/// A command without standard input and without what a surrounding `cargo run` put in the
/// environment for this program alone.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours_alone = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if ours_alone.iter().any(|prefix| text.starts_with(prefix)) || text == "OUT_DIR" {
            command.env_remove(&name);
        }
    }
    command
}

impl Group {
    /// Starts it in a group of its own, which Ctrl-C at the terminal does not reach: who starts a
    /// group ends it. The message of an error names the program.
    pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", command.as_std().get_program().to_string_lossy()))?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Self { child, id })
    }

    /// The process id, until it has ended.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Its standard output, once, if it was piped.
    pub(crate) fn stdout(&mut self) -> anyhow::Result<ChildStdout> {
        self.child.stdout.take().context("standard output was not piped")
    }

    /// Sends a signal to the whole group. A group that is gone is no error.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            let _ = kill_process_group(id, signal);
        }
    }

    /// Asks it to end and waits; kills it if it takes longer than `limit`.
    pub(crate) async fn stop(mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::TERM);
        match timeout(limit, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => bail!("still running {limit:?} after SIGTERM; killed"),
        }
    }

    /// Watches it to its end, handing over each line of its output; kills it after `limit`.
    pub(crate) async fn watch(
        mut self,
        limit: Duration,
        mut on_line: impl FnMut(&str),
    ) -> anyhow::Result<Ended> {
        let mut lines = Lines::new(self.stdout()?);
        let mut deadline = Instant::now() + limit;
        let mut ended = None;
        loop {
            tokio::select! {
                line = lines.next() => match line? {
                    Some(line) => on_line(&line),
                    None => break,
                },
                status = self.child.wait(), if ended.is_none() => {
                    ended = Some(status?);
                    deadline = deadline.min(Instant::now() + OUTPUT_AFTER_EXIT_MAX);
                }
                () = tokio::time::sleep_until(deadline) => break,
            }
        }
        match ended {
            Some(status) => Ok(Ended::Exited(status)),
            None => match tokio::time::timeout_at(deadline, self.child.wait()).await {
                Ok(status) => Ok(Ended::Exited(status?)),
                Err(_) => Ok(Ended::TooLong(limit)),
            },
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Lines of a pipe, with a limit to their length; bytes that are no text are replaced.
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Reads `pipe` from here.
    pub(crate) fn new(pipe: R) -> Self {
        Self { reader: BufReader::new(pipe), line: Vec::new() }
    }

    /// The next line without its end, `None` at the end of the output. Cancel-safe: what was read of
    /// an unfinished line is kept.
    pub(crate) async fn next(&mut self) -> std::io::Result<Option<String>> {
        loop {
            let available = self.reader.fill_buf().await?;
            if available.is_empty() {
                let last = (!self.line.is_empty()).then(|| self.take());
                return Ok(last);
            }
            let newline = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..newline.unwrap_or(available.len())];
            let room = LINE_BYTES_MAX.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            let used = newline.map_or(available.len(), |at| at + 1);
            self.reader.consume(used);
            if newline.is_some() {
                return Ok(Some(self.take()));
            }
        }
    }

    fn take(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.line).trim_end_matches('\r').to_owned();
        self.line.clear();
        text
    }
}
