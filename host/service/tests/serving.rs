//! A service with a sandboxed handler on real sockets: what an embedder sees.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use common::{DEADLINE, OnStarted, config, connect, echo, eventually, host, load, talks};
use tidegate_service::{Address, ConnectionId, DrainReport, Limits, ServeError};

#[test]
fn a_sandboxed_echo_returns_every_byte_and_is_counted() {
    let host = host();
    let module = load(&host, echo(OnStarted::Nothing));
    let service = host.serve(config("echo", module)).unwrap();
    let mut client = connect(&service);
    let sent: Vec<u8> =
        (0..3_000_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x40).collect();
    let mut back = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (&client).write_all(&sent).unwrap();
            client.shutdown(Shutdown::Write).unwrap();
        });
        (&client).read_to_end(&mut back).unwrap();
    });
    assert!(back == sent, "what comes back is what was sent");
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    eventually("the connection is gone", || service.connections_live() == 0);
    let counters = service.counters();
    assert_eq!(counters.connections_accepted, 1);
    assert_eq!((counters.bytes_in, counters.bytes_out), (3_000_000, 3_000_000));
    assert_eq!(counters.closed.of("closed"), 1);
    assert!(
        counters.guest.get("echoes").is_some_and(|count| *count > 0),
        "guests count by names of their own"
    );
    assert_eq!(counters.guest_memory_peak_bytes, 4 * 65_536);
    eventually("the instance is freed", || host.instances() == 0);
}

#[test]
fn live_connections_are_listed_with_their_ends_and_bytes() {
    let host = host();
    let module = load(&host, echo(OnStarted::Nothing));
    let service = host.serve(config("echo", module)).unwrap();
    let clients: Vec<TcpStream> = (0..5).map(|_| connect(&service)).collect();
    clients.iter().for_each(talks);
    let pages = || {
        let mut views = service.connections(ConnectionId::NONE, 3);
        assert_eq!(views.len(), 3);
        views.extend(service.connections(views[2].id, 3));
        views
    };
    // A client can have its echo before the worker has counted it.
    eventually("every byte is counted", || {
        pages().iter().all(|view| (view.bytes_in, view.bytes_out) == (5, 5))
    });
    let listed: BTreeSet<_> = pages().iter().map(|view| format!("{:?}", view.endpoint.remote)).collect();
    let ends = clients.iter().map(|client| Address::Ip(client.local_addr().unwrap()));
    assert_eq!(listed, ends.map(|end| format!("{end:?}")).collect());
}

#[test]
fn invariant_9_a_trap_costs_its_own_connection_and_no_other() {
    let host = host();
    let module = load(&host, echo(OnStarted::Nothing));
    let service = host.serve(config("echo", module)).unwrap();
    let healthy: Vec<TcpStream> = (0..20).map(|_| connect(&service)).collect();
    let mut victim = connect(&service);
    victim.write_all(b"!").unwrap();
    let error = victim.read(&mut [0]).expect_err("it is reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    healthy.iter().for_each(talks);
    assert_eq!(service.counters().faults.of("trap"), 1);
    assert_eq!(service.counters().closed.of("handler-failed"), 1);
}

#[test]
fn a_guest_that_fails_in_started_is_named_with_its_last_words_and_nothing_is_bound() {
    let host = host();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let modes = [(OnStarted::Trap, "it is wrong"), (OnStarted::Spin, "CPU"), (OnStarted::Grow, "memory")];
    for (mode, said) in modes {
        let module = load(&host, echo(mode));
        let config = tidegate_service::ServiceConfig::new("failing", module).listen(address);
        let error = host.serve(config).expect_err("it fails in started");
        assert!(matches!(error, ServeError::Guest { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("failing") && text.to_lowercase().contains(&said.to_lowercase()), "{text}");
        let refused = TcpStream::connect_timeout(&address, DEADLINE).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    }
    assert!(host.running().is_empty());
}

#[test]
fn a_name_is_taken_while_its_service_runs_and_free_when_it_is_over() {
    let host = host();
    let module = load(&host, echo(OnStarted::Nothing));
    host.serve(config("one", module.clone())).unwrap();
    let error = host.serve(config("one", module.clone())).unwrap_err();
    assert!(matches!(error, ServeError::NameTaken { .. }), "{error}");
    host.drain_blocking(DEADLINE);
    host.serve(config("one", module)).unwrap();
}

#[test]
fn limits_above_the_hosts_or_without_sense_are_refused_by_name() {
    let host = host();
    let module = load(&host, echo(OnStarted::Nothing));
    let too_much = Limits { memory_bytes: 17 * 1024 * 1024, ..Limits::default() };
    let error = host.serve(config("greedy", module.clone()).limits(too_much)).unwrap_err().to_string();
    assert!(error.contains("greedy") && error.contains("memory"), "{error}");
    let none = Limits { register: Duration::ZERO, ..Limits::default() };
    let error = host.serve(config("hasty", module).limits(none)).unwrap_err().to_string();
    assert!(error.contains("register"), "{error}");
}

#[test]
fn an_address_in_use_is_named() {
    let host = host();
    let module = load(&host, echo(OnStarted::Nothing));
    let service = host.serve(config("first", module.clone())).unwrap();
    let taken = service.addresses()[0];
    let second = tidegate_service::ServiceConfig::new("second", module).listen(taken);
    let error = host.serve(second).unwrap_err();
    assert!(matches!(error, ServeError::Listen { .. }));
    let text = error.to_string();
    assert!(text.contains("second") && text.contains(&taken.to_string()), "{text}");
    talks(&connect(&service));
}

#[test]
fn a_drain_from_a_program_without_a_runtime_aborts_what_is_left() {
    let host = host();
    let module = load(&host, echo(OnStarted::Nothing));
    let service = host.serve(config("echo", module)).unwrap();
    let client = connect(&service);
    talks(&client);
    // This component does not know `draining`, so its connection lasts until the deadline.
    let report = host.drain_blocking(Duration::from_millis(50));
    assert_eq!(report, DrainReport { closed: 0, aborted: 1, left: 0 });
    assert!(service.is_over());
}

#[test]
fn a_host_can_be_used_and_dropped_inside_an_async_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let host = host();
        let module = load(&host, echo(OnStarted::Nothing));
        let service = host.serve(config("echo", module)).unwrap();
        let client = connect(&service);
        talks(&client);
        let drain = host.drain(Duration::from_secs(3600));
        host.abort();
        let report = tokio::time::timeout(DEADLINE, drain).await.unwrap();
        assert_eq!(report, DrainReport { closed: 0, aborted: 1, left: 0 });
    });
}
