//! Each kind of fault is told by its name, in one line, and ends the instance.

use super::support::{Called, Host, RECEIVED, TIMER, guest, import, import_write, load, on};
use bytes::Bytes;
use tidegate_machines::event::Event;
use tidegate_machines::limits::HandlerLimits;
use tidegate_machines::reason::Fault;
use tidegate_sandbox::InstanceLimits;

fn assert_fault(called: Called, fault: Fault, text: &str) {
    let failed = called.unwrap_err();
    assert_eq!(failed.fault, fault, "{failed}");
    assert!(failed.message.contains(text), "`{failed}` does not say `{text}`");
    assert!(!failed.message.contains('\n'), "{failed}");
}

fn on_timer(imports: &str, items: &str, body: &str) -> Host {
    Host::connected(&load(guest(imports, items, &on(TIMER, body))))
}

#[test]
fn unreachable_is_a_trap_and_the_message_names_the_function() {
    let mut host = on_timer("", "(func $deep_inside unreachable)", "(call $deep_inside)");
    assert_fault(host.timer(0), Fault::Trap, "deep_inside");
}

#[test]
fn a_failed_instance_repeats_its_fault() {
    let mut host = on_timer("", "", "unreachable");
    let first = host.timer(0).unwrap_err();
    assert_eq!(host.timer(1).unwrap_err(), first);
    assert_eq!(host.call(Event::PeerClosed).unwrap_err(), first);
}

#[test]
fn an_access_out_of_bounds_is_a_trap() {
    let mut host = on_timer("", "", "(drop (i32.load (i32.const 0x7ffffff0)))");
    assert_fault(host.timer(0), Fault::Trap, "out of bounds");
}

#[test]
fn endless_recursion_is_a_trap() {
    let mut host = on_timer("", "(func $again (call $again))", "(call $again)");
    assert_fault(host.timer(0), Fault::Trap, "call stack exhausted");
}

#[test]
fn a_loop_without_end_is_the_fault_cpu() {
    let mut host = on_timer("", "", "(loop $forever (br $forever))");
    assert_fault(host.timer(0), Fault::Cpu, "20 ms");
}

#[test]
fn a_loop_in_realloc_is_the_fault_cpu() {
    let text = super::support::guest_text("", "", "")
        .replace("(local.set $at", "(loop $forever (br $forever)) (local.set $at");
    let mut host = Host::new(&load(super::support::component("tcp-handler", &text)));
    let received = host.call(Event::Received(Bytes::from_static(b"x")));
    assert_fault(received, Fault::Cpu, "20 ms");
}

#[test]
fn a_loop_in_a_start_function_is_the_fault_cpu() {
    let module = load(guest("", "(func $forever (loop $l (br $l))) (start $forever)", ""));
    let log = std::rc::Rc::default();
    let failed = module.instantiate(super::support::config(InstanceLimits::default(), &log)).unwrap_err();
    let tidegate_sandbox::InstantiateError::Guest(fault) = failed else { panic!("{failed}") };
    assert_eq!(fault.fault, Fault::Cpu, "{fault}");
}

#[test]
fn refused_memory_followed_by_a_trap_is_the_fault_memory() {
    let grow = "(if (i32.eq (memory.grow (i32.const 1000)) (i32.const -1)) (then unreachable))";
    let mut host = on_timer("", "", grow);
    assert_fault(host.timer(0), Fault::Memory, "16777216 bytes");
}

#[test]
fn refused_memory_alone_is_no_fault_and_is_forgotten_by_the_next_event() {
    let body =
        "(if (i64.eqz (local.get $p0)) (then (drop (memory.grow (i32.const 1000)))) (else unreachable))";
    let mut host = on_timer("", "", body);
    assert_eq!(host.timer(0).unwrap(), []);
    assert_fault(host.timer(1), Fault::Trap, "unreachable");
}

fn endless_writes() -> Host {
    let body = "(loop $again
        (call $write (global.get $connection) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 0))
        (br $again))";
    on_timer(&import_write(), "", body)
}

#[test]
fn too_many_commands_in_one_turn_are_the_fault_commands() {
    assert_fault(endless_writes().timer(0), Fault::Commands, "more than the limit of 4096 commands");
}

#[test]
fn too_many_bytes_in_one_turn_are_the_fault_commands() {
    let mut host = endless_writes();
    host.limits = HandlerLimits { bytes_per_turn_max: 10, ..HandlerLimits::default() };
    assert_fault(host.timer(0), Fault::Commands, "more than the limit of 10 bytes");
}

#[test]
fn one_call_with_more_bytes_than_it_may_bring_is_the_fault_commands() {
    let body =
        "(call $write (global.get $connection) (i32.const 0) (i32.const 65536) (i32.const 0) (i64.const 0))";
    let module = load(guest(&import_write(), "", &on(TIMER, body)));
    let mut host =
        Host::with(&module, InstanceLimits { hostcall_bytes_max: 65_535, ..InstanceLimits::default() });
    host.start();
    host.call(Event::Connected).unwrap();
    assert_fault(host.timer(0), Fault::Commands, "more bytes");
}

