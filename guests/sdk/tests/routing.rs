//! Which event reaches whom, and when handles are dropped.

#![allow(clippy::expect_used, clippy::panic, reason = "a failed expectation ends the test")]

use std::time::Duration;

use tidegate_guest::prelude::*;
use tidegate_guest::testing::{Command, Facts, Written, start, start_service};
use tidegate_guest::{
    Address, BindRequest, ConnectRequest, ConnectionId, Ipv4Address, Listener, StartReason,
};

/// Writes how many bytes its own connection has sent; sets a timer on each.
#[derive(Clone, Default)]
struct Counter {
    bytes: usize,
}

impl Handler for Counter {
    fn received(&mut self, c: &Connection, data: Payload) {
        self.bytes += data.len();
        c.write(self.bytes.to_string(), Answer::None);
        c.set_timer(1, Duration::from_secs(2));
    }

    fn timer(&mut self, c: &Connection, token: Token) {
        c.write(format!("timer {token} of {}", c.id()), Answer::None);
    }
}

fn write(c: ConnectionId, text: &str) -> Command {
    Command::write(c, text, Answer::None)
}

#[test]
fn each_connection_of_an_instance_has_a_state_of_its_own() {
    let mut kit = start::<Counter>(&[]).expect("no arguments needed");
    let (a, b, c) = (kit.connect(), kit.connect(), kit.connect());
    kit.received(a, b"one");
    kit.received(b, b"1");
    kit.received(a, b"three");
    kit.received(c, b"22");
    let writes: Vec<Command> =
        kit.commands().into_iter().filter(|command| matches!(command, Command::Write { .. })).collect();
    assert_eq!(writes, [write(a, "3"), write(b, "1"), write(a, "8"), write(c, "2")]);
}

#[test]
fn a_connections_timer_comes_back_to_it_and_ends_with_it() {
    let mut kit = start::<Counter>(&[]).expect("no arguments needed");
    let (a, b) = (kit.connect(), kit.connect());
    kit.received(a, b"x");
    kit.received(b, b"x");
    kit.received(b, b"x");
    let set: Vec<u64> = kit
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            Command::SetTimer { token, after_ms: 2000 } => Some(token),
            _ => None,
        })
        .collect();
    let [of_a, of_b, again] = set.as_slice() else { panic!("three timers: {set:?}") };
    assert_ne!(of_a, of_b);
    assert_eq!(of_b, again, "the same timer is set again");

    kit.timer(*of_b);
    assert_eq!(kit.commands(), [write(b, "timer 1 of 2")]);
    kit.closed(a, ClosedBy::PeerClosed);
    assert_eq!(
        kit.commands(),
        [Command::CancelTimer { token: *of_a }, Command::DropConnection { connection: a }]
    );
    assert!(!kit.is_held(a) && kit.is_held(b));
}

#[test]
fn the_defaults_register_paced_close_on_fin_and_drain_and_abort_on_a_refusal() {
    let mut kit = start::<Counter>(&[]).expect("no arguments needed");
    let c = kit.connect();
    assert_eq!(kit.commands(), [Command::Register { connection: c, registration: Registration::paced() }]);
    kit.peer_closed(c);
    kit.draining(100);
    kit.refused(c, CommandName::Write, Some(4), Refusal::QueueFull);
    let close = Command::Close { connection: c };
    assert_eq!(kit.commands(), [close.clone(), close, Command::Abort { connection: c }]);
    assert_eq!(kit.log()[0].1, "connection 1: write refused: queue-full (token 4): aborted");
}

#[test]
fn a_delegated_connection_is_let_go() {
    let mut kit = start::<Counter>(&[]).expect("no arguments needed");
    let c = kit.connect();
    kit.commands();
    kit.delegated(c, 1);
    assert_eq!(kit.commands(), [Command::DropConnection { connection: c }]);
}

