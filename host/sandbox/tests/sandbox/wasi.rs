//! WASI for guests that import it: present, empty, and never waiting.

use super::support::{Host, TIMER, component, contract, encode, guest_text, load, on};
use tidegate_machines::reason::Fault;
use tidegate_sandbox::{LogLevel, LogSource};

/// Signatures of the parts of WASI 0.2 that these tests import.
const WASI: &str = r#"
package test:wasi;
package wasi:io@0.2.6 {
  interface error { resource error { to-debug-string: func() -> string; } }
  interface poll {
    resource pollable { ready: func() -> bool; block: func(); }
    poll: func(in: list<borrow<pollable>>) -> list<u32>;
  }
  interface streams {
    use error.{error};
    use poll.{pollable};
    variant stream-error { last-operation-failed(error), closed }
    resource input-stream {
      read: func(len: u64) -> result<list<u8>, stream-error>;
      blocking-read: func(len: u64) -> result<list<u8>, stream-error>;
      subscribe: func() -> pollable;
    }
    resource output-stream {
      check-write: func() -> result<u64, stream-error>;
      write: func(contents: list<u8>) -> result<_, stream-error>;
      blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
      blocking-flush: func() -> result<_, stream-error>;
      subscribe: func() -> pollable;
      blocking-splice: func(src: borrow<input-stream>, len: u64) -> result<u64, stream-error>;
    }
  }
}
package wasi:cli@0.2.6 {
  interface environment {
    get-environment: func() -> list<tuple<string, string>>;
    get-arguments: func() -> list<string>;
    initial-cwd: func() -> option<string>;
  }
  interface exit { exit: func(status: result); }
  interface stdin { use wasi:io/streams@0.2.6.{input-stream}; get-stdin: func() -> input-stream; }
  interface stdout { use wasi:io/streams@0.2.6.{output-stream}; get-stdout: func() -> output-stream; }
  interface stderr { use wasi:io/streams@0.2.6.{output-stream}; get-stderr: func() -> output-stream; }
  interface terminal-output { resource terminal-output; }
  interface terminal-stdout {
    use terminal-output.{terminal-output};
    get-terminal-stdout: func() -> option<terminal-output>;
  }
}
package wasi:clocks@0.2.6 {
  interface monotonic-clock {
    use wasi:io/poll@0.2.6.{pollable};
    now: func() -> u64;
    resolution: func() -> u64;
    subscribe-instant: func(when: u64) -> pollable;
    subscribe-duration: func(when: u64) -> pollable;
  }
  interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }
}
package wasi:random@0.2.6 {
  interface random { get-random-bytes: func(len: u64) -> list<u8>; get-random-u64: func() -> u64; }
  interface insecure-seed { insecure-seed: func() -> tuple<u64, u64>; }
}
package wasi:filesystem@0.2.6 {
  interface types {
    use wasi:io/streams@0.2.6.{error, output-stream};
    enum error-code { access, would-block }
    resource descriptor {
      write-via-stream: func(offset: u64) -> result<output-stream, error-code>;
      sync: func() -> result<_, error-code>;
    }
    filesystem-error-code: func(err: borrow<error>) -> option<error-code>;
  }
  interface preopens {
    use types.{descriptor};
    get-directories: func() -> list<tuple<descriptor, string>>;
  }
}
package wasi:sockets@0.2.6 {
  interface network {
    resource network;
    enum error-code { unknown, access-denied, not-supported }
    enum ip-address-family { ipv4, ipv6 }
  }
  interface instance-network { use network.{network}; instance-network: func() -> network; }
  interface tcp {
    use network.{network, error-code};
    use wasi:io/poll@0.2.6.{pollable};
    resource tcp-socket { subscribe: func() -> pollable; start-listen: func() -> result<_, error-code>; }
  }
  interface tcp-create-socket {
    use network.{error-code, ip-address-family};
    use tcp.{tcp-socket};
    create-tcp-socket: func(address-family: ip-address-family) -> result<tcp-socket, error-code>;
  }
}
world w {
  include tidegate:tcp/tcp-handler@0.1.0;
  import wasi:io/streams@0.2.6;
  import wasi:cli/environment@0.2.6;
  import wasi:cli/exit@0.2.6;
  import wasi:cli/stdin@0.2.6;
  import wasi:cli/stdout@0.2.6;
  import wasi:cli/stderr@0.2.6;
  import wasi:cli/terminal-stdout@0.2.6;
  import wasi:clocks/monotonic-clock@0.2.6;
  import wasi:clocks/wall-clock@0.2.6;
  import wasi:random/random@0.2.6;
  import wasi:random/insecure-seed@0.2.6;
  import wasi:filesystem/preopens@0.2.6;
  import wasi:sockets/instance-network@0.2.6;
  import wasi:sockets/tcp-create-socket@0.2.6;
}
"#;

