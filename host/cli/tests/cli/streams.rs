//! Closed streams: nobody listening is no reason to panic or to stop serving.

use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tidegate_e2e::{Client, Program, wait};

use crate::tidegate;

/// The writing end of a pipe that nobody reads.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn a_closed_stdout_is_said_once_and_connections_are_served() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("log");
    let mut child = Command::new(tidegate())
        .args(["serve", "echo", "--no-cache", "--listen", "127.0.0.1:0", "--log-format", "json"])
        .stdin(Stdio::null())
        .stdout(closed_pipe())
        .stderr(std::fs::File::create(&log).expect("a log"))
        .spawn()
        .expect("the program starts");
    let read = || std::fs::read_to_string(&log).expect("the log");
    let address = wait::until("the address in the log", || {
        read().lines().find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            line.get("address")?.as_str()?.parse::<std::net::SocketAddr>().ok()
        })
    });
    let mut client = Client::connect(address, 1);
    client.echo(1_000);
    drop(client);
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process id");
    kill_process(pid, Signal::TERM).expect("signalled");
    let status = wait::until("its end", || child.try_wait().expect("a child of ours"));
    assert_eq!(status.code(), Some(0), "{}", read());
    assert!(!read().contains("panicked"), "{}", read());
    assert!(read().contains("stdout"), "{}", read());
}

#[test]
fn closed_streams_do_not_make_it_panic() {
    for arguments in [
        &["--help"] as &[&str],
        &["--version"],
        &["serve", "--help"],
        &["inspect", "echo"],
        &["inspect", "echo", "--json"],
        &["inspect", "no-such-guest"],
        &["serve", "./no-such-file.wasm"],
    ] {
        let mut child = Command::new(tidegate())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(closed_pipe())
            .stderr(closed_pipe())
            .spawn()
            .expect("the program starts");
        let status = wait::until("its end", || child.try_wait().expect("a child of ours"));
        // 101 is a panic.
        assert!(matches!(status.code(), Some(0 | 2)), "{arguments:?}: {status}");
    }
}

#[test]
fn a_person_who_stops_reading_gets_no_complaint() {
    let mut command = Command::new("sh");
    command.args(["-c", "\"$0\" serve --help | head -n 1", tidegate().to_str().expect("a path")]);
    let exit = Program::spawn(command).exit();
    assert_eq!(exit.stderr, "");
    assert_eq!(exit.stdout.lines().count(), 1, "{}", exit.stdout);
}
