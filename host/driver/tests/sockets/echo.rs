//! Echo over real sockets, with guests written in Rust.

use std::io::{Read, Write};
use std::net::Shutdown;

use crate::common::{
    Factory, assert_nothing_left, connect, echo, eventually, paced, pattern_bytes, read_pattern_to_end,
    send_pattern, spec, start,
};
use tidegate_machines::command::{Delivery, Registration};

fn echoes_everything(delivery: Delivery) {
    let runtime = start(2);
    let registration = Registration { delivery, ..paced() };
    let service = runtime.serve(spec(Factory(echo(registration)))).unwrap();
    for size in [1, 100, 2047, 2048, 65_535, 65_536, 1_000_000] {
        let mut client = connect(&service);
        let sent = pattern_bytes(size);
        let mut back = vec![0; size];
        std::thread::scope(|scope| {
            scope.spawn(|| (&client).write_all(&sent).unwrap());
            (&client).read_exact(&mut back).unwrap();
        });
        assert!(back == sent, "{size} bytes come back as they were");
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.read(&mut back).unwrap(), 0, "the answer to a FIN is a FIN");
    }
    assert_nothing_left(&service);
    let counters = service.counters().snapshot();
    assert_eq!(counters.refused.total(), 0, "a paced echo is never refused");
    assert_eq!(counters.bytes_in, counters.bytes_out);
    assert_eq!(counters.closed.of("closed"), 7);
}

#[test]
fn copied_delivery_echoes_everything() {
    echoes_everything(Delivery::Copied);
}

#[test]
fn delivery_by_reference_echoes_everything() {
    echoes_everything(Delivery::ByReference);
}

#[test]
fn automatic_delivery_echoes_everything() {
    echoes_everything(Delivery::Automatic);
}

#[test]
fn half_close_after_sending_returns_the_whole_echo_then_eof() {
    const COUNT: usize = 24 * 1024 * 1024;
    let runtime = start(1);
    let service = runtime.serve(spec(Factory(echo(paced())))).unwrap();
    let client = connect(&service);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            send_pattern(&client, COUNT);
            client.shutdown(Shutdown::Write).unwrap();
        });
        assert_eq!(read_pattern_to_end(&client), COUNT);
    });
    assert_nothing_left(&service);
}

#[test]
fn many_connections_are_spread_over_the_workers_and_all_served() {
    const CONNECTIONS: usize = 200;
    let runtime = start(2);
    let service = runtime.serve(spec(Factory(echo(paced())))).unwrap();
    let clients: Vec<_> = (0..CONNECTIONS).map(|_| connect(&service)).collect();
    for round in 0..3_u8 {
        for mut client in &clients {
            client.write_all(&[round; 64]).unwrap();
        }
        for mut client in &clients {
            let mut back = [0; 64];
            client.read_exact(&mut back).unwrap();
            assert_eq!(back, [round; 64]);
        }
    }
    assert_eq!(service.connections().live(), CONNECTIONS);
    // A client can have its echo before the worker has counted it.
    eventually("every byte is counted", || {
        let page = service.connections().page(tidegate_machines::ConnectionId::NONE, CONNECTIONS);
        page.iter().all(|view| (view.bytes_in, view.bytes_out) == (192, 192))
    });
    let mut seen = 0;
    let mut after = tidegate_machines::ConnectionId::NONE;
    loop {
        let page = service.connections().page(after, 64);
        let Some(last) = page.last() else { break };
        seen += page.len();
        after = last.id;
    }
    assert_eq!(seen, CONNECTIONS);
    drop(clients);
    assert_nothing_left(&service);
}
