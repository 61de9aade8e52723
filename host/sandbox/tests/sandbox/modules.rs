//! What is not a usable component, and what each error says.

use super::support::{
    Recorder, component, engine_of, guest, guest_text, import, import_write, on, small_engine, source,
};
use super::support::{TIMER, config, contract, encode};
use std::path::Path;
use std::rc::Rc;
use tidegate_sandbox::{EngineConfig, InstanceLimits, Module, ModuleError, ModuleSource, Origin, World};

fn error_of(bytes: &[u8]) -> ModuleError {
    small_engine().load(&source(bytes.to_vec())).unwrap_err()
}

fn file_error(path: &Path) -> ModuleError {
    small_engine().load(&ModuleSource::Path(path.to_owned())).unwrap_err()
}

fn assert_says(error: &ModuleError, texts: &[&str]) {
    let text = error.to_string();
    for expected in texts {
        assert!(text.contains(expected), "`{text}` does not say `{expected}`");
    }
    assert!(!text.contains('\n'), "{text}");
}

#[test]
fn what_is_not_a_component_is_called_what_it_is() {
    let core = wat::parse_str("(module)").unwrap();
    let error = error_of(&core);
    assert!(matches!(error, ModuleError::CoreModule { .. }));
    assert_says(&error, &["guest:", "core WebAssembly module", "--target wasm32-wasip2"]);

    assert_says(&error_of(b"(component)"), &["is text"]);
    assert_says(&error_of("größer\n".repeat(200).as_bytes()), &["is text"]);
    assert_says(&error_of(b""), &["is empty"]);
    assert_says(&error_of(b"\x7fELF\x02\x01\x01\0\0"), &["not WebAssembly", "7f 45 4c 46"]);
    assert_says(&error_of(b"\0asm\x0d\0\x07\0"), &["not WebAssembly"]);
}

#[test]
fn a_component_cut_off_anywhere_is_an_error() {
    let whole = guest("", "", "");
    for len in [3, 7, 9, 20, whole.len() / 2, whole.len() - 1] {
        let error = error_of(&whole[..len]);
        let damaged = matches!(error, ModuleError::Truncated { .. } | ModuleError::Invalid { .. });
        // Cut between two sections it is a whole component, of a smaller world.
        assert!(damaged || matches!(error, ModuleError::OtherWorld { .. }), "{len}: {error}");
    }
    assert!(matches!(error_of(&whole[..whole.len() / 2]), ModuleError::Truncated { .. }));
}

#[test]
fn a_component_with_any_bit_flipped_never_panics_the_host() {
    let whole = guest(&import_write(), "", "");
    let engine = small_engine();
    for at in (8..whole.len()).step_by(whole.len() / 40) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        // Some flips hit a name or a constant and are as good a component as before.
        if let Err(error) = engine.load(&source(flipped)) {
            assert!(error.to_string().starts_with("guest: "), "{error}");
        }
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = file_error(folder.path());
    assert!(matches!(error, ModuleError::Directory { .. }), "{error}");
    let missing = folder.path().join("missing.wasm");
    let error = file_error(&missing);
    assert!(matches!(error, ModuleError::Missing { .. }));
    assert_says(&error, &["missing.wasm", "no such file"]);
    assert!(matches!(file_error(Path::new("/dev/null")), ModuleError::Unreadable { .. }));
}

#[test]
fn a_component_over_the_size_limit_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.wasm");
    // A sparse file: reading all of it would take the memory it claims.
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let error = file_error(&path);
    assert!(matches!(error, ModuleError::TooLarge { bytes_max: 33_554_432, .. }));
    assert_says(&error, &["1099511627776 bytes", "33554432"]);

    let whole = guest("", "", "");
    let engine =
        engine_of(EngineConfig { component_bytes_max: 100, instances_max: 1, ..EngineConfig::default() });
    assert!(matches!(engine.load(&source(whole)).unwrap_err(), ModuleError::TooLarge { .. }));
}

#[test]
fn a_component_of_another_world_is_told_what_it_is_and_what_is_missing() {
    let error = error_of(&wat::parse_str("(component)").unwrap());
    assert_says(&error, &["tidegate:tcp/handler@0.1.0", "exports nothing", "imports nothing"]);
    let command = r#"(component
        (import "wasi:cli/environment@0.2.0" (instance))
        (instance $run) (export "wasi:cli/run@0.2.0" (instance $run)))"#;
    let error = error_of(&wat::parse_str(command).unwrap());
    assert!(matches!(error, ModuleError::OtherWorld { .. }));
    assert_says(&error, &["command-line program", "wasi:cli/run@0.2.0", "wasi:cli/environment@0.2.0"]);
}

