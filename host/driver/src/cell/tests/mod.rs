//! The cell's task on scripted sockets, with guests that are functions and with stopped time.

mod closing;
mod reading;
mod rounds;
mod scripted;
mod writing;

use core::cell::RefCell;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::Wake;

use bytes::Bytes;
use tidegate_machines::command::{
    Answer, Command, ConnectionCommand, Part, ReadMode, Registration, Write, WriteData,
};
use tidegate_machines::event::{Envelope, Event};
use tidegate_machines::facts::{Address, Endpoint};
use tidegate_machines::limits::{ConnectionLimits, HandlerLimits};
use tidegate_machines::turn::Turn;
use tidegate_machines::{ConnectionId, HandlerId, Token};

use super::{CellContext, CellTask, Opening};
use crate::clock::Clock;
use crate::counters::Counters;
use crate::guest::{Guest, GuestContext, GuestFactory, GuestFault};
use crate::places::Places;
use crate::registry::Registry;
use crate::scratch::Scratch;
use scripted::{Peer, ScriptedSocket};

/// Polls that a cell may ask for by waking itself before a test calls it a busy loop.
const POLLS_MAX: usize = 10_000;

/// What a guest records during one call.
struct Recorder {
    source: ConnectionId,
    commands: Vec<Command<Bytes>>,
}

impl Recorder {
    fn on(&mut self, command: ConnectionCommand<Bytes>) {
        self.commands.push(Command::On(self.source, command));
    }

    fn write(&mut self, data: Bytes, answer: Answer) {
        self.on(ConnectionCommand::Write(Write::Single(Part { data: WriteData::Bytes(data), answer })));
    }
}

type Told = Arc<Mutex<Vec<Envelope<Bytes>>>>;
type Script = Arc<dyn Fn(&Event<Bytes>, &mut Recorder) + Send + Sync>;

/// Does what its script says, and remembers what it was told.
struct Scripted {
    script: Script,
    told: Told,
}

impl Guest for Scripted {
    fn call(&mut self, envelope: Envelope<Bytes>, mut turn: Turn<Bytes>) -> Result<Turn<Bytes>, GuestFault> {
        let mut recorder = Recorder { source: envelope.source, commands: Vec::new() };
        (self.script)(&envelope.event, &mut recorder);
        // A copy, as payload may lie in the read buffer.
        let event = match envelope.event {
            Event::Received(data) => Event::Received(Bytes::copy_from_slice(&data)),
            other => other,
        };
        self.told.lock().unwrap().push(Envelope { source: envelope.source, event });
        for command in recorder.commands {
            turn.record(command).unwrap();
        }
        Ok(turn)
    }
}

struct Factory {
    script: Script,
    told: Told,
}

impl GuestFactory for Factory {
    type Guest = Scripted;

    fn instantiate(&self, _: GuestContext) -> Result<Scripted, GuestFault> {
        Ok(Scripted { script: Arc::clone(&self.script), told: Arc::clone(&self.told) })
    }
}

/// A cell with its peers.
struct Fixture {
    task: Option<CellTask<ScriptedSocket, Factory>>,
    peers: Vec<Peer>,
    told: Told,
    counters: Arc<Counters>,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Fixture {
    /// A cell whose instance owns `count` connections. Must be made where tokio's time runs.
    fn new(count: u64, script: impl Fn(&Event<Bytes>, &mut Recorder) + Send + Sync + 'static) -> Self {
        let told = Told::default();
        let counters = Counters::new(1);
        let context = Rc::new(CellContext {
            service: "test".into(),
            factory: Arc::new(Factory { script: Arc::new(script), told: Arc::clone(&told) }),
            handler_limits: HandlerLimits::default(),
            connection_limits: ConnectionLimits::default(),
            read_mode: ReadMode::Push,
            counters: counters.shard(0),
            registry: Registry::new(1),
            worker: 0,
            scratch: Rc::new(RefCell::new(Scratch::new(64 * 1024))),
            clock: Clock::start(),
        });
        let peers: Vec<Peer> = (0..count).map(|_| Peer::default()).collect();
        let address = Address::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
        let openings = peers
            .iter()
            .zip(1..)
            .map(|(peer, id)| Opening {
                connection: ConnectionId(id),
                endpoint: Endpoint { remote: address.clone(), local: address.clone(), is_inbound: true },
                socket: peer.socket(),
                places: Places::none(),
            })
            .collect();
        let task = CellTask::new(context, HandlerId(1), openings);
        let mut fixture = Self { task: Some(task), peers, told, counters, woken: Arc::default() };
        fixture.woken.0.store(true, Ordering::SeqCst);
        fixture.settle();
        fixture
    }

    fn peer(&self, index: usize) -> &Peer {
        &self.peers[index]
    }

    /// Polls once, whether woken or not.
    fn poll_once(&mut self) {
        self.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.woken));
        if let Some(task) = &mut self.task
            && Pin::new(task).poll(&mut Context::from_waker(&waker)) == Poll::Ready(())
        {
            self.task = None;
        }
    }

    fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::SeqCst)
    }

    /// Polls for as long as the task is woken.
    fn settle(&mut self) {
        for _ in 0..POLLS_MAX {
            if !self.is_woken() || self.task.is_none() {
                return;
            }
            self.poll_once();
        }
        panic!("the cell wakes itself for ever");
    }

    fn is_over(&self) -> bool {
        self.task.is_none()
    }

    fn told(&self) -> Vec<Envelope<Bytes>> {
        self.told.lock().unwrap().clone()
    }

    /// Events of one connection.
    fn told_of(&self, connection: u64) -> Vec<Event<Bytes>> {
        self.told()
            .into_iter()
            .filter(|envelope| envelope.source == ConnectionId(connection))
            .map(|envelope| envelope.event)
            .collect()
    }
}

fn received(data: &'static [u8]) -> Event<Bytes> {
    Event::Received(Bytes::from_static(data))
}

fn register(recorder: &mut Recorder, read_mode: ReadMode) {
    recorder.on(ConnectionCommand::Register(Registration {
        keep_open_on_peer_closed: true,
        read_mode: Some(read_mode),
        ..Registration::default()
    }));
}

/// Registers in push mode and does nothing else.
fn listening(event: &Event<Bytes>, recorder: &mut Recorder) {
    if *event == Event::Connected {
        register(recorder, ReadMode::Push);
    }
}

fn always(token: u64) -> Answer {
    Answer::Always(Token(token))
}