#[test]
fn what_concerns_no_connection_is_logged_by_a_per_connection_handler() {
    let mut kit = start::<Counter>(&[]).expect("no arguments needed");
    kit.timer(5);
    kit.message(9, Written::Bytes(b"hello".to_vec()), Some(77));
    kit.refused(0, CommandName::Connect, Some(1), Refusal::Unsupported);
    assert_eq!(kit.log().len(), 3);
    assert_eq!(kit.commands(), [Command::DropConnection { connection: 77 }], "the share is let go");
}

/// One value for the whole instance.
#[derive(Default)]
struct Hub {
    seen: Vec<String>,
    shares: Vec<ConnectionId>,
}

impl Service for Hub {
    fn started(&mut self, start: Start, args: &mut Args) -> Result<(), ArgError> {
        assert_eq!(start.why, StartReason::Fresh);
        let port = u16::try_from(args.number("port", 0, 65_535)?.unwrap_or(0)).unwrap_or(0);
        let local = Address::Ipv4(Ipv4Address { port, address: (127, 0, 0, 1) });
        tcp::bind(&BindRequest::on(local), 1);
        Ok(())
    }

    fn connected(&mut self, c: &Connection) {
        self.seen.push(format!("connected {:?}", c.connect_token()));
        c.register(Registration::push());
    }

    fn bound(&mut self, listener: &Listener) {
        self.seen.push(format!("bound {} {}", listener.id(), listener.local_address()));
        tcp::connect(&ConnectRequest::to(("example.test", 80)), 2);
        listener.unbind(3);
    }

    fn unbound(&mut self, token: Token) {
        self.seen.push(format!("unbound {token}"));
    }

    fn timer(&mut self, token: Token) {
        self.seen.push(format!("timer {token}"));
    }

    fn message(&mut self, message: Message<'_>) {
        self.seen.push(format!("message from {}", message.from));
        if let Some(share) = message.shared {
            self.shares.push(share.id());
            share.write("to the share", Answer::None);
        }
    }

    fn closed(&mut self, c: &Connection, reason: CloseReason) {
        self.seen.push(format!("closed {} {reason}", c.id()));
    }

    fn received(&mut self, _c: &Connection, _data: Payload) {
        tcp::set_timer(8, Duration::from_millis(5));
        tcp::publish("all", self.seen.join(",").as_bytes(), 0);
    }
}

#[test]
fn a_service_has_listeners_connections_timers_and_shares() {
    let mut kit = start_service::<Hub>(&[("port", "0")]).expect("good arguments");
    assert!(matches!(kit.commands().as_slice(), [Command::Bind { token: 1, .. }]));
    kit.bound(4, std::net::SocketAddr::from(([127, 0, 0, 1], 4242)));
    let commands = kit.commands();
    assert!(
        matches!(
            commands.as_slice(),
            [Command::Connect { token: 2, .. }, Command::Unbind { listener: 4, token: 3 }]
        ),
        "{commands:?}"
    );
    kit.unbound(3);
    assert_eq!(kit.commands(), [Command::DropListener { listener: 4 }], "only now the handle is dropped");

    let out = kit.connect_with(Facts { connect_token: Some(2), ..Facts::default() });
    kit.message(9, Written::Bytes(b"hello".to_vec()), Some(50));
    kit.commands();
    kit.closed(50, ClosedBy::ShareEnded);
    assert_eq!(kit.commands(), [Command::DropConnection { connection: 50 }]);
    kit.timer(8);
    kit.received(out, b"x");
    let seen =
        "bound 4 127.0.0.1:4242,unbound 3,connected Some(2),message from 9,closed 50 share-ended,timer 8";
    assert_eq!(
        kit.commands(),
        [
            Command::SetTimer { token: 8, after_ms: 5 },
            Command::Publish {
                topic: "all".to_owned(),
                payload: Written::Bytes(seen.as_bytes().to_vec()),
                token: 0
            }
        ]
    );
}