#[test]
fn a_forged_handle_breaks_the_contract() {
    let close = import("types", "[method]connection.close", "close", "(param i32)");
    let mut host = on_timer(&close, "", "(call $close (i32.const 99))");
    assert_fault(host.timer(0), Fault::Contract, "unknown handle");
}

#[test]
fn a_handle_used_after_it_was_dropped_breaks_the_contract() {
    let imports = import("types", "[method]connection.close", "close", "(param i32)")
        + &import("types", "[resource-drop]connection", "drop", "(param i32)");
    let mut host = on_timer(
        &imports,
        "",
        "(call $drop (global.get $connection)) (call $close (global.get $connection))",
    );
    assert_fault(host.timer(0), Fault::Contract, "unknown handle");
}

#[test]
fn a_handle_of_another_resource_breaks_the_contract() {
    let imports = import("types", "[method]chunk.size", "size", "(param i32) (result i32)")
        + &import("types", "[method]connection.close", "close", "(param i32)");
    let mut host = on_timer(&imports, "", "(drop (call $size (global.get $connection)))");
    assert_eq!(host.timer(0).unwrap_err().fault, Fault::Contract);
}

#[test]
fn a_bad_discriminant_breaks_the_contract() {
    let body =
        "(call $write (global.get $connection) (i32.const 0) (i32.const 1) (i32.const 9) (i64.const 0))";
    let mut host = on_timer(&import_write(), "", body);
    assert_eq!(host.timer(0).unwrap_err().fault, Fault::Contract);
}

#[test]
fn a_list_outside_of_memory_breaks_the_contract() {
    for (at, len) in [("0x1fff0", "100"), ("0", "0xffffffff"), ("0xffffffff", "0xffffffff")] {
        let body = format!(
            "(call $write (global.get $connection) (i32.const {at}) (i32.const {len}) (i32.const 0) (i64.const 0))"
        );
        let mut host = on_timer(&import_write(), "", &body);
        assert_eq!(host.timer(0).unwrap_err().fault, Fault::Contract, "{at} {len}");
    }
}

#[test]
fn text_that_is_not_utf_8_breaks_the_contract() {
    let log = import("host", "log", "log", "(param i32 i32 i32)");
    let mut host = on_timer(
        &log,
        r#"(data (i32.const 1024) "\ff\fe")"#,
        "(call $log (i32.const 0) (i32.const 1024) (i32.const 2))",
    );
    assert_fault(host.timer(0), Fault::Contract, "utf-8");
}

#[test]
fn a_realloc_that_misbehaves_breaks_the_contract() {
    for answer in ["(i32.const -16)", "(i32.const 0x1fff8)"] {
        let text = super::support::guest_text("", "", "").replace("(local.get $at))", &format!("{answer})"));
        let mut host = Host::new(&load(super::support::component("tcp-handler", &text)));
        let received = host.call(Event::Received(Bytes::from(vec![0; 64])));
        assert_eq!(received.unwrap_err().fault, Fault::Contract, "{answer}");
    }
}

#[test]
fn a_realloc_that_calls_the_host_breaks_the_contract() {
    let text = super::support::guest_text(&import("host", "now-ns", "now", "(result i64)"), "", "")
        .replace("(local.set $at", "(drop (call $now)) (local.set $at");
    let mut host = Host::new(&load(super::support::component("tcp-handler", &text)));
    let received = host.call(Event::Received(Bytes::from_static(b"x")));
    assert_eq!(received.unwrap_err().fault, Fault::Contract);
}

#[test]
fn an_overlong_compound_breaks_the_contract() {
    let import = import("types", "[method]connection.write-compound", "compound", "(param i32 i32 i32)");
    let mut host =
        on_timer(&import, "", "(call $compound (global.get $connection) (i32.const 2048) (i32.const 65))");
    assert_fault(host.timer(0), Fault::Contract, "65 parts");
}

#[test]
fn a_fault_of_one_instance_is_nothing_to_another() {
    let body = on(TIMER, "unreachable")
        + &on(
            RECEIVED,
            "(call $write (global.get $connection) (i32.wrap_i64 (local.get $p0)) (i32.wrap_i64 (local.get $p1))
               (i32.const 0) (i64.const 0))",
        );
    let module = load(guest(&import_write(), "", &body));
    let mut good = Host::connected(&module);
    let mut bad = Host::connected(&module);
    assert!(bad.timer(0).is_err());
    assert_eq!(good.call(Event::Received(Bytes::from_static(b"fine"))).unwrap().len(), 1);
    drop(bad);
    assert_eq!(good.call(Event::Received(Bytes::from_static(b"still"))).unwrap().len(), 1);
}
