//! A group ends when it should, with everything in it, and its output is read whole.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use super::{Ended, Group, LINE_BYTES_MAX, Lines, command};

/// Far above what a shell needs; a test that reaches it has failed.
const LIMIT: Duration = Duration::from_secs(30);

fn shell(script: &str) -> Group {
    Group::spawn(command("sh").args(["-c", script]).stdout(Stdio::piped())).unwrap()
}

#[tokio::test]
async fn every_line_and_the_exit_code_arrive() {
    let mut lines = Vec::new();
    let script = "echo one; echo; printf 'tw\\303o\\nlast'; exit 3";
    let ended = shell(script).watch(LIMIT, |line| lines.push(line.to_owned())).await.unwrap();
    assert_eq!(lines, ["one", "", "tw\u{fffd}o", "last"]);
    assert!(matches!(ended, Ended::Exited(status) if status.code() == Some(3)));
}

#[tokio::test]
async fn a_process_that_takes_too_long_is_ended_with_what_it_started() {
    let mut pids = Vec::new();
    let limit = Duration::from_millis(300);
    let script = "sleep 600 & echo $!; echo $$; wait";
    let ended = shell(script).watch(limit, |line| pids.push(line.to_owned())).await.unwrap();
    assert!(matches!(ended, Ended::TooLong(found) if found == limit));
    assert_eq!(pids.len(), 2);
    // A killed process may still be there for a moment; what it is asked is whether it goes.
    let deadline = tokio::time::Instant::now() + LIMIT;
    for pid in pids {
        let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
        while is_running(pid) {
            assert!(tokio::time::Instant::now() < deadline, "{pid:?} still runs");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Neither gone nor a zombie that waits for a parent of its own.
fn is_running(pid: rustix::process::Pid) -> bool {
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    match std::fs::read_to_string(path) {
        Ok(stat) => !stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z')),
        Err(_) => rustix::process::test_kill_process(pid).is_ok() && !cfg!(target_os = "linux"),
    }
}

#[tokio::test]
async fn output_held_open_by_a_grandchild_does_not_hold_us() {
    let started = tokio::time::Instant::now();
    let ended = shell("sleep 600 & exit 0").watch(Duration::from_secs(600), |_| {}).await.unwrap();
    assert!(matches!(ended, Ended::Exited(status) if status.success()));
    assert!(started.elapsed() < LIMIT);
}

#[tokio::test]
async fn a_process_that_does_not_heed_sigterm_is_killed() {
    let mut group = shell("trap '' TERM; echo ready; while :; do sleep 1; done");
    let mut lines = Lines::new(group.stdout().unwrap());
    assert_eq!(lines.next().await.unwrap().as_deref(), Some("ready"));
    let error = group.stop(Duration::from_millis(100)).await.unwrap_err().to_string();
    assert!(error.contains("killed"), "{error}");
}

#[tokio::test]
async fn a_line_without_end_is_cut() {
    let (mut writer, reader) = tokio::io::duplex(4096);
    let writing = tokio::spawn(async move {
        writer.write_all(&vec![b'x'; 3 * LINE_BYTES_MAX]).await.unwrap();
        writer.write_all(b"\nshort\r\n").await.unwrap();
    });
    let mut lines = Lines::new(reader);
    assert_eq!(lines.next().await.unwrap().unwrap().len(), LINE_BYTES_MAX);
    assert_eq!(lines.next().await.unwrap().unwrap(), "short");
    assert_eq!(lines.next().await.unwrap(), None);
    writing.await.unwrap();
}
