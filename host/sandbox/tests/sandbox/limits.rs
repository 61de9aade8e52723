//! Bounds: memory, handles, chunks, instances; and what is left in a slot of the pool.

use super::support::{
    CONNECTION, Host, RECEIVED_CHUNK, TIMER, config, engine_of, guest, import, import_write, load,
};
use super::support::{on, only_write, source};
use bytes::Bytes;
use std::rc::Rc;
use tidegate_machines::event::Event;
use tidegate_machines::limits::HandlerLimits;
use tidegate_machines::reason::Fault;
use tidegate_sandbox::{
    EngineConfig, EngineError, InstanceLimits, InstantiateError, LogLevel, LogSource, ModuleError,
};

const PAGE: usize = 65_536;

#[test]
fn memory_grows_to_its_limit_and_no_further() {
    // Answers with the result of growing by one page, as a byte.
    let body = "(i32.store8 (i32.const 0) (memory.grow (i32.const 1)))
        (call $write (global.get $connection) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 0))";
    let module = load(guest(&import_write(), "", &on(TIMER, body)));
    let mut host =
        Host::with(&module, InstanceLimits { memory_bytes_max: 3 * PAGE, ..InstanceLimits::default() });
    host.start();
    host.call(Event::Connected).unwrap();
    assert_eq!(host.instance.memory_peak_bytes(), 2 * PAGE as u64);
    assert_eq!(only_write(host.timer(0).unwrap()).payload().as_ref(), [2], "two pages before");
    assert_eq!(only_write(host.timer(0).unwrap()).payload().as_ref(), [0xff], "refused");
    assert_eq!(host.instance.memory_peak_bytes(), 3 * PAGE as u64);
}

#[test]
fn memory_over_the_limit_from_the_start_is_the_fault_memory() {
    let module = load(guest("", "", ""));
    let limits = InstanceLimits { memory_bytes_max: PAGE, ..InstanceLimits::default() };
    let failed = module.instantiate(config(limits, &Rc::default())).unwrap_err();
    let InstantiateError::Guest(fault) = failed else { panic!("{failed}") };
    assert_eq!(fault.fault, Fault::Memory, "{fault}");
}

#[test]
fn memory_over_the_slot_is_an_error_of_the_module() {
    let engine = engine_of(EngineConfig {
        instances_max: 4,
        memory_bytes_max: PAGE as u64,
        ..EngineConfig::default()
    });
    let error = engine.load(&source(guest("", "", ""))).unwrap_err();
    assert!(matches!(error, ModuleError::OverLimits { .. }), "{error}");
}

#[test]
fn handles_over_the_limit_are_the_fault_commands() {
    let module = load(guest("", "", ""));
    let mut host = Host::with(&module, InstanceLimits { handles_max: 2, ..InstanceLimits::default() });
    host.start();
    host.call(Event::Connected).unwrap();
    host.call(Event::ReceivedChunk(Bytes::from_static(b"kept"))).unwrap();
    let failed = host.call(Event::ReceivedChunk(Bytes::from_static(b"one more"))).unwrap_err();
    assert_eq!(failed.fault, Fault::Commands);
    assert!(failed.message.contains("more than 2 handles"), "{failed}");
}

#[test]
fn chunks_are_charged_with_the_memory_they_pin() {
    let module = load(guest("", "", ""));
    let limits = InstanceLimits { chunks_bytes_max: 2 * (64 * 1024 + 128), ..InstanceLimits::default() };
    let mut host = Host::with(&module, limits);
    host.start();
    let chunk = Bytes::from(vec![0; 16 * 1024]);
    host.call(Event::ReceivedChunk(chunk.clone())).unwrap();
    host.call(Event::ReceivedChunk(chunk)).unwrap();
    let failed = host.call(Event::ReceivedChunk(Bytes::from_static(b"x"))).unwrap_err();
    assert_eq!(failed.fault, Fault::Commands);
    assert!(failed.message.contains("pin"), "{failed}");
}

#[test]
fn a_dropped_chunk_is_charged_no_longer() {
    let imports = import("types", "[resource-drop]chunk", "drop", "(param i32)");
    let module = load(guest(&imports, "", &on(RECEIVED_CHUNK, "(call $drop (global.get $chunk))")));
    let limits = InstanceLimits { chunks_bytes_max: 1024, handles_max: 2, ..InstanceLimits::default() };
    let mut host = Host::with(&module, limits);
    host.start();
    for _ in 0..100 {
        assert_eq!(host.call(Event::ReceivedChunk(Bytes::from(vec![0; 800]))).unwrap(), []);
    }
}

#[test]
fn a_full_pool_says_so_and_has_room_again_after_a_drop() {
    let engine = engine_of(EngineConfig { instances_max: 2, ..EngineConfig::default() });
    let module = engine.load(&source(guest("", "", ""))).unwrap();
    let first = Host::new(&module);
    let _second = Host::new(&module);
    let full = module.instantiate(config(InstanceLimits::default(), &Rc::default())).unwrap_err();
    assert!(matches!(full, InstantiateError::Full { instances_max: 2, .. }), "{full}");
    assert_eq!(engine.instances_live(), 2);
    drop(first);
    Host::new(&module).start();
}

