//! What the tests on real sockets share: guests written in Rust, a journal of what they were told, clients with
//! deadlines.

use std::io::{Read, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tidegate_driver::{
    Guest, GuestContext, GuestFactory, GuestFault, Runtime, RuntimeConfig, ServiceHandle, ServiceSpec, Tuning,
};
use tidegate_machines::command::{
    Answer, Command, ConnectionCommand, Part, ReadMode, Registration, Write, WriteData,
};
use tidegate_machines::event::{Envelope, Event};
use tidegate_machines::limits::{ConnectionLimits, HandlerLimits};
use tidegate_machines::reason::{CloseReason, Fault};
use tidegate_machines::turn::Turn;
use tidegate_machines::{ConnectionId, Token};

/// How long anything may take before the test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// What a guest records during one call.
pub(crate) struct Recorder {
    pub(crate) source: ConnectionId,
    turn: Turn<Bytes>,
    overrun: bool,
}

impl Recorder {
    pub(crate) fn on_source(&mut self, command: ConnectionCommand<Bytes>) {
        self.record(Command::On(self.source, command));
    }

    pub(crate) fn record(&mut self, command: Command<Bytes>) {
        self.overrun |= self.turn.record(command).is_err();
    }

    pub(crate) fn register(&mut self, registration: Registration) {
        self.on_source(ConnectionCommand::Register(registration));
    }

    pub(crate) fn write(&mut self, data: Bytes, answer: Answer) {
        let part = Part { data: WriteData::Bytes(data), answer };
        self.on_source(ConnectionCommand::Write(Write::Single(part)));
    }

    pub(crate) fn timer(&mut self, token: u64, after: Duration) {
        self.record(Command::SetTimer { token: Token(token), after });
    }
}

pub(crate) type Script = Box<dyn FnMut(&Event<Bytes>, &mut Recorder) -> Result<(), GuestFault>>;

/// A guest that is a function.
pub(crate) struct Scripted(Script);

impl Guest for Scripted {
    fn call(&mut self, envelope: Envelope<Bytes>, turn: Turn<Bytes>) -> Result<Turn<Bytes>, GuestFault> {
        let mut recorder = Recorder { source: envelope.source, turn, overrun: false };
        (self.0)(&envelope.event, &mut recorder)?;
        if recorder.overrun {
            return Err(GuestFault { fault: Fault::Commands, message: "too much in one turn".into() });
        }
        Ok(recorder.turn)
    }
}

/// Makes guests that are functions.
pub(crate) struct Factory<M>(pub M);

impl<M, H> GuestFactory for Factory<M>
where
    M: Fn() -> H + Send + Sync + 'static,
    H: FnMut(&Event<Bytes>, &mut Recorder) -> Result<(), GuestFault> + 'static,
{
    type Guest = Scripted;

    fn instantiate(&self, _: GuestContext) -> Result<Scripted, GuestFault> {
        Ok(Scripted(Box::new((self.0)())))
    }
}

pub(crate) fn start(workers: usize) -> Runtime {
    let config = RuntimeConfig { workers: NonZeroUsize::new(workers).unwrap(), ..RuntimeConfig::default() };
    Runtime::start(config).unwrap()
}

pub(crate) fn spec<F>(factory: F) -> ServiceSpec<F> {
    ServiceSpec {
        name: "test".into(),
        addresses: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
        factory,
        handler_limits: HandlerLimits::default(),
        connection_limits: ConnectionLimits::default(),
        read_mode: ReadMode::Push,
        tuning: Tuning::default(),
    }
}

/// Echoes: what was received is written back, the peer's FIN is answered with a close that loses nothing.
pub(crate) fn echo(registration: Registration) -> impl Fn() -> Script + Send + Sync + 'static {
    move || {
        let registration = registration.clone();
        Box::new(move |event, recorder| {
            match event {
                Event::Connected => recorder.register(registration.clone()),
                Event::Received(data) | Event::ReceivedChunk(data) => {
                    recorder.write(Bytes::copy_from_slice(data), Answer::None);
                }
                Event::PeerClosed => recorder.on_source(ConnectionCommand::Close),
                _ => {}
            }
            Ok(())
        })
    }
}

pub(crate) fn paced() -> Registration {
    Registration {
        keep_open_on_peer_closed: true,
        read_mode: Some(ReadMode::Paced),
        ..Registration::default()
    }
}

/// What guests were told, in order, for a test to wait on.
#[derive(Clone, Default)]
pub(crate) struct Journal(Arc<(Mutex<Vec<Event<Bytes>>>, Condvar)>);

impl Journal {
    pub(crate) fn add(&self, event: &Event<Bytes>) {
        self.0.0.lock().unwrap().push(event.clone());
        self.0.1.notify_all();
    }

    /// Waits until `done` finds what it looks for among the events.
    pub(crate) fn wait<T>(&self, what: &str, done: impl Fn(&[Event<Bytes>]) -> Option<T>) -> T {
        let until = Instant::now() + DEADLINE;
        let mut events = self.0.0.lock().unwrap();
        loop {
            if let Some(found) = done(&events) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what} in time; events: {events:?}");
            events = self.0.1.wait_timeout(events, left).unwrap().0;
        }
    }

    pub(crate) fn closed(&self) -> CloseReason {
        self.wait("closed", |events| {
            events.iter().find_map(|event| match event {
                Event::Closed(reason) => Some(*reason),
                _ => None,
            })
        })
    }

    pub(crate) fn events(&self) -> Vec<Event<Bytes>> {
        self.0.0.lock().unwrap().clone()
    }
}

pub(crate) fn connect(service: &ServiceHandle) -> TcpStream {
    let stream = TcpStream::connect(service.addresses()[0]).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// The byte at `offset` of every stream in these tests.
pub(crate) fn pattern(offset: usize) -> u8 {
    let mixed = (offset as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 56) as u8
}

pub(crate) fn pattern_bytes(count: usize) -> Bytes {
    (0..count).map(pattern).collect::<Vec<u8>>().into()
}

/// Reads until EOF, checking each byte; the number of bytes.
pub(crate) fn read_pattern_to_end(mut stream: &TcpStream) -> usize {
    let mut offset = 0;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = stream.read(&mut buffer).expect("the stream goes on or ends in order");
        if count == 0 {
            return offset;
        }
        for (index, byte) in buffer[..count].iter().enumerate() {
            assert_eq!(*byte, pattern(offset + index), "byte {}", offset + index);
        }
        offset += count;
    }
}

pub(crate) fn send_pattern(mut stream: &TcpStream, count: usize) {
    stream.write_all(&pattern_bytes(count)).unwrap();
}

/// Closes with a RST.
pub(crate) fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// Waits until `done`, looking often. For numbers that nothing announces.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !done() {
        assert!(Instant::now() < until, "not in time: {what}");
        std::thread::yield_now();
    }
}

/// Nothing of the service is left.
pub(crate) fn assert_nothing_left(service: &ServiceHandle) {
    eventually("every connection is gone and every instance freed", || {
        let counters = service.counters().snapshot();
        service.connections().live() == 0
            && counters.connections_live() == 0
            && counters.instances_made == counters.instances_freed
    });
}
