//! The program `tidegate` as a process.
//!
//! Owns: the process and its streams; it ends with the value that started it. Collects what is written
//! on stdout and stderr line by line, so that a test can wait for a line.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};

use crate::process_facts::{self, Facts};
use crate::report::Report;
use crate::wait::{self, Deadline};

/// Lines kept of one stream; a program under test that says more is out of control.
const LINES_MAX: usize = 200_000;

/// How often the program writes its counters.
const REPORT_EVERY: &str = "10ms";

/// A running `tidegate`.
#[derive(Debug)]
pub struct Program {
    child: Child,
    stdout: Arc<Lines>,
    stderr: Arc<Lines>,
    readers: Vec<JoinHandle<()>>,
}

/// A `tidegate serve` that has printed its addresses, with its counters in a file.
#[derive(Debug)]
pub struct Started {
    /// The process.
    pub program: Program,
    /// Where it listens, in the order printed.
    pub addresses: Vec<SocketAddr>,
    /// Holds the file of its counters.
    folder: tempfile::TempDir,
}

/// How a process ended and what it said.
#[derive(Debug)]
pub struct Exit {
    /// Its exit code; `None` if a signal killed it.
    pub code: Option<i32>,
    /// All it wrote on stdout.
    pub stdout: String,
    /// All it wrote on stderr.
    pub stderr: String,
}

impl Program {
    /// Starts it with these arguments.
    #[must_use]
    pub fn start(binary: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(binary);
        command.args(arguments);
        Self::spawn(command)
    }

    /// Starts a command that was prepared otherwise; its streams are taken over.
    #[must_use]
    pub fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let (stdout, stderr) = (Arc::<Lines>::default(), Arc::<Lines>::default());
        let readers = vec![
            stdout.collect(child.stdout.take().expect("its stdout")),
            stderr.collect(child.stderr.take().expect("its stderr")),
        ];
        Self { child, stdout, stderr, readers }
    }

    /// Runs it to its end.
    #[must_use]
    pub fn run(binary: &Path, arguments: &[&str]) -> Exit {
        Self::start(binary, arguments).exit()
    }

    /// Waits for a line on stdout that this function takes something out of.
    pub fn stdout_line<T>(&self, what: &str, pick: impl FnMut(&str) -> Option<T>) -> T {
        self.stdout.wait(what, pick, &self.stderr)
    }

    /// Waits for a line on stderr that this function takes something out of.
    pub fn stderr_line<T>(&self, what: &str, pick: impl FnMut(&str) -> Option<T>) -> T {
        self.stderr.wait(what, pick, &self.stderr)
    }

    /// All lines on stderr so far.
    #[must_use]
    pub fn stderr_so_far(&self) -> String {
        self.stderr.lock().lines.join("\n")
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("signalled");
    }

    /// Waits for its end.
    #[must_use]
    pub fn exit(mut self) -> Exit {
        let status = self.wait();
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader");
        }
        let text = |lines: &Lines| lines.lock().lines.iter().map(|line| format!("{line}\n")).collect();
        Exit { code: status.code(), stdout: text(&self.stdout), stderr: text(&self.stderr) }
    }

    fn wait(&mut self) -> ExitStatus {
        let stderr = Arc::clone(&self.stderr);
        let child = &mut self.child;
        let deadline = Deadline::step();
        loop {
            if let Some(status) = child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(!deadline.has_passed(), "the program does not end:\n{}", stderr.lock().lines.join("\n"));
            std::thread::park_timeout(std::time::Duration::from_millis(2));
        }
    }

    /// What it holds now.
    #[must_use]
    pub fn facts(&self) -> Facts {
        process_facts::of(self.child.id()).expect("facts of a running process")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already ended is as good; either way nothing is left behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Started {
    /// Starts `tidegate serve` with these arguments, on a port of its own unless they say where, and
    /// waits until it listens.
    #[must_use]
    pub fn serve(binary: &Path, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let report = folder.path().join("report.json");
        let mut command = Command::new(binary);
        command.arg("serve").args(arguments).arg("--no-cache").arg("--report-json").arg(&report);
        command.args(["--report-every", REPORT_EVERY]);
        let mut addresses_asked = arguments.iter().filter(|argument| **argument == "--listen").count();
        if addresses_asked == 0 {
            command.args(["--listen", "127.0.0.1:0"]);
            addresses_asked = 1;
        }
        let program = Program::spawn(command);
        let mut addresses = Vec::new();
        program.stdout_line("the addresses", |line| {
            addresses.push(address_of(line)?);
            (addresses.len() == addresses_asked).then_some(())
        });
        Self { program, addresses, folder }
    }

    /// The first address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        *self.addresses.first().expect("an address")
    }

    /// The counters as last written.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::read(&self.folder.path().join("report.json"))
    }

    /// Waits for counters that this function takes something out of.
    pub fn until_report<T>(&self, what: &str, mut pick: impl FnMut(&Report) -> Option<T>) -> T {
        wait::until(what, || pick(&self.report()))
    }

    /// Waits until this many connections were accepted, none is live any more, and no instance either.
    pub fn until_empty_after(&self, accepted: u64) {
        self.until_report("no connection and no instance is left", |report| {
            (report.number("/connections/accepted") == accepted
                && report.number("/connections/live") == 0
                && report.number("/instances/live") == 0)
                .then_some(())
        });
    }

    /// Sends SIGTERM and waits for the end. Gives the last counters, too.
    #[must_use]
    pub fn stop(self) -> (Exit, Report) {
        self.program.signal(Signal::TERM);
        self.ended()
    }

    /// Waits for the end. Gives the last counters, too.
    #[must_use]
    pub fn ended(self) -> (Exit, Report) {
        let Self { program, folder, .. } = self;
        let exit = program.exit();
        let report = Report::read(&folder.path().join("report.json"));
        (exit, report)
    }
}

/// The address in `listening <name> <ip:port>`.
fn address_of(line: &str) -> Option<SocketAddr> {
    let mut words = line.split(' ');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some("listening"), Some(_), Some(address), None) => address.parse().ok(),
        _ => None,
    }
}

/// The lines of one stream.
#[derive(Debug, Default)]
struct Lines {
    state: Mutex<LinesState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct LinesState {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, LinesState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the stream to its end, on a thread.
    fn collect(self: &Arc<Self>, stream: impl Read + Send + 'static) -> JoinHandle<()> {
        let lines = Arc::clone(self);
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n') {
                let Ok(line) = line else { break };
                let mut state = lines.lock();
                assert!(state.lines.len() < LINES_MAX, "the program under test does not stop talking");
                state.lines.push(String::from_utf8_lossy(&line).into_owned());
                lines.changed.notify_all();
            }
            lines.lock().ended = true;
            lines.changed.notify_all();
        })
    }

    /// Looks at every line, those that come included, until one has what is wanted.
    fn wait<T>(&self, what: &str, mut pick: impl FnMut(&str) -> Option<T>, stderr: &Self) -> T {
        let deadline = Deadline::step();
        let mut seen = 0;
        let mut state = self.lock();
        loop {
            while let Some(line) = state.lines.get(seen) {
                seen += 1;
                if let Some(found) = pick(line) {
                    return found;
                }
            }
            if state.ended || deadline.has_passed() {
                drop(state);
                panic!("{what} did not come; stderr:\n{}", stderr.lock().lines.join("\n"));
            }
            let wait = deadline.left(what);
            state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