/// The pool gives a slot to another guest when it is free. Nothing the one before wrote may be in it.
#[test]
fn a_slot_used_again_has_nothing_of_the_guest_before() {
    const MARKER: &str = "0x5ec2e7ab";
    let writer = format!(
        "(local $at i32) (drop (memory.grow (i32.const 14)))
         (loop $fill (i32.store (local.get $at) (i32.const {MARKER}))
           (local.set $at (i32.add (local.get $at) (i32.const 4)))
           (br_if $fill (i32.lt_u (local.get $at) (i32.const 1048576))))"
    );
    let reader = format!(
        "(local $at i32) (drop (memory.grow (i32.const 14)))
         (loop $look
           (if (i32.eq (i32.load (local.get $at)) (i32.const {MARKER})) (then unreachable))
           (local.set $at (i32.add (local.get $at) (i32.const 4)))
           (br_if $look (i32.lt_u (local.get $at) (i32.const 1048576))))"
    );
    let engine = engine_of(EngineConfig { instances_max: 8, ..EngineConfig::default() });
    let module = |body: &str| {
        let items = format!("(func $work {body})");
        engine.load(&source(guest("", &items, &on(TIMER, "(call $work)")))).unwrap()
    };
    let (writer, reader) = (module(&writer), module(&reader));
    for _ in 0..3 {
        let mut writers: Vec<Host> = (0..8).map(|_| Host::new(&writer)).collect();
        for host in &mut writers {
            host.timer(0).unwrap();
        }
        drop(writers);
        let mut readers: Vec<Host> = (0..8).map(|_| Host::new(&reader)).collect();
        for host in &mut readers {
            host.timer(0).unwrap();
        }
    }
}

#[test]
fn numbers_out_of_range_are_named() {
    let configs = [
        ("instances_max", EngineConfig { instances_max: 0, ..EngineConfig::default() }),
        ("memory_bytes_max", EngineConfig { memory_bytes_max: 1, ..EngineConfig::default() }),
        ("tick", EngineConfig { tick: std::time::Duration::ZERO, ..EngineConfig::default() }),
    ];
    for (name, config) in configs {
        let error = tidegate_sandbox::Engine::new(config).unwrap_err();
        let EngineError::Config { key, .. } = &error else { panic!("{error}") };
        assert!(key.starts_with(name), "{error}");
    }
}

#[test]
fn a_guest_logs_through_the_host() {
    let imports = import("host", "log", "log", "(param i32 i32 i32)")
        + &import("host", "count", "count", "(param i32 i32 i64)");
    let items = r#"(data (i32.const 1024) "line\nforged") (data (i32.const 1100) "frames")"#;
    let body = "(call $log (i32.const 1) (i32.const 1024) (i32.const 11))
                (call $count (i32.const 1100) (i32.const 6) (i64.const 4))";
    let mut host = Host::connected(&load(guest(&imports, items, &on(TIMER, body))));
    host.timer(0).unwrap();
    let line = (LogLevel::Warn, LogSource::Log, "line\\nforged".to_owned());
    assert_eq!(*host.log.lines.borrow(), [line]);
    assert_eq!(*host.log.counts.borrow(), [("frames".to_owned(), 4)]);
}

#[test]
fn a_probe_reports_and_a_failed_one_has_the_last_words() {
    let module = load(guest("", "", ""));
    let report = module.probe(config(InstanceLimits::default(), &Rc::default()), &HandlerLimits::default());
    assert_eq!(report.unwrap().memory_bytes, 2 * PAGE as u64);

    let log = import("host", "log", "log", "(param i32 i32 i32)");
    let items = r#"(data (i32.const 1024) "no key")"#;
    let body = "(call $log (i32.const 0) (i32.const 1024) (i32.const 6)) unreachable";
    let module = load(guest(&log, items, body));
    let error = module
        .probe(config(InstanceLimits::default(), &Rc::default()), &HandlerLimits::default())
        .unwrap_err();
    assert_eq!(error.last_lines, ["no key"]);
    assert!(error.to_string().contains("in `started`"), "{error}");
}

#[test]
fn the_monotonic_clock_stands_still_within_an_event() {
    let imports = import("host", "now-ns", "now", "(result i64)") + &import_write();
    let body = "(i64.store (i32.const 0) (call $now)) (i64.store (i32.const 8) (call $now))
        (call $write (global.get $connection) (i32.const 0) (i32.const 16) (i32.const 0) (i64.const 0))";
    let mut host = Host::connected(&load(guest(&imports, "", &on(TIMER, body))));
    let mut told = || {
        let payload = only_write(host.timer(0).unwrap()).payload().clone();
        (payload.slice(0..8), payload.slice(8..16))
    };
    let (first, second) = told();
    assert_eq!(first, second);
    let (later, _) = told();
    let number = |bytes: Bytes| u64::from_le_bytes(bytes.as_ref().try_into().unwrap());
    assert!(number(later) > number(first), "between events it advances");
    assert_eq!(CONNECTION.0, 7);
}
