//! Clients that connect, exchange one message each, and then do nothing.
//!
//! Told on stdin, a line at a time: `open <count> <ip:port>` opens connections beside those that are
//! open, `close` closes all. Answers each with `done <open connections>` on stdout. Ends with its stdin.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "part of the tests: whatever goes wrong here must fail them, with its reason on stderr"
)]

use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;

use rustix::process::{Resource, getrlimit, setrlimit};
use tidegate_e2e::Client;

/// Bytes each connection sends and gets back.
const MESSAGE_BYTES: u64 = 64;

fn main() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the hard limit is allowed");

    let mut clients: Vec<Client> = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let mut words = line.split(' ');
        match words.next() {
            Some("open") => {
                let count: usize = words.next().and_then(|word| word.parse().ok()).expect("a count");
                let address: SocketAddr =
                    words.next().and_then(|word| word.parse().ok()).expect("an address");
                for number in 0..count as u64 {
                    let mut client = Client::connect(address, number);
                    client.echo(MESSAGE_BYTES);
                    clients.push(client);
                }
            }
            Some("close") => clients.clear(),
            other => panic!("unknown: {other:?}"),
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "done {}", clients.len()).and_then(|()| out.flush()).expect("said");
    }
}
