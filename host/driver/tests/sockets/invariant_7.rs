//! Invariant 7: a RST is noticed always, a FIN as soon as it has reached our kernel, even while reading is suspended
//! or not pulled, and never out of order.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::common::{
    Factory, Journal, Recorder, assert_nothing_left, connect, eventually, reset, spec, start,
};
use bytes::Bytes;
use tidegate_driver::{GuestFault, Runtime, ServiceHandle};
use tidegate_machines::command::{ConnectionCommand, ReadMode, Registration};
use tidegate_machines::event::Event;
use tidegate_machines::reason::ClosedBy;

const CONNECTION_RESET: i32 = 104;

/// A service whose guests register so and then do what `then` says, with a client and the journal.
fn serve(
    registration: Registration,
    then: impl Fn(&Event<Bytes>, &mut Recorder) + Clone + Send + Sync + 'static,
) -> (Runtime, ServiceHandle, TcpStream, Journal) {
    let runtime = start(1);
    let journal = Journal::default();
    let told = journal.clone();
    let factory = Factory(move || {
        let (registration, then, told) = (registration.clone(), then.clone(), told.clone());
        move |event: &Event<Bytes>, recorder: &mut Recorder| -> Result<(), GuestFault> {
            if *event == Event::Connected {
                recorder.register(registration.clone());
            }
            then(event, recorder);
            told.add(event);
            Ok(())
        }
    });
    let service = runtime.serve(spec(factory)).unwrap();
    let client = connect(&service);
    journal.wait("connected", |events| events.contains(&Event::Connected).then_some(()));
    (runtime, service, client, journal)
}

fn keep_open(read_mode: ReadMode) -> Registration {
    Registration { keep_open_on_peer_closed: true, read_mode: Some(read_mode), ..Registration::default() }
}

fn suspend_when_connected(event: &Event<Bytes>, recorder: &mut Recorder) {
    if *event == Event::Connected {
        recorder.on_source(ConnectionCommand::SuspendReading);
    }
}

/// Waits until the bytes have reached our kernel: they are unacknowledged no more.
fn send_and_wait(mut client: &TcpStream, bytes: &[u8]) {
    client.write_all(bytes).unwrap();
    eventually("the peer's kernel has the bytes", || unacked(client) == 0);
}

fn unacked(client: &TcpStream) -> u64 {
    // `/proc/net/tcp`: queue lengths of the socket, found by its two ports.
    let hex = |address: std::net::SocketAddr| format!(":{:04X}", address.port());
    let (local, remote) = (hex(client.local_addr().unwrap()), hex(client.peer_addr().unwrap()));
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .find(|fields| fields.len() > 4 && fields[1].ends_with(&local) && fields[2].ends_with(&remote))
        .and_then(|fields| u64::from_str_radix(fields[4].split(':').next()?, 16).ok())
        .unwrap_or(0)
}

#[test]
fn invariant_7_a_reset_is_noticed_while_reading_is_suspended_and_counts_what_was_unread() {
    let (_runtime, service, client, journal) = serve(keep_open(ReadMode::Push), suspend_when_connected);
    send_and_wait(&client, &[1; 1000]);
    reset(client);
    let reason = journal.closed();
    assert_eq!(reason.by, ClosedBy::ErrorClosed(CONNECTION_RESET));
    assert_eq!(reason.unread_bytes, 1000);
    assert_nothing_left(&service);
}

#[test]
fn invariant_7_a_reset_is_noticed_while_nothing_is_pulled() {
    let (_runtime, service, client, journal) = serve(keep_open(ReadMode::Pull), |_, _| {});
    send_and_wait(&client, &[1; 10]);
    reset(client);
    assert_eq!(journal.closed().by, ClosedBy::ErrorClosed(CONNECTION_RESET));
    assert_nothing_left(&service);
}

#[test]
fn invariant_7_a_fin_behind_which_nothing_is_unread_is_told_at_once_while_reading_is_suspended() {
    let (_runtime, service, client, journal) = serve(keep_open(ReadMode::Push), suspend_when_connected);
    client.shutdown(Shutdown::Write).unwrap();
    journal.wait("peer-closed", |events| events.contains(&Event::PeerClosed).then_some(()));
    reset(client);
    assert_eq!(journal.closed().by, ClosedBy::ErrorClosed(CONNECTION_RESET), "a RST behind a FIN is a RST");
    assert_nothing_left(&service);
}

#[test]
fn invariant_7_a_fin_comes_after_the_last_byte_before_it_however_late_that_is_read() {
    let then = |event: &Event<Bytes>, recorder: &mut Recorder| match event {
        Event::Connected => {
            recorder.on_source(ConnectionCommand::SuspendReading);
            recorder.timer(recorder.source.0, Duration::from_millis(100));
        }
        Event::Timer(token) => {
            recorder.source = tidegate_machines::ConnectionId(token.0);
            recorder.on_source(ConnectionCommand::ResumeReading);
        }
        Event::PeerClosed => recorder.on_source(ConnectionCommand::Close),
        _ => {}
    };
    let (_runtime, service, mut client, journal) = serve(keep_open(ReadMode::Push), then);
    client.write_all(b"last words").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(journal.closed().by, ClosedBy::Closed);
    let events = journal.events();
    let place = |wanted: &Event<Bytes>| events.iter().position(|event| event == wanted).expect("it is told");
    let received = place(&Event::Received(Bytes::from_static(b"last words")));
    assert!(received < place(&Event::PeerClosed), "{events:?}");
    assert_nothing_left(&service);
}

#[test]
fn invariant_7_in_pull_mode_a_fin_is_told_without_another_pull_once_all_is_read() {
    let then = |event: &Event<Bytes>, recorder: &mut Recorder| match event {
        // One pull, and never another.
        Event::Connected => recorder.on_source(ConnectionCommand::ResumeReading),
        Event::PeerClosed => recorder.on_source(ConnectionCommand::Close),
        _ => {}
    };
    let (_runtime, service, mut client, journal) = serve(keep_open(ReadMode::Pull), then);
    client.write_all(b"all").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    journal.wait("peer-closed", |events| events.contains(&Event::PeerClosed).then_some(()));
    assert_eq!(journal.closed().by, ClosedBy::Closed);
    assert_nothing_left(&service);
}

#[test]
fn invariant_7_a_reset_is_noticed_while_output_is_blocked() {
    let then = |event: &Event<Bytes>, recorder: &mut Recorder| {
        if *event == Event::Connected {
            recorder.on_source(ConnectionCommand::SuspendReading);
            let answer = tidegate_machines::command::Answer::None;
            // More than both kernels hold, and the client does not read.
            recorder.write(crate::common::pattern_bytes(16 * 1024 * 1024), answer);
        }
    };
    let (_runtime, service, client, journal) = serve(keep_open(ReadMode::Push), then);
    reset(client);
    assert_eq!(journal.closed().by, ClosedBy::ErrorClosed(CONNECTION_RESET));
    assert_nothing_left(&service);
}
