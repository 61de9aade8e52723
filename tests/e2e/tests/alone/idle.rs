//! Many idle connections, all closed again, three times: everything returns.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tidegate_e2e::process_facts::Facts;
use tidegate_e2e::wait;
use tidegate_guest_artifacts as guests;
use tidegate_service::{Host, Limits, Service};

use crate::common::{address, host, serve, until};
use crate::{alone, held};

const ROUNDS: usize = 3;

/// Descriptors that are not connections, on either side.
const SPARE_DESCRIPTORS: u64 = 200;

#[test]
fn a_thousand_idle_connections_come_and_go_three_times_and_everything_returns() {
    let _alone = alone();
    rounds(1_000);
}

#[test]
#[ignore = "long: cargo xtask test --full"]
fn ten_thousand_idle_connections_or_what_fits_come_and_go_three_times_and_everything_returns() {
    let _alone = alone();
    let allowed = descriptor_limit().saturating_sub(SPARE_DESCRIPTORS);
    let count = allowed.min(10_000);
    if count < 10_000 {
        println!("10 000 connections: not shown; the descriptor limit allows {count}");
    }
    rounds(count);
}

fn rounds(count: u64) {
    let host = host(Limits::default());
    let service = serve(&host, "echo", guests::ECHO, &[]);
    let mut clients = Clients::start();
    let descriptors = held().descriptors;
    let mut after: Vec<Facts> = Vec::new();
    for round in 1..=ROUNDS {
        clients.open(count, &service);
        until(&service, "all are open", |counters| (counters.connections_live() == count).then_some(()));
        let open = held();
        assert_eq!(host.instances(), count, "one instance each");
        clients.close();
        until_empty(&host, &service, descriptors);
        let closed = held();
        println!(
            "round {round}: {count} open: {} KiB resident ({} bytes each), {} mappings; closed: {} KiB resident",
            open.resident_bytes / 1024,
            open.resident_bytes.saturating_sub(closed.resident_bytes) / count,
            open.mappings,
            closed.resident_bytes / 1024
        );
        after.push(closed);
    }
    let (first, last) = (after.first().expect("a round"), after.last().expect("a round"));
    assert!(
        last.resident_bytes * 100 <= first.resident_bytes * 105,
        "resident memory grew by more than 5 %: {after:?}"
    );
    assert!(last.mappings * 100 <= first.mappings * 105, "mappings grew by more than 5 %: {after:?}");
    let counters = service.counters();
    assert_eq!(counters.connections_accepted, count * ROUNDS as u64);
    assert_eq!(counters.faults.total(), 0);
    assert_eq!(counters.panics, 0);
}

/// Waits until connections, instances and descriptors are as they were, exactly.
fn until_empty(host: &Host, service: &Service, descriptors: usize) {
    until(service, "no connection is left", |counters| (counters.connections_live() == 0).then_some(()));
    wait::until("no instance is left", || (host.instances() == 0).then_some(()));
    wait::until("descriptors are as before", || (held().descriptors == descriptors).then_some(()));
}

/// How many descriptors this process may have, after raising the soft limit to the hard one.
fn descriptor_limit() -> u64 {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the hard limit is allowed");
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The process with the clients.
struct Clients {
    child: Child,
    tell: ChildStdin,
    hear: BufReader<ChildStdout>,
}

impl Clients {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_idle-clients"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the clients start");
        let tell = child.stdin.take().expect("its stdin");
        let hear = BufReader::new(child.stdout.take().expect("its stdout"));
        Self { child, tell, hear }
    }

    fn open(&mut self, count: u64, service: &Service) {
        writeln!(self.tell, "open {count} {}", address(service)).expect("told");
        self.done(count);
    }

    fn close(&mut self) {
        writeln!(self.tell, "close").expect("told");
        self.done(0);
    }

    /// Every step of the clients has a deadline of its own, so this ends.
    fn done(&mut self, open: u64) {
        let mut line = String::new();
        self.hear.read_line(&mut line).expect("a line");
        assert_eq!(line.trim_end(), format!("done {open}"));
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
