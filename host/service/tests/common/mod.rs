//! Components for the tests of this crate, written as WebAssembly text: no guest crate is built here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use tidegate_service::{Host, Module, ModuleSource, Service, ServiceConfig};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// How long anything may take before the test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// What the echo component does with `started`.
pub(crate) enum OnStarted {
    Nothing,
    /// Logs a line and traps.
    Trap,
    /// Never returns.
    Spin,
    /// Asks for more memory than it may have, and traps.
    Grow,
}

/// A component that registers paced, writes back what it receives, and closes when the peer has finished. The byte
/// `!` as the first of a message is an order to trap.
pub(crate) fn echo(on_started: OnStarted) -> Vec<u8> {
    let on_started = match on_started {
        OnStarted::Nothing => "",
        OnStarted::Trap => "(call $log (i32.const 1) (i32.const 16) (i32.const 11)) unreachable",
        OnStarted::Spin => "(loop $for_ever (br $for_ever))",
        OnStarted::Grow => "(if (i32.eq (memory.grow (i32.const 4096)) (i32.const -1)) (then unreachable))",
    };
    let text = format!(
        r#"(module
  (import "tidegate:tcp/types@0.1.0" "[method]connection.register" (func $register
    (param i32 i32 i32 i32 i32 i32 i32 i64 i32 i64 i32 i64 i32 i64)))
  (import "tidegate:tcp/types@0.1.0" "[method]connection.write" (func $write (param i32 i32 i32 i32 i64)))
  (import "tidegate:tcp/types@0.1.0" "[method]connection.close" (func $close (param i32)))
  (import "tidegate:tcp/host@0.1.0" "log" (func $log (param i32 i32 i32)))
  (import "tidegate:tcp/host@0.1.0" "count" (func $count (param i32 i32 i64)))
  (memory (export "memory") 4)
  (data (i32.const 16) "it is wrong")
  (data (i32.const 32) "echoes")
  (global $connection (mut i32) (i32.const 0))
  (global $heap (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $place i32)
    (local.set $place (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
    (global.set $heap (i32.add (local.get $place) (local.get 3)))
    (local.get $place))
  (func (export "tidegate:tcp/handler@0.1.0#handle")
    (param $source i64) (param $case i32) (param $first i64) (param $second i64)
    (param i32 i64 i32 i32 i64 i32 i32)
    (if (i32.eqz (local.get $case)) (then {on_started}))
    (if (i32.eq (local.get $case) (i32.const 1)) (then
      (global.set $connection (i32.wrap_i64 (local.get $first)))
      (call $register (global.get $connection)
        (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 2) (i32.const 0)
        (i32.const 0) (i64.const 0) (i32.const 0) (i64.const 0)
        (i32.const 0) (i64.const 0) (i32.const 0) (i64.const 0))))
    (if (i32.eq (local.get $case) (i32.const 2)) (then
      (if (i32.eq (i32.load8_u (i32.wrap_i64 (local.get $first))) (i32.const 33)) (then unreachable))
      (call $count (i32.const 32) (i32.const 6) (i64.const 1))
      (call $write (global.get $connection)
        (i32.wrap_i64 (local.get $first)) (i32.wrap_i64 (local.get $second)) (i32.const 0) (i64.const 0))))
    (if (i32.eq (local.get $case) (i32.const 7)) (then (call $close (global.get $connection))))
    (global.set $heap (i32.const 1024)))
)"#
    );
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let (package, _) = resolve.push_dir(&wit).unwrap();
    let world = resolve.select_world(&[package], Some("tcp-handler")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

pub(crate) fn host() -> Host {
    // Few instances: address space is reserved for all of them, and tests run beside each other.
    let limits = tidegate_service::Limits { connections: 64, ..Default::default() };
    Host::builder().workers(2).instances(96).limits(limits).build().unwrap()
}

pub(crate) fn load(host: &Host, bytes: Vec<u8>) -> Module {
    host.load(&ModuleSource::Bytes { name: "test".to_owned(), bytes: bytes.into() }).unwrap()
}

pub(crate) fn config(name: &str, module: Module) -> ServiceConfig {
    ServiceConfig::new(name, module).listen("127.0.0.1:0".parse().unwrap())
}

pub(crate) fn connect(service: &Service) -> TcpStream {
    let stream = TcpStream::connect(service.addresses()[0]).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

pub(crate) fn talks(mut client: &TcpStream) {
    client.write_all(b"hello").unwrap();
    let mut back = [0; 5];
    client.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"hello");
}

/// Waits until `done`, looking often. For numbers that nothing announces.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !done() {
        assert!(Instant::now() < until, "not in time: {what}");
        std::thread::yield_now();
    }
}
