//! Guests from text, and a host for one instance.
//!
//! A guest is a core module in the text format against the WIT files of this repository; `wit-component` wraps it, so
//! that types and names are the contract's and not a copy of it.

use bytes::Bytes;
use std::cell::RefCell;
use std::rc::Rc;
use tidegate_machines::command::{Command, ConnectionCommand, Write, WriteData};
use tidegate_machines::event::{Envelope, Event, StartReason};
use tidegate_machines::facts::{Address, ConnectionFacts, Endpoint, Facts};
use tidegate_machines::limits::HandlerLimits;
use tidegate_machines::turn::Turn;
use tidegate_machines::{ConnectionId, HandlerId, Token};
use tidegate_sandbox::{
    CallFault, Dropped, Engine, EngineConfig, GuestLog, Instance, InstanceConfig, InstanceLimits, LogLevel,
    LogSource, Module, ModuleSource,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

/// Where the contract is.
pub(crate) const WIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");

/// The connection every test uses.
pub(crate) const CONNECTION: ConnectionId = ConnectionId(7);

/// Numbers of the cases of `event`, as a guest sees them.
pub(crate) const STARTED: i32 = 0;
pub(crate) const CONNECTED: i32 = 1;
pub(crate) const RECEIVED: i32 = 2;
pub(crate) const RECEIVED_CHUNK: i32 = 3;
pub(crate) const TIMER: i32 = 12;

/// Memory, a realloc that gives out space from 32 KiB upwards and starts again after each event, and `handle`. `$p0`
/// to `$p8` are the flattened event.
pub(crate) fn guest_text(imports: &str, items: &str, body: &str) -> String {
    format!(
        r#"(module
          {imports}
          (memory (export "memory") 2)
          (global $bump (mut i32) (i32.const 32768))
          (global $connection (mut i32) (i32.const 0))
          (global $chunk (mut i32) (i32.const 0))
          {items}
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $bump) (i32.const 15)) (i32.const -16)))
            (global.set $bump (i32.add (local.get $at) (local.get 3)))
            (local.get $at))
          (func (export "tidegate:tcp/handler@0.1.0#handle")
            (param $source i64) (param $event i32)
            (param $p0 i64) (param $p1 i64) (param $p2 i32) (param $p3 i64) (param $p4 i32) (param $p5 i32)
            (param $p6 i64) (param $p7 i32) (param $p8 i32)
            (if (i32.eq (local.get $event) (i32.const {CONNECTED}))
              (then (global.set $connection (i32.wrap_i64 (local.get $p0)))))
            (if (i32.eq (local.get $event) (i32.const {RECEIVED_CHUNK}))
              (then (global.set $chunk (i32.wrap_i64 (local.get $p0)))))
            {body}
            (global.set $bump (i32.const 32768))))"#
    )
}

/// One import of the contract.
pub(crate) fn import(interface: &str, function: &str, name: &str, signature: &str) -> String {
    format!(r#"(import "tidegate:tcp/{interface}@0.1.0" "{function}" (func ${name} {signature}))"#)
}

/// `connection.write`.
pub(crate) fn import_write() -> String {
    import("types", "[method]connection.write", "write", "(param i32 i32 i32 i32 i64)")
}

/// Runs `body` for events of one case only.
pub(crate) fn on(event: i32, body: &str) -> String {
    format!("(if (i32.eq (local.get $event) (i32.const {event})) (then {body}))")
}

pub(crate) fn contract(world: &str) -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(WIT).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    (resolve, world)
}

/// A component for a world of the contract.
pub(crate) fn component(world: &str, text: &str) -> Vec<u8> {
    let (resolve, world) = contract(world);
    encode(&resolve, world, wat::parse_str(text).unwrap())
}

