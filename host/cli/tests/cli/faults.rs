//! A guest that misbehaves: whose fault it was and which limit, in the log and in the counters.

use tidegate_e2e::{Client, Ending, Started};
use tidegate_guest_artifacts as guests;

use crate::tidegate;

/// Ways that cost the instance: mode, kind of fault, and what the log must name: the limit that was met,
/// or the guest's own words.
const FATAL: [(&str, &str, &str); 10] = [
    ("panic", "trap", "panicking as asked"),
    ("trap", "trap", "unreachable"),
    ("recurse", "trap", "recurse"),
    ("spin", "cpu", "300"),
    ("allocate", "memory", "16777216"),
    ("flood", "commands", "more than the limit of 4096 commands"),
    ("flood-bytes", "commands", "bytes"),
    ("flood-log", "cpu", "300"),
    ("sleep", "would-block", "block"),
    ("exit", "trap", "exit"),
];

/// Ways that do not: the connection goes on.
const SURVIVED: [&str; 3] = ["none", "print", "read-stdin"];

fn serve(mode: &str) -> Started {
    let mode = format!("mode={mode}");
    // Without optimisation a flood of bytes takes longer than the usual 20 ms of CPU time, which would then
    // be the limit that is met.
    Started::serve(
        tidegate(),
        &[guests::FAULT_PATH, "--name", "fault", "--cpu-per-event", "300ms", "--arg", &mode],
    )
}

#[test]
fn each_fault_resets_its_connection_and_is_logged_and_counted_by_its_kind() {
    for (mode, kind, named) in FATAL {
        let host = serve(mode);
        let mut client = Client::connect(host.address(), 1);
        client.send(1_000);
        assert_eq!(client.ending(), Ending::Reset, "{mode}");
        let line = host.program.stderr_line("whose fault it was", |line| {
            line.contains("handler failed").then(|| line.to_lowercase().replace('-', ""))
        });
        assert!(line.contains("\"level\":\"warn\""), "{mode}: {line}");
        assert!(line.contains(&kind.replace('-', "")), "{mode}: {kind} is missing: {line}");
        let log = host.program.stderr_so_far();
        assert!(log.contains(named), "{mode}: {named:?} is missing: {log}");
        host.until_empty_after(1);
        let report = host.report();
        assert_eq!(report.count(&format!("/faults/{kind}")), 1, "{mode}: {report}");
        assert_eq!(report.count("/connections/closed/handler-failed"), 1, "{mode}: {report}");
        // The next connection gets an instance of its own and meets the same end; the host goes on.
        let mut next = Client::connect(host.address(), 2);
        next.send(1_000);
        assert_eq!(next.ending(), Ending::Reset, "{mode}");
        host.until_empty_after(2);
        let (exit, _) = host.stop();
        assert_eq!(exit.code, Some(0), "{mode}: {}", exit.stderr);
        assert!(!exit.stderr.contains("panicked at host/"), "{mode}: {}", exit.stderr);
    }
}

#[test]
fn what_is_no_fault_goes_on() {
    for mode in SURVIVED {
        let host = serve(mode);
        let mut client = Client::connect(host.address(), 3);
        client.echo(100);
        client.echo(100);
        client.finish();
        client.expect_rest_and_end();
        host.until_empty_after(1);
        let (exit, report) = host.stop();
        assert_eq!(exit.code, Some(0), "{mode}: {}", exit.stderr);
        for kind in ["trap", "cpu", "memory", "commands", "contract", "would-block"] {
            assert_eq!(report.count(&format!("/faults/{kind}")), 0, "{mode}: {report}");
        }
    }
}

#[test]
fn what_a_guest_prints_is_logged_without_control_characters() {
    let host = serve("print");
    let mut client = Client::connect(host.address(), 4);
    client.echo(100);
    host.program.stderr_line("a printed line", |line| line.contains("out 0 ").then_some(()));
    let (exit, _) = host.stop();
    let odd = exit.stderr.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(odd, None, "a control character reached the log");
    assert!(!exit.stderr.contains('\u{202e}'), "a direction override reached the log");
    // A thousand lines were printed on each stream; one event may not fill the log with them.
    let printed = exit.stderr.lines().filter(|line| line.contains("red")).count();
    assert!((1..=128).contains(&printed), "{printed} lines of one event");
}
