//! The ways to misbehave.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::time::Duration;

use tidegate_guest::prelude::*;

/// One allocation of `allocate`, and one write of `flood-bytes`, in bytes.
const BLOCK_BYTES: usize = 1 << 20;
/// Lines `print` prints on each of the two streams.
const PRINTED_LINES: u32 = 1_000;
/// How long `sleep` would sleep, were it allowed to.
const SLEEP: Duration = Duration::from_secs(3_600);
/// With what code `exit` exits.
const EXIT_CODE: i32 = 3;

/// How the guest misbehaves.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Mode {
    /// Not at all.
    #[default]
    None,
    /// A Rust panic, with a message.
    Panic,
    /// The instruction `unreachable`, without a word.
    Trap,
    /// Computes for ever.
    Spin,
    /// Takes memory until it is refused.
    Allocate,
    /// Calls itself for ever.
    Recurse,
    /// Gives commands for ever, without bytes.
    Flood,
    /// Gives writes for ever.
    FloodBytes,
    /// Logs for ever.
    FloodLog,
    /// Sleeps for an hour.
    Sleep,
    /// Prints a thousand lines with control characters on standard output and error. Survives.
    Print,
    /// Reads from standard input, and logs what came of it. Survives.
    ReadStdin,
    /// Ends the process that it believes to be.
    Exit,
}

impl Mode {
    /// The words of the argument `mode`.
    pub(crate) const WORDS: [(&'static str, Self); 13] = [
        ("none", Self::None),
        ("panic", Self::Panic),
        ("trap", Self::Trap),
        ("spin", Self::Spin),
        ("allocate", Self::Allocate),
        ("recurse", Self::Recurse),
        ("flood", Self::Flood),
        ("flood-bytes", Self::FloodBytes),
        ("flood-log", Self::FloodLog),
        ("sleep", Self::Sleep),
        ("print", Self::Print),
        ("read-stdin", Self::ReadStdin),
        ("exit", Self::Exit),
    ];

    /// Does it. Comes back only from the modes that survive.
    pub(crate) fn misbehave(self, c: Option<&Connection>) {
        match self {
            Self::None => {}
            Self::Panic => fail(),
            Self::Trap => trap(),
            Self::Spin => spin(),
            Self::Allocate => allocate(),
            Self::Recurse => {
                black_box(recurse(0));
            }
            Self::Flood => flood(c),
            Self::FloodBytes => flood_bytes(c),
            Self::FloodLog => loop {
                info!("flooding the log");
            },
            Self::Sleep => std::thread::sleep(SLEEP),
            Self::Print => print(),
            Self::ReadStdin => read_stdin(),
            Self::Exit => std::process::exit(EXIT_CODE),
        }
    }
}

/// In which event it misbehaves.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum When {
    Started,
    Connected,
    #[default]
    Received,
}

impl When {
    /// The words of the argument `when`.
    pub(crate) const WORDS: [(&'static str, Self); 3] =
        [("started", Self::Started), ("connected", Self::Connected), ("received", Self::Received)];
}

#[allow(clippy::panic, reason = "it is what this mode is for")]
fn fail() {
    panic!("fault: panicking as asked");
}

fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

fn spin() {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Keeps every block and touches all of it. A refusal ends in the allocator's abort, a trap.
fn allocate() {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![0xa5_u8; BLOCK_BYTES]);
        black_box(&kept);
    }
}

/// Not a tail call: the frame is used after the inner call.
#[allow(unconditional_recursion, reason = "it is what this mode is for")]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 32]);
    recurse(depth + 1) + frame[31]
}

fn flood(c: Option<&Connection>) {
    loop {
        match c {
            Some(c) => c.resume_reading(),
            None => tcp::cancel_timer(1),
        }
    }
}

fn flood_bytes(c: Option<&Connection>) {
    let block = vec![0xa5_u8; BLOCK_BYTES];
    loop {
        match c {
            Some(c) => c.write(&block, Answer::None),
            None => tcp::publish("flood", block.as_slice(), 1),
        }
    }
}

/// Errors do not matter here: a closed stream is as good an answer as an open one.
fn print() {
    for line in 0..PRINTED_LINES {
        let _ = writeln!(std::io::stdout(), "out {line} \x1b[31mred\x07\x08\r\t\u{7f}\u{9b}end");
        let _ = writeln!(std::io::stderr(), "err {line} \x1b]0;title\x07\x1b[2J\u{202e}end");
    }
    let _ = std::io::stdout().write_all(&[0xff, 0xfe, b'n', b'o', b't', 0, b'u', b't', b'f', b'8']);
    let _ = std::io::stdout().flush();
}

fn read_stdin() {
    let mut byte = [0];
    match std::io::stdin().read(&mut byte) {
        Ok(count) => info!("standard input gave {count} bytes"),
        Err(error) => info!("standard input failed: {error}"),
    }
}
