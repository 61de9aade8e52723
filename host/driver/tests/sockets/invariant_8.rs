//! Invariant 8: a close destroys nothing that was acked, whatever input is unread and however slow the client.

use std::io::Write;
use std::net::TcpStream;

use crate::common::{
    DEADLINE, Factory, Journal, Recorder, assert_nothing_left, pattern_bytes, read_pattern_to_end, spec,
    start,
};
use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tidegate_driver::{GuestFactory, GuestFault, ServiceHandle};
use tidegate_machines::command::{Answer, ConnectionCommand, Registration};
use tidegate_machines::event::Event;
use tidegate_machines::reason::ClosedBy;
use tidegate_machines::{ConnectionId, Token};

const REPLY: usize = 8 * 1024 * 1024;

/// A client whose kernel takes little, so that most of a reply waits at ours.
fn slow_client(service: &ServiceHandle) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket.connect_timeout(&service.addresses()[0].into(), DEADLINE).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Writes the reply and asks for its ack, never reads, and closes as `close` says when it was acked.
fn replying(close: ConnectionCommand<Bytes>, journal: &Journal) -> impl GuestFactory {
    let told = journal.clone();
    Factory(move || {
        let (close, told) = (close.clone(), told.clone());
        let mut connection = ConnectionId::NONE;
        move |event: &Event<Bytes>, recorder: &mut Recorder| -> Result<(), GuestFault> {
            match event {
                Event::Connected => {
                    connection = recorder.source;
                    recorder.register(Registration::default());
                    recorder.on_source(ConnectionCommand::SuspendReading);
                    recorder.write(pattern_bytes(REPLY), Answer::Always(Token(1)));
                }
                Event::Acked(Token(1)) => {
                    recorder.source = connection;
                    recorder.on_source(close.clone());
                }
                _ => {}
            }
            told.add(event);
            Ok(())
        }
    })
}

#[test]
fn invariant_8_close_with_unread_input_lets_a_slow_client_have_all_that_was_acked() {
    let runtime = start(1);
    let journal = Journal::default();
    let service = runtime.serve(spec(replying(ConnectionCommand::Close, &journal))).unwrap();
    let mut client = slow_client(&service);
    // Unread input: a plain close would answer it with a RST, which destroys what the client has not read yet.
    client.write_all(&[0x55; 32 * 1024]).unwrap();
    assert_eq!(read_pattern_to_end(&client), REPLY);
    assert_eq!(journal.closed().by, ClosedBy::Closed);
    drop(client);
    assert_nothing_left(&service);
}

#[test]
fn invariant_8_a_client_that_goes_on_sending_after_the_close_still_gets_all() {
    let runtime = start(1);
    let journal = Journal::default();
    let service = runtime.serve(spec(replying(ConnectionCommand::Close, &journal))).unwrap();
    let client = slow_client(&service);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Below what a lingering close discards; nobody reads it.
            for _ in 0..64 {
                if (&client).write_all(&[0xAA; 64 * 1024]).is_err() {
                    break;
                }
            }
        });
        assert_eq!(read_pattern_to_end(&client), REPLY);
    });
    drop(client);
    assert_nothing_left(&service);
}

#[test]
fn invariant_8_closed_is_told_when_our_fin_is_sent_and_the_connection_counts_as_live_until_the_client_has_all()
 {
    let runtime = start(1);
    let journal = Journal::default();
    let service = runtime.serve(spec(replying(ConnectionCommand::Close, &journal))).unwrap();
    let mut client = slow_client(&service);
    client.write_all(&[0x55; 1024]).unwrap();
    // Read until the rest fits into our kernel: then the write is acked and the close can send its FIN.
    let mut offset = 0;
    let mut buffer = vec![0; 64 * 1024];
    while journal.events().iter().all(|event| !matches!(event, Event::Closed(_))) {
        assert!(offset < REPLY, "closed is told before the client has all");
        use std::io::Read;
        let count = client.read(&mut buffer).unwrap();
        assert!(count > 0, "all comes before the end");
        offset += count;
    }
    if offset < REPLY - 1024 * 1024 {
        assert_eq!(service.connections().live(), 1, "its socket lingers");
        let counters = service.counters().snapshot();
        assert!(counters.instances_freed <= 1);
    }
    crate::common::eventually("the instance is not kept for the linger", || {
        service.counters().snapshot().instances_freed == 1
    });
    drop(client);
    assert_nothing_left(&service);
}
