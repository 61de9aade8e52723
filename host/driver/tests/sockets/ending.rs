//! Listeners and the end of a service: limits on connections, drain, abort, and a runtime that is dropped.

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::common::{
    DEADLINE, Factory, Journal, Recorder, Script, assert_nothing_left, connect, echo, eventually, paced,
    reset, spec, start,
};
use bytes::Bytes;
use tidegate_driver::{DrainReport, ServeError, ServiceHandle};
use tidegate_machines::command::{ConnectionCommand, Registration};
use tidegate_machines::event::Event;

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(DEADLINE, future).await.expect("in time") })
}

fn talks(mut client: &TcpStream) {
    client.write_all(b"hello").unwrap();
    let mut back = [0; 5];
    client.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"hello");
}

/// Closes its connection when the service drains, if it is told to on creation.
fn closing_on_drain(closes: bool) -> impl Fn() -> Script + Send + Sync + 'static {
    move || {
        let mut connection = tidegate_machines::ConnectionId::NONE;
        let mut echo = echo(Registration::default())();
        Box::new(move |event, recorder| {
            match event {
                Event::Connected => connection = recorder.source,
                Event::Draining(_) if closes => {
                    recorder.source = connection;
                    recorder.on_source(ConnectionCommand::Close);
                }
                _ => {}
            }
            echo(event, recorder)
        })
    }
}

fn established(service: &ServiceHandle, count: usize) -> Vec<TcpStream> {
    let clients: Vec<_> = (0..count).map(|_| connect(service)).collect();
    clients.iter().for_each(talks);
    clients
}

#[test]
fn a_drain_tells_the_handlers_and_ends_when_all_connections_are_gone() {
    let runtime = start(2);
    let service = runtime.serve(spec(Factory(closing_on_drain(true)))).unwrap();
    let mut clients = established(&service, 10);
    let report = service.drain(DEADLINE);
    for client in &mut clients {
        assert_eq!(client.read(&mut [0]).unwrap(), 0, "closed in order");
    }
    drop(clients);
    assert_eq!(wait(report), DrainReport { closed: 10, aborted: 0, left: 0 });
    let refused = TcpStream::connect_timeout(&service.addresses()[0], DEADLINE).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    assert_nothing_left(&service);
}

#[test]
fn what_is_left_at_the_drain_deadline_is_aborted_and_counted() {
    let runtime = start(2);
    let service = runtime.serve(spec(Factory(closing_on_drain(false)))).unwrap();
    let clients = established(&service, 5);
    let report = wait(service.drain(Duration::from_millis(50)));
    assert_eq!(report, DrainReport { closed: 0, aborted: 5, left: 0 });
    for mut client in clients {
        let error = client.read(&mut [0]).expect_err("an abort is a RST");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    assert_nothing_left(&service);
}

#[test]
fn a_second_drain_joins_the_first_and_an_abort_cuts_both_short() {
    let runtime = start(1);
    let service = runtime.serve(spec(Factory(closing_on_drain(false)))).unwrap();
    let clients = established(&service, 3);
    let first = service.drain(Duration::from_secs(3600));
    let second = service.drain(Duration::from_secs(3600));
    service.abort();
    let report = wait(first);
    assert_eq!(report, DrainReport { closed: 0, aborted: 3, left: 0 });
    assert_eq!(wait(second), report);
    assert_eq!(wait(service.drain(DEADLINE)), report, "a drained service has drained");
    drop(clients);
}

#[test]
fn connections_that_wait_in_the_kernels_queue_are_served_before_the_listener_closes() {
    let runtime = start(1);
    let service = runtime.serve(spec(Factory(closing_on_drain(true)))).unwrap();
    let clients: Vec<_> = (0..50).map(|_| connect(&service)).collect();
    let report = service.drain(DEADLINE);
    for mut client in &clients {
        assert_eq!(client.read(&mut [0]).unwrap(), 0, "accepted, told to drain, closed in order; no RST");
    }
    drop(clients);
    let report = wait(report);
    assert_eq!((report.aborted, report.left), (0, 0));
    assert_eq!(service.counters().snapshot().connections_accepted, 50);
    assert_nothing_left(&service);
}

#[test]
fn a_drain_asked_for_after_the_runtime_is_gone_ends_at_once() {
    let runtime = start(1);
    let service = runtime.serve(spec(Factory(echo(paced())))).unwrap();
    let clients = established(&service, 2);
    drop(runtime);
    for mut client in clients {
        let error = client.read(&mut [0]).expect_err("a runtime that is dropped resets what is left");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    assert_eq!(wait(service.drain(DEADLINE)), DrainReport::default());
    assert_nothing_left(&service);
}

#[test]
fn at_the_limit_of_connections_clients_wait_until_one_is_gone() {
    let runtime = start(2);
    let mut limited = spec(Factory(echo(paced())));
    limited.tuning.connections_max = 2;
    let service = runtime.serve(limited).unwrap();
    let mut clients = established(&service, 2);
    let mut third = connect(&service);
    third.write_all(b"hello").unwrap();
    assert_eq!(service.counters().snapshot().connections_accepted, 2);
    drop(clients.pop());
    let mut back = [0; 5];
    third.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"hello");
    assert_eq!(service.connections().live(), 2);
}

#[test]
fn clients_that_are_gone_before_they_are_accepted_do_no_harm() {
    let runtime = start(2);
    let journal = Journal::default();
    let told = journal.clone();
    let service = runtime
        .serve(spec(Factory(move || {
            let (told, mut echo) = (told.clone(), echo(paced())());
            move |event: &Event<Bytes>, recorder: &mut Recorder| {
                told.add(event);
                echo(event, recorder)
            }
        })))
        .unwrap();
    for _ in 0..300 {
        reset(connect(&service));
    }
    let client = connect(&service);
    talks(&client);
    drop(client);
    eventually("every client that was accepted got its end", || {
        let counters = service.counters().snapshot();
        counters.connections_accepted > 0 && counters.connections_live() == 0
    });
    assert_nothing_left(&service);
    let events = journal.events();
    let count = |is: fn(&Event<Bytes>) -> bool| events.iter().filter(|event| is(event)).count();
    assert_eq!(
        count(|event| matches!(event, Event::Connected)),
        count(|event| matches!(event, Event::Closed(_))),
        "invariant 1: one terminal event for each connection"
    );
}

#[test]
fn an_address_in_use_is_named_and_leaves_nothing_bound() {
    let runtime = start(1);
    let service = runtime.serve(spec(Factory(echo(paced())))).unwrap();
    let taken = service.addresses()[0];
    let mut second = spec(Factory(echo(paced())));
    second.addresses = vec![taken];
    match runtime.serve(second) {
        Err(ServeError::AddressInUse { address }) => assert_eq!(address, taken),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two listeners on one address"),
    }
}