pub(crate) fn encode(resolve: &Resolve, world: WorldId, mut module: Vec<u8>) -> Vec<u8> {
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

/// A guest of `tcp-handler`.
pub(crate) fn guest(imports: &str, items: &str, body: &str) -> Vec<u8> {
    component("tcp-handler", &guest_text(imports, items, body))
}

pub(crate) fn small_engine() -> Engine {
    engine_of(EngineConfig { instances_max: 16, ..EngineConfig::default() })
}

pub(crate) fn engine_of(config: EngineConfig) -> Engine {
    Engine::new(config).unwrap()
}

pub(crate) fn source(bytes: Vec<u8>) -> ModuleSource {
    ModuleSource::Bytes { name: "guest".to_owned(), bytes: Bytes::from(bytes) }
}

pub(crate) fn load(bytes: Vec<u8>) -> Module {
    small_engine().load(&source(bytes)).unwrap()
}

/// Facts of [`CONNECTION`] only.
pub(crate) struct OneConnection;

impl Facts for OneConnection {
    fn connection(&self, connection: ConnectionId) -> Option<ConnectionFacts> {
        (connection == CONNECTION).then_some(ConnectionFacts {
            registered: true,
            reading: true,
            suspended: true,
            queued_bytes: 0x1_0000_0001,
            peer_finished: false,
        })
    }

    fn endpoint(&self, connection: ConnectionId) -> Option<Endpoint> {
        (connection == CONNECTION).then(|| Endpoint {
            remote: Address::Ip("192.0.2.1:4096".parse().unwrap()),
            local: Address::Ip("[2001:db8::2]:80".parse().unwrap()),
            is_inbound: true,
        })
    }

    fn pending_tokens(&self, connection: ConnectionId, limit: usize) -> Vec<Token> {
        let tokens = if connection == CONNECTION { vec![Token(11), Token(12)] } else { Vec::new() };
        tokens.into_iter().take(limit).collect()
    }
}

/// Remembers everything a guest printed, logged and counted.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) lines: RefCell<Vec<(LogLevel, LogSource, String)>>,
    pub(crate) counts: RefCell<Vec<(String, u64)>>,
    pub(crate) dropped: RefCell<Vec<(Dropped, u64)>>,
}

impl GuestLog for Recorder {
    fn line(&self, level: LogLevel, source: LogSource, text: &str) {
        self.lines.borrow_mut().push((level, source, text.to_owned()));
    }

    fn count(&self, name: &str, by: u64) {
        self.counts.borrow_mut().push((name.to_owned(), by));
    }

    fn dropped(&self, what: Dropped, count: u64) {
        self.dropped.borrow_mut().push((what, count));
    }
}

/// One instance and what is needed to call it.
pub(crate) struct Host {
    pub(crate) instance: Instance,
    pub(crate) log: Rc<Recorder>,
    pub(crate) limits: HandlerLimits,
}

pub(crate) type Called = Result<Vec<Command<Bytes>>, CallFault>;

impl Host {
    pub(crate) fn new(module: &Module) -> Self {
        Self::with(module, InstanceLimits::default())
    }

    pub(crate) fn with(module: &Module, limits: InstanceLimits) -> Self {
        let log = Rc::new(Recorder::default());
        let instance = module.instantiate(config(limits, &log)).unwrap();
        Self { instance, log, limits: HandlerLimits::default() }
    }

    /// Started and connected.
    pub(crate) fn connected(module: &Module) -> Self {
        let mut host = Self::new(module);
        host.start();
        host.call(Event::Connected).unwrap();
        host
    }

    pub(crate) fn start(&mut self) {
        self.deliver(ConnectionId::NONE, Event::Started(StartReason::Fresh)).unwrap();
    }

    /// An event of [`CONNECTION`].
    pub(crate) fn call(&mut self, event: Event<Bytes>) -> Called {
        self.deliver(CONNECTION, event)
    }

    pub(crate) fn timer(&mut self, token: u64) -> Called {
        self.deliver(ConnectionId::NONE, Event::Timer(Token(token)))
    }

    pub(crate) fn deliver(&mut self, source: ConnectionId, event: Event<Bytes>) -> Called {
        let turn = Turn::new(&self.limits, 0);
        self.instance.call(Envelope { source, event }, turn).map(Turn::into_commands)
    }
}

pub(crate) fn config(limits: InstanceLimits, log: &Rc<Recorder>) -> InstanceConfig {
    InstanceConfig {
        limits,
        log: Some(log.clone()),
        args: [("key".to_owned(), "value".to_owned())].into(),
        ..InstanceConfig::new(HandlerId(3), Rc::new(OneConnection))
    }
}

/// The data of a turn that is one single write.
pub(crate) fn only_write(commands: Vec<Command<Bytes>>) -> WriteData<Bytes> {
    match <[_; 1]>::try_from(commands).unwrap() {
        [Command::On(CONNECTION, ConnectionCommand::Write(Write::Single(part)))] => part.data,
        other => panic!("expected one write, got {other:?}"),
    }
}