#[test]
fn a_newer_contract_is_told_by_its_version() {
    let newer = r#"(component (instance $h) (export "tidegate:tcp/handler@0.2.0" (instance $h)))"#;
    let error = error_of(&wat::parse_str(newer).unwrap());
    assert!(matches!(error, ModuleError::NewerContract { .. }));
    assert_says(&error, &["tidegate:tcp/handler@0.2.0", "0.1.0"]);
    let newer = r#"(component (import "tidegate:tcp/types@1.0.0" (instance)))"#;
    assert_says(&error_of(&wat::parse_str(newer).unwrap()), &["tidegate:tcp/types@1.0.0"]);
}

#[test]
fn an_import_nobody_offers_is_named() {
    let (mut resolve, _) = contract("tcp-handler");
    let text = "package test:test; package wasi:http@0.2.3 { interface types { now: func(); } }
        world w { include tidegate:tcp/tcp-handler@0.1.0; import wasi:http/types@0.2.3; }";
    let package = resolve.push_str("test.wit", text).unwrap();
    let world = resolve.select_world(&[package], Some("w")).unwrap();
    let import = r#"(import "wasi:http/types@0.2.3" "now" (func $now))"#;
    let module = wat::parse_str(guest_text(import, "", "(call $now)")).unwrap();
    let error = error_of(&encode(&resolve, world, module));
    assert!(matches!(error, ModuleError::UnknownImport { .. }), "{error}");
    assert_says(&error, &["wasi:http/types@0.2.3"]);
}

#[test]
fn an_import_of_another_type_is_named() {
    let other = r#"(component
        (import "tidegate:tcp/host@0.1.0" (instance (export "now-ns" (func (result string)))))
        (instance $h) (export "tidegate:tcp/handler@0.1.0" (instance $h)))"#;
    let error = error_of(&wat::parse_str(other).unwrap());
    assert!(matches!(error, ModuleError::Mismatch { .. }));
    assert_says(&error, &["tidegate:tcp/host@0.1.0", "now-ns"]);
}

#[test]
fn features_that_are_switched_off_are_refused() {
    let text = guest_text("", "(memory 1)", "");
    let core = wat::parse_str(text).unwrap();
    let (resolve, world) = contract("tcp-handler");
    let error = error_of(&encode(&resolve, world, core));
    assert!(matches!(error, ModuleError::Invalid { .. }), "{error}");
    assert_says(&error, &["multiple memories"]);
}

#[test]
fn the_world_is_told_from_the_type() {
    let lean = small_engine().load(&source(guest("", "", ""))).unwrap();
    assert_eq!(lean.world(), World::TcpHandler);
    let extra = r#"
        (func (export "tidegate:tcp/handover@0.1.0#snapshot") (result i32) unreachable)
        (func (export "tidegate:tcp/handover@0.1.0#restore")
          (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) unreachable)"#;
    let text = guest_text("", extra, "");
    let swappable = small_engine().load(&source(component("swappable-handler", &text))).unwrap();
    assert_eq!(swappable.world(), World::SwappableHandler);
    assert!(swappable.world().hand_over_capable());
}

#[test]
fn a_module_lists_exactly_the_commands_it_imports() {
    let imports = [
        import_write(),
        import("types", "[method]connection.id", "id", "(param i32) (result i64)"),
        import("tcp", "set-timer", "timer", "(param i64 i64)"),
        import("host", "now-ns", "now", "(result i64)"),
    ]
    .concat();
    let body = "(drop (call $id (global.get $connection))) (drop (call $now)) (call $timer (i64.const 0) (i64.const 0))
        (call $write (global.get $connection) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0))";
    let bytes = guest(&imports, "", &on(TIMER, body));
    let size_bytes = bytes.len() as u64;
    let module = small_engine().load(&source(bytes)).unwrap();
    let info = module.info();
    assert_eq!(info.commands, ["connection.write", "tcp.set-timer"]);
    assert_eq!((info.size_bytes, info.name.as_str()), (size_bytes, "guest"));
    assert_eq!(info.contract_version, "0.1.0");
    assert!(!info.uses_wasi);
    assert_eq!(info.digest.to_string().len(), 64);
    assert_eq!(module.origin(), Origin::Compiled);
}

#[test]
fn a_module_is_shared_by_threads() {
    fn shared<T: Clone + Send + Sync>(_: &T) {}
    let engine = small_engine();
    let module: Module = engine.load(&source(guest("", "", ""))).unwrap();
    shared(&engine);
    shared(&module);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                tidegate_sandbox::Engine::enter_worker_thread();
                let log: Rc<Recorder> = Rc::default();
                module.instantiate(config(InstanceLimits::default(), &log)).unwrap();
            });
        }
    });
}
