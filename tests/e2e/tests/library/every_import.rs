//! Every import of the contract, called by a guest: none traps, and each is answered as it must be.

use std::collections::BTreeMap;

use tidegate_e2e::{Client, Ending};
use tidegate_guest_artifacts as guests;
use tidegate_service::{Host, Limits, Service};

use crate::common::{address, host, serve};
use crate::emptied::until_empty;

/// Functions of the contract.
const IMPORTS: usize = 49;

/// Commands that are for later versions of the host: refused by name, never a trap.
const UNSUPPORTED: [&str; 9] = [
    "connection.delegate",
    "connection.set-option",
    "connection.write-file",
    "tcp.bind",
    "tcp.cancel-connect",
    "tcp.connect",
    "tcp.join",
    "tcp.publish",
    "tcp.send",
];

/// There is no listener to call these on, because `bind` is refused.
const WITHOUT_LISTENER: [&str; 4] =
    ["listener.id", "listener.local-address", "listener.resume-accepting", "listener.unbind"];

fn fixture() -> (Host, Service) {
    let host = host(Limits::default());
    let service = serve(&host, "every-import", guests::EVERY_IMPORT, &[]);
    (host, service)
}

/// The answers, by import.
fn answers(report: &str) -> BTreeMap<&str, &str> {
    report.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' ')).collect()
}

#[test]
fn every_import_is_answered_and_none_traps() {
    let (host, service) = fixture();
    for (end, called_last) in
        [("close", "connection.close"), ("confirmed-close", "connection.confirmed-close")]
    {
        let mut client = Client::connect(address(&service), 1);
        client.send_text(end);
        client.finish();
        let report = client.read_to_end();
        let answers = answers(&report);
        assert_eq!(answers.len(), IMPORTS, "{report}");
        for (import, answer) in &answers {
            let expected: &[&str] = match *import {
                name if UNSUPPORTED.contains(&name) => &["failed:unsupported"],
                name if WITHOUT_LISTENER.contains(&name) => &["not-called"],
                name if name == called_last => &["follows"],
                "connection.close" | "connection.confirmed-close" | "connection.abort" => &["not-called"],
                "connection.write" | "connection.write-chunk" | "connection.write-compound" => &["acked"],
                "connection.resume-writing" => &["writing-resumed"],
                "tcp.set-timer" => &["timer"],
                "connection.register"
                | "connection.suspend-reading"
                | "connection.resume-reading"
                | "tcp.cancel-timer" => &["no-answer"],
                // Not named in the contract's list of commands that can fail.
                "connection.revoke-shares" | "tcp.leave" => &["no-answer", "failed:unsupported"],
                _ => &["fact"],
            };
            assert!(expected.contains(answer), "{import} was answered {answer}, not {expected:?}\n{report}");
        }
    }
    until_empty(&host, &service);
    assert_eq!(service.counters().faults.total(), 0);
    assert_eq!(service.counters().closed.of("closed"), 1);
    assert_eq!(service.counters().closed.of("confirmed-closed"), 1);
    assert_eq!(service.counters().guest.get("every-import"), Some(&2), "host.count reaches the host");
    // Of each connection, each is refused once: by name, with a token or without.
    assert!(service.counters().refused.of("unsupported") >= 2 * UNSUPPORTED.len() as u64);
}

#[test]
fn an_abort_is_a_reset() {
    let (host, service) = fixture();
    let mut client = Client::connect(address(&service), 2);
    client.send_text("abort");
    assert_eq!(client.ending_after_anything().0, Ending::Reset);
    until_empty(&host, &service);
    assert_eq!(service.counters().closed.of("aborted"), 1);
}