/// A guest that runs `body` on a timer.
fn wasi_host(imports: &[(&str, &str, &str, &str)], items: &str, body: &str) -> Host {
    let imports: String = imports
        .iter()
        .map(|(interface, function, name, signature)| {
            format!(r#"(import "wasi:{interface}@0.2.6" "{function}" (func ${name} {signature}))"#)
        })
        .collect();
    let (mut resolve, _) = contract("tcp-handler");
    let package = resolve.push_str("wasi.wit", WASI).unwrap();
    let world = resolve.select_world(&[package], Some("w")).unwrap();
    let text = guest_text(&imports, items, &on(TIMER, body));
    let module = load(encode(&resolve, world, wat::parse_str(text).unwrap()));
    assert!(module.info().uses_wasi);
    Host::connected(&module)
}

const STDOUT: (&str, &str, &str, &str) = ("cli/stdout", "get-stdout", "stdout", "(result i32)");
const STDERR: (&str, &str, &str, &str) = ("cli/stderr", "get-stderr", "stderr", "(result i32)");
const STDIN: (&str, &str, &str, &str) = ("cli/stdin", "get-stdin", "stdin", "(result i32)");
const BLOCK: (&str, &str, &str, &str) = ("io/poll", "[method]pollable.block", "block", "(param i32)");
const WRITE: (&str, &str, &str, &str) =
    ("io/streams", "[method]output-stream.write", "print", "(param i32 i32 i32 i32)");
const SUBSCRIBE: (&str, &str, &str, &str) =
    ("io/streams", "[method]output-stream.subscribe", "when_writable", "(param i32) (result i32)");
const DURATION: (&str, &str, &str, &str) =
    ("clocks/monotonic-clock", "subscribe-duration", "after", "(param i64) (result i32)");

/// Traps unless the byte at 512, the case of a result, is this.
fn expect_case(case: u32) -> String {
    format!("(if (i32.ne (i32.load8_u (i32.const 512)) (i32.const {case})) (then unreachable))")
}

#[test]
fn what_a_guest_prints_is_lines_of_its_log() {
    let flush = ("io/streams", "[method]output-stream.blocking-flush", "flush", "(param i32 i32)");
    let check = ("io/streams", "[method]output-stream.check-write", "check", "(param i32 i32)");
    let drop_stream = ("io/streams", "[resource-drop]output-stream", "drop_stream", "(param i32)");
    let drop_wait = ("io/poll", "[resource-drop]pollable", "drop_wait", "(param i32)");
    // As the standard library of Rust prints: check-write, subscribe, block, write, blocking-flush.
    let body = format!(
        "(local.set $p2 (call $stdout))
         (local.set $p4 (call $when_writable (local.get $p2)))
         (call $check (local.get $p2) (i32.const 512)) {ok}
         (call $block (local.get $p4))
         (call $drop_wait (local.get $p4))
         (call $print (local.get $p2) (i32.const 1024) (i32.const 6) (i32.const 512)) {ok}
         (call $flush (local.get $p2) (i32.const 512)) {ok}
         (call $drop_stream (local.get $p2))
         (call $print (call $stderr) (i32.const 1030) (i32.const 7) (i32.const 512)) {ok}",
        ok = expect_case(0)
    );
    let items = r#"(data (i32.const 1024) "hello\nwarning")"#;
    let imports = [STDOUT, STDERR, BLOCK, WRITE, SUBSCRIBE, flush, check, drop_stream, drop_wait];
    let mut host = wasi_host(&imports, items, &body);
    assert_eq!(host.timer(0).unwrap(), []);
    let log = host.log.clone();
    drop(host);
    let expected = [
        (LogLevel::Info, LogSource::Stdout, "hello".to_owned()),
        (LogLevel::Warn, LogSource::Stderr, "warning".to_owned()),
    ];
    assert_eq!(*log.lines.borrow(), expected);
}

#[test]
fn sleeping_is_the_fault_would_block() {
    let mut host = wasi_host(&[DURATION, BLOCK], "", "(call $block (call $after (i64.const 1000000)))");
    let fault = host.timer(0).unwrap_err();
    assert_eq!(fault.fault, Fault::WouldBlock, "{fault}");
    assert!(fault.message.contains("tcp.set-timer"), "{fault}");
}

#[test]
fn a_wait_that_is_over_does_not_block() {
    let instant = ("clocks/monotonic-clock", "subscribe-instant", "at", "(param i64) (result i32)");
    let body = "(call $block (call $after (i64.const 0))) (call $block (call $at (i64.const 1)))";
    let mut host = wasi_host(&[DURATION, instant, BLOCK], "", body);
    assert_eq!(host.timer(0).unwrap(), []);
}

const POLL: (&str, &str, &str, &str) = ("io/poll", "poll", "poll", "(param i32 i32 i32)");

#[test]
fn poll_tells_what_is_over_and_blocks_if_nothing_is() {
    let two = "(i32.store (i32.const 1024) (call $after (i64.const 1000000)))
               (i32.store (i32.const 1028) (call $after (i64.const 0)))";
    let one_of_two = format!(
        "{two} (call $poll (i32.const 1024) (i32.const 2) (i32.const 512))
         (if (i32.ne (i32.load (i32.const 516)) (i32.const 1)) (then unreachable))
         (if (i32.ne (i32.load (i32.load (i32.const 512))) (i32.const 1)) (then unreachable))"
    );
    let mut host = wasi_host(&[DURATION, POLL], "", &one_of_two);
    assert_eq!(host.timer(0).unwrap(), []);
    let none = format!("{two} (call $poll (i32.const 1024) (i32.const 1) (i32.const 512))");
    let mut host = wasi_host(&[DURATION, POLL], "", &none);
    assert_eq!(host.timer(0).unwrap_err().fault, Fault::WouldBlock);
    let empty = "(call $poll (i32.const 1024) (i32.const 0) (i32.const 512))";
    let mut host = wasi_host(&[DURATION, POLL], "", empty);
    assert_eq!(host.timer(0).unwrap_err().fault, Fault::Contract);
}

#[test]
fn standard_input_is_at_its_end() {
    let read = ("io/streams", "[method]input-stream.blocking-read", "read", "(param i32 i64 i32)");
    let splice = ("io/streams", "[method]output-stream.blocking-splice", "splice", "(param i32 i32 i64 i32)");
    // An error, and of the kind `closed`, which is case 1 behind the result's own case.
    let body = format!(
        "(call $read (call $stdin) (i64.const 100) (i32.const 512)) {error}
         (if (i32.ne (i32.load8_u (i32.const 516)) (i32.const 1)) (then unreachable))
         (call $splice (call $stdout) (call $stdin) (i64.const 100) (i32.const 512)) {error}",
        error = expect_case(1)
    );
    let mut host = wasi_host(&[STDIN, STDOUT, read, splice], "", &body);
    assert_eq!(host.timer(0).unwrap(), []);
}

#[test]
fn the_environment_is_empty_and_there_is_no_terminal() {
    let imports = [
        ("cli/environment", "get-environment", "environment", "(param i32)"),
        ("cli/environment", "get-arguments", "arguments", "(param i32)"),
        ("cli/environment", "initial-cwd", "cwd", "(param i32)"),
        ("cli/terminal-stdout", "get-terminal-stdout", "terminal", "(param i32)"),
    ];
    let empty = "(if (i32.load (i32.const 516)) (then unreachable))";
    let none = expect_case(0);
    let body = format!(
        "(call $environment (i32.const 512)) {empty} (call $arguments (i32.const 512)) {empty}
         (call $cwd (i32.const 512)) {none} (call $terminal (i32.const 512)) {none}"
    );
    assert_eq!(wasi_host(&imports, "", &body).timer(0).unwrap(), []);
}

#[test]
fn to_exit_is_a_fault() {
    let exit = ("cli/exit", "exit", "exit", "(param i32)");
    let fault = wasi_host(&[exit], "", "(call $exit (i32.const 1))").timer(0).unwrap_err();
    assert_eq!(fault.fault, Fault::Trap);
    assert!(fault.message.contains("called exit (failure)"), "{fault}");
}

#[test]
fn there_are_clocks_and_randomness() {
    let imports = [
        ("clocks/monotonic-clock", "now", "now", "(result i64)"),
        ("clocks/wall-clock", "now", "wall", "(param i32)"),
        ("random/random", "get-random-bytes", "random", "(param i64 i32)"),
        ("random/insecure-seed", "insecure-seed", "seed", "(param i32)"),
    ];
    // 2001-09-09 is 10^9 seconds. 32 random bytes are not all zero; two seeds are not the same.
    let body = "(drop (call $now))
        (call $wall (i32.const 512))
        (if (i64.lt_u (i64.load (i32.const 512)) (i64.const 1000000000)) (then unreachable))
        (call $random (i64.const 32) (i32.const 512))
        (if (i32.ne (i32.load (i32.const 516)) (i32.const 32)) (then unreachable))
        (if (i64.eqz (i64.load (i32.load (i32.const 512)))) (then unreachable))
        (call $seed (i32.const 600))
        (if (i64.eq (i64.load (i32.const 600)) (i64.load (i32.const 608))) (then unreachable))";
    assert_eq!(wasi_host(&imports, "", body).timer(0).unwrap(), []);
    let much = "(call $random (i64.const 0x100000000) (i32.const 512))";
    assert_eq!(wasi_host(&imports[2..3], "", much).timer(0).unwrap_err().fault, Fault::Contract);
}

#[test]
fn files_and_sockets_are_imported_and_not_there() {
    let imports = [
        ("filesystem/preopens", "get-directories", "directories", "(param i32)"),
        ("filesystem/types", "[method]descriptor.sync", "sync", "(param i32 i32)"),
        ("filesystem/types", "[method]descriptor.write-via-stream", "via", "(param i32 i64 i32)"),
        ("sockets/instance-network", "instance-network", "network", "(result i32)"),
        ("sockets/network", "[resource-drop]network", "drop_network", "(param i32)"),
        ("sockets/tcp-create-socket", "create-tcp-socket", "socket", "(param i32 i32)"),
        ("sockets/tcp", "[method]tcp-socket.subscribe", "when", "(param i32) (result i32)"),
    ];
    // `create-tcp-socket` fails with `access-denied`, which is case 1 of the error codes.
    let body = format!(
        "(if (i64.eq (local.get $p0) (i64.const 1)) (then (call $sync (i32.const 1) (i32.const 512))))
         (if (i64.eq (local.get $p0) (i64.const 2))
           (then (call $via (i32.const 1) (i64.const 0) (i32.const 512)) (drop (call $when (i32.const 1)))))
         (call $directories (i32.const 512))
         (if (i32.load (i32.const 516)) (then unreachable))
         (call $drop_network (call $network))
         (call $socket (i32.const 0) (i32.const 512)) {error}
         (if (i32.ne (i32.load8_u (i32.const 516)) (i32.const 1)) (then unreachable))",
        error = expect_case(1)
    );
    let mut host = wasi_host(&imports, "", &body);
    assert_eq!(host.timer(0).unwrap(), []);
    let fault = host.timer(1).unwrap_err();
    assert_eq!(fault.fault, Fault::Contract, "no such handle: {fault}");
}

#[test]
fn a_guest_that_imports_no_wasi_is_told_apart() {
    let module = load(component("tcp-handler", &guest_text("", "", "")));
    assert!(!module.info().uses_wasi);
}
