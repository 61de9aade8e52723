//! Signals: draining, the deadline, the second signal.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tidegate_e2e::{Client, Ending, Started, wait};

use crate::tidegate;

/// How many closed and how many were aborted, from the last line of the log.
fn tally(stderr: &str) -> (u64, u64) {
    let last = stderr.lines().last().expect("a last line");
    let line: serde_json::Value = serde_json::from_str(last).expect("the log in JSON");
    let number = |key: &str| line.get(key).and_then(serde_json::Value::as_u64);
    (
        number("closed").unwrap_or_else(|| panic!("{last}")),
        number("aborted").unwrap_or_else(|| panic!("{last}")),
    )
}

#[test]
fn without_connections_both_signals_end_it_at_once() {
    for signal in [Signal::TERM, Signal::INT] {
        let host = Started::serve(tidegate(), &["echo"]);
        host.program.signal(signal);
        let (exit, _) = host.ended();
        assert_eq!(exit.code, Some(0), "{}", exit.stderr);
        assert_eq!(tally(&exit.stderr), (0, 0));
    }
}

#[test]
fn idle_connections_are_closed_and_counted() {
    let host = Started::serve(tidegate(), &["echo"]);
    let mut clients: Vec<Client> = (0..5).map(|number| Client::connect(host.address(), number)).collect();
    for client in &mut clients {
        client.echo(100);
    }
    host.program.signal(Signal::TERM);
    for client in &mut clients {
        assert_eq!(client.ending(), Ending::Finished);
    }
    drop(clients);
    let (exit, report) = host.ended();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert_eq!(tally(&exit.stderr), (5, 0));
    assert_eq!(report.number("/connections/live"), 0, "{report}");
}

#[test]
fn output_that_waits_is_flushed_while_draining() {
    for guest in ["echo", "echo-ack", "echo-nack", "echo-pull"] {
        let host = Started::serve(tidegate(), &[guest]);
        let mut client = Client::connect_narrow(host.address(), 9, 16 * 1024);
        // Until everything between the two is full: then the host has output that waits.
        let mut sent = client.send_what_fits(64 << 20);
        let mut quiet = None;
        wait::until("nothing moves any more", || {
            let more = client.send_what_fits(64 << 20);
            sent += more;
            let read = host.report().number("/bytes_in");
            let still = more == 0 && quiet == Some(read);
            quiet = Some(read);
            still.then_some(())
        });
        host.program.signal(Signal::TERM);
        host.program.stderr_line("draining", |line| line.contains("draining").then_some(()));
        // What the host had read it must give back; what it had not read it need not.
        let (ending, got) = client.ending_after_anything();
        assert!(got > 0, "{guest}");
        let (exit, report) = host.ended();
        assert_eq!(exit.code, Some(0), "{guest}: {}", exit.stderr);
        assert_eq!(report.number("/bytes_out"), got, "{guest}: {ending:?} {report}");
        assert_eq!(tally(&exit.stderr), (1, 0), "{guest}: {}", exit.stderr);
    }
}

#[test]
fn what_is_left_at_the_deadline_is_aborted_and_counted() {
    let host = Started::serve(tidegate(), &["echo", "--drain", "200ms"]);
    let mut client = stuck(&host);
    host.program.signal(Signal::TERM);
    let (exit, _) = host.ended();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert_eq!(tally(&exit.stderr), (0, 1));
    assert_eq!(client.ending_after_anything().0, Ending::Reset);
}

#[test]
fn a_second_signal_cuts_draining_short() {
    let host = Started::serve(tidegate(), &["echo", "--drain", "1h"]);
    let mut client = stuck(&host);
    let began = Instant::now();
    host.program.signal(Signal::TERM);
    host.program.stderr_line("draining", |line| line.contains("draining").then_some(()));
    host.program.signal(Signal::INT);
    let (exit, _) = host.ended();
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert_eq!(tally(&exit.stderr), (0, 1));
    assert_eq!(client.ending_after_anything().0, Ending::Reset);
}

#[test]
fn while_draining_no_connection_is_accepted() {
    let host = Started::serve(tidegate(), &["echo", "--drain", "1h"]);
    let client = stuck(&host);
    host.program.signal(Signal::TERM);
    wait::until("connections are refused", || TcpStream::connect(host.address()).is_err().then_some(()));
    client.reset();
    let (exit, _) = host.ended();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
}

/// A client that takes nothing, with output of the host waiting for it.
fn stuck(host: &Started) -> Client {
    let mut client = Client::connect_narrow(host.address(), 8, 16 * 1024);
    let mut quiet = None;
    wait::until("nothing moves any more", || {
        let more = client.send_what_fits(64 << 20);
        let read = host.report().number("/bytes_in");
        let still = more == 0 && quiet == Some(read) && read > 0;
        quiet = Some(read);
        still.then_some(())
    });
    client
}
