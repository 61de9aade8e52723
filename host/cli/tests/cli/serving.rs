//! `tidegate serve`: addresses, names, and every built-in guest behind it.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

use tidegate_e2e::slow::{self, SlowEcho};
use tidegate_e2e::{Client, Ending, Program, Started};
use tidegate_guest_artifacts as guests;

use crate::tidegate;

const BUILT_IN: [&str; 4] = ["echo", "echo-ack", "echo-nack", "echo-pull"];

#[test]
fn every_built_in_guest_echoes_and_ends_after_the_last_byte() {
    for guest in BUILT_IN {
        let host = Started::serve(tidegate(), &[guest]);
        let mut client = Client::connect(host.address(), 1);
        client.echo(1);
        client.echo(1_000_000);
        client.finish();
        client.expect_rest_and_end();
        host.until_empty_after(1);
        let (exit, report) = host.stop();
        assert_eq!(exit.code, Some(0), "{guest}: {}", exit.stderr);
        assert_eq!(report.number("/bytes_out"), 1_000_001, "{guest}: {report}");
        assert_eq!(report.text("/service"), guest);
    }
}

#[test]
fn half_close_returns_the_whole_echo_however_slow_the_reader() {
    for guest in BUILT_IN {
        let host = Started::serve(tidegate(), &[guest]);
        let client = Client::connect_narrow(host.address(), 2, 16 * 1024);
        let plan = SlowEcho {
            total_bytes_min: 16 << 20,
            stops: 4,
            burst_bytes: 1 << 20,
            limit: Duration::from_secs(120),
        };
        let sent = slow::echo(&client, 2, plan);
        host.until_empty_after(1);
        assert_eq!(host.report().number("/bytes_out"), sent, "{guest}");
    }
}

#[test]
fn every_address_is_printed_once_in_order_and_port_0_becomes_a_real_one() {
    let program = Program::start(
        tidegate(),
        &[
            "serve",
            "echo",
            "--no-cache",
            "--name",
            "my-service.1",
            "--listen",
            "127.0.0.1:0",
            "--listen",
            "[::1]:0",
            "--listen",
            "127.0.0.1:0",
        ],
    );
    let mut lines = Vec::new();
    program.stdout_line("three addresses", |line| {
        lines.push(line.to_owned());
        (lines.len() == 3).then_some(())
    });
    let addresses: Vec<std::net::SocketAddr> = lines
        .iter()
        .map(|line| {
            let address = line.strip_prefix("listening my-service.1 ").expect("the stable line");
            address.parse().expect("an address")
        })
        .collect();
    assert_eq!(addresses.iter().map(|address| address.is_ipv6()).collect::<Vec<_>>(), [false, true, false]);
    assert!(addresses.iter().all(|address| address.port() != 0));
    let different: BTreeSet<_> = addresses.iter().collect();
    assert_eq!(different.len(), 3);
    for (number, address) in (0..).zip(addresses) {
        let mut client = Client::connect(address, number);
        client.echo(100);
    }
}

#[test]
fn a_service_from_a_file_is_named_after_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("my chat.wasm");
    fs::write(&path, guests::ECHO).expect("written");
    let program = Program::start(
        tidegate(),
        &["serve", path.to_str().expect("a path of ours"), "--no-cache", "--listen", "127.0.0.1:0"],
    );
    program.stdout_line("the address", |line| line.starts_with("listening my-chat 127.0.0.1:").then_some(()));
}

#[test]
fn arguments_reach_the_guest() {
    // Raw push mode: what the peer sends comes back as long as nothing is refused.
    let host = Started::serve(tidegate(), &["echo", "--arg", "read=push", "--arg", "delivery=by-reference"]);
    let mut client = Client::connect(host.address(), 3);
    client.echo(50_000);
}

#[test]
fn limits_reach_the_host() {
    let host = Started::serve(tidegate(), &["echo", "--idle-timeout", "50ms"]);
    let mut client = Client::connect(host.address(), 4);
    client.echo(10);
    // Nothing waits to be written: a FIN, by the idle limit.
    assert_eq!(client.ending(), Ending::Finished);
    host.until_report("it is counted by its reason", |report| {
        (report.count("/connections/closed/idle-timeout") == 1).then_some(())
    });
}

#[test]
fn at_the_connection_limit_clients_wait_and_are_served_when_another_leaves() {
    let host = Started::serve(tidegate(), &["echo", "--connections-max", "2"]);
    let mut first = Client::connect(host.address(), 5);
    let mut second = Client::connect(host.address(), 6);
    first.echo(10);
    second.echo(10);
    let mut third = Client::connect(host.address(), 7);
    third.send(10);
    host.until_report("two are live", |report| (report.number("/connections/live") == 2).then_some(()));
    first.finish();
    first.expect_rest_and_end();
    third.expect_echo(10);
    second.echo(10);
}

#[test]
fn a_descriptor_limit_that_is_too_low_is_said_with_the_number() {
    let mut command = Command::new("sh");
    let line = "ulimit -n 300; exec \"$0\" serve echo --no-cache --listen 127.0.0.1:0 --connections-max 1000";
    command.args(["-c", line, tidegate().to_str().expect("a path")]);
    let program = Program::spawn(command);
    let line =
        program.stderr_line("the warning", |line| line.contains("descriptors").then(|| line.to_owned()));
    for word in ["WARN", "300", "1000", "--connections-max"] {
        assert!(line.contains(word), "{word} is missing: {line}");
    }
    program.stdout_line("the address", |line| line.starts_with("listening echo ").then_some(()));
}

#[test]
fn a_second_start_takes_the_compiled_component_from_the_cache() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cache = folder.path().join("cache");
    let cache = cache.to_str().expect("a path of ours");
    for expected in ["compiled", "cached"] {
        let program = Program::start(
            tidegate(),
            &["serve", "echo", "--cache-dir", cache, "--listen", "127.0.0.1:0", "--log-format", "human"],
        );
        program.stderr_line(expected, |line| line.contains(&format!("origin=\"{expected}\"")).then_some(()));
        program.stdout_line("the address", |line| line.starts_with("listening echo ").then_some(()));
    }
}

#[test]
fn the_version_names_contract_and_wasmtime() {
    let exit = Program::run(tidegate(), &["--version"]);
    assert_eq!(exit.code, Some(0));
    assert!(exit.stdout.contains("tidegate:tcp@0.1.0"), "{}", exit.stdout);
    assert!(exit.stdout.contains("wasmtime 48.0."), "{}", exit.stdout);
}

#[test]
fn help_says_default_unit_and_consequence() {
    let exit = Program::run(tidegate(), &["serve", "--help"]);
    assert_eq!(exit.code, Some(0));
    for word in ["127.0.0.1:7007", "[default: 5s]", "[default: 64KiB]", "reset", "250us"] {
        assert!(exit.stdout.contains(word), "{word:?} is missing: {}", exit.stdout);
    }
}
