//! The state × input table of one connection, made by the machine itself, compared with the committed one.
//!
//! `TIDEGATE_BLESS=1 cargo test -p tidegate-machines table` writes it anew.

use super::bench::{Bench, BenchSetup, C, always, buffered, keep_open, mode, push, secs, suspending, write};
use bytes::Bytes;
use tidegate_machines::cell::{Input, Output, ReadInterest};
use tidegate_machines::command::{Command, CommandName, ConnectionCommand, ReadMode, Registration};
use tidegate_machines::event::Event;
use tidegate_machines::reason::{Fault, TimeLimit};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/state-input.md");

type Make = fn() -> Bench;
type Apply = fn(&mut Bench);

fn idle_limited(registration: &Registration) -> Bench {
    let mut setup = BenchSetup::default();
    setup.connection.idle = Some(secs(20));
    Bench::registered_with(setup, registration, 1)
}

fn with_pending(registration: &Registration) -> Bench {
    let mut bench = idle_limited(registration);
    bench.make_pending(10);
    bench
}

/// With a pending write, then this.
fn pending_then(registration: &Registration, command: ConnectionCommand<Bytes>) -> Bench {
    let mut bench = with_pending(registration);
    bench.does(command);
    bench
}

const STATES: [(&str, Make); 15] = [
    ("unregistered", Bench::unregistered),
    ("open, push", || idle_limited(&push())),
    ("open, pull, nothing asked for", || idle_limited(&mode(ReadMode::Pull))),
    ("open, paced", || idle_limited(&mode(ReadMode::Paced))),
    ("open, reading suspended", || {
        let mut bench = idle_limited(&push());
        bench.does(ConnectionCommand::SuspendReading);
        bench
    }),
    ("open, peer finished (keep-open)", || {
        let mut bench = idle_limited(&keep_open());
        bench.peer_finishes();
        bench
    }),
    ("open, write of 10 bytes pending, write buffer 0", || with_pending(&push())),
    ("open, write of 10 bytes pending, write buffer 8", || with_pending(&buffered(8))),
    ("open, write of 10 bytes pending, writing suspended", || {
        pending_then(&suspending(), write(1, always(1001)))
    }),
    ("flushing by close", || pending_then(&push(), ConnectionCommand::Close)),
    ("flushing by confirmed-close", || pending_then(&push(), ConnectionCommand::ConfirmedClose)),
    ("flushing by the peer's FIN", || {
        let mut bench = with_pending(&push());
        bench.peer_finishes();
        bench
    }),
    ("half-closed", || {
        let mut bench = idle_limited(&push());
        bench.does(ConnectionCommand::ConfirmedClose);
        bench
    }),
    ("lingering", || {
        let mut bench = three_to_survive();
        bench.does(ConnectionCommand::Close);
        bench
    }),
    ("gone", || {
        let mut bench = three_to_survive();
        bench.does(ConnectionCommand::Abort);
        bench
    }),
];

/// The instance owns others too, so that it is there to give commands to a connection that is over.
fn three_to_survive() -> Bench {
    Bench::three(&push())
}

const INPUTS: [(&str, Apply); 23] = [
    ("`register`", |bench| bench.does(ConnectionCommand::Register(push()))),
    ("`write`, 5 bytes, the kernel takes all", |bench| {
        bench.does(write(5, always(1)));
        bench.kernel_takes_all();
    }),
    ("`write`, 5 bytes, the kernel takes none", |bench| {
        bench.does(write(5, always(1)));
        bench.kernel_blocks();
    }),
    ("`write`, no bytes", |bench| bench.does(write(0, always(1)))),
    ("`write`, over the limit", |bench| bench.does(write(101, always(1)))),
    ("`resume-writing`", |bench| bench.does(ConnectionCommand::ResumeWriting)),
    ("`suspend-reading`", |bench| bench.does(ConnectionCommand::SuspendReading)),
    ("`resume-reading`", |bench| bench.does(ConnectionCommand::ResumeReading)),
    ("`close`", |bench| bench.does(ConnectionCommand::Close)),
    ("`confirmed-close`", |bench| bench.does(ConnectionCommand::ConfirmedClose)),
    ("`abort`", |bench| bench.does(ConnectionCommand::Abort)),
    ("drop of the handle", |bench| bench.does(ConnectionCommand::DropHandle)),
    ("a command the host does not have", |bench| {
        bench.guest(vec![Command::Unsupported { connection: C, name: CommandName::SetOption, token: None }]);
    }),
    ("3 bytes arrive", |bench| {
        bench.peer_sends("abc");
    }),
    ("the peer's FIN", Bench::peer_finishes),
    ("RST, 7 bytes unread", |bench| bench.peer_resets(7)),
    ("the kernel takes everything", Bench::kernel_takes_all),
    ("the kernel takes nothing", Bench::kernel_blocks),
    ("the kernel holds nothing more", |bench| {
        bench.input(Input::LingerProbed { connection: C, unacked_bytes: 0, unread_bytes: 0 });
    }),
    ("the next deadline", |bench| {
        if bench.cell.poll_timeout().is_some() {
            bench.until_due();
        }
    }),
    ("no progress for an hour", |bench| bench.after(secs(3600))),
    ("the handler fails", |bench| bench.faults(Fault::Trap)),
    ("the drain deadline", |bench| bench.input(Input::DrainExpired)),
];

/// What an event is called in the contract.
fn event_text(event: &Event<Bytes>) -> String {
    match event {
        Event::CommandFailed(failure) => {
            format!(
                "`command-failed({}, {})`",
                kebab(&format!("{:?}", failure.command)),
                kebab(&format!("{:?}", failure.reason))
            )
        }
        Event::Acked(token) => format!("`acked({token})`"),
        Event::Received(data) | Event::ReceivedChunk(data) => format!("`received({} bytes)`", data.len()),
        Event::Closed(reason) => {
            let by = kebab(&format!("{:?}", reason.by)).replace("time-limit::", "");
            format!("`closed({by}, unread {})`", reason.unread_bytes)
        }
        Event::WritingResumed => "`writing-resumed`".into(),
        Event::PeerClosed => "`peer-closed`".into(),
        Event::Started(_) | Event::Connected | Event::Timer(_) | Event::Draining(_) => {
            format!("`{}`", kebab(&format!("{event:?}")))
        }
    }
}

/// `CamelCase` to `kebab-case`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    let mut after_letter = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            if after_letter {
                text.push('-');
            }
            text.push(letter.to_ascii_lowercase());
        } else {
            text.push(letter);
        }
        after_letter = letter.is_ascii_alphanumeric();
    }
    text
}

fn output_text(output: &Output<Bytes>) -> Option<&'static str> {
    match output {
        Output::ShutdownWrite(C) => Some("send FIN"),
        Output::CloseSocket(C) => Some("close socket"),
        Output::ResetSocket(C) => Some("send RST"),
        Output::ProbeLinger(C) => Some("ask what the kernel holds"),
        Output::Failed(_) => Some("drop the instance"),
        _ => None,
    }
}

/// The state, with what the facts add to its name.
fn state_text(bench: &Bench) -> String {
    let mut text = bench.cell.state_name(C).to_string();
    if let Some(facts) = bench.cell.facts(C) {
        if facts.suspended {
            text.push_str(", writing suspended");
        }
        if facts.queued_bytes > 0 {
            text.push_str(&format!(", {} bytes to send", facts.queued_bytes));
        }
    }
    match bench.interest() {
        ReadInterest::Off => text.push_str("; not read"),
        ReadInterest::Deliver(_) => text.push_str("; read for the guest"),
        ReadInterest::Discard { .. } => text.push_str("; input discarded"),
    }
    text
}

fn deadline_text(bench: &Bench) -> String {
    match bench.cell.poll_timeout() {
        Some(at) => format!("{} ms", at.since(bench.now).as_millis()),
        None => "none".into(),
    }
}

fn render() -> String {
    let mut text = String::from(
        "# What one connection does\n\n\
         Made by the machine itself and compared by its tests (`TIDEGATE_BLESS=1 cargo test -p tidegate-machines table` \
         writes it anew). Limits here: register 5 s, idle 20 s, flush 30 s, half-close 60 s, one write 100 bytes. A write \
         that was pending before carries token 1000, one of the input token 1. *Told* is what the guest gets, in order; \
         *asked* what the driver is asked to do. An empty cell is nothing: no effect where the state is the same.\n",
    );
    for (name, make) in STATES {
        let mut before = make();
        before.settle();
        let now = state_text(&before);
        text.push_str(&format!("\n## {name}\n\n{now}. Next deadline: {}.\n\n", deadline_text(&before)));
        text.push_str("| input | then | told | asked |\n|---|---|---|---|\n");
        for (input, apply) in INPUTS {
            let mut bench = make();
            bench.settle();
            bench.forget();
            apply(&mut bench);
            let told: Vec<String> = bench
                .all_events()
                .iter()
                .filter(|(source, _)| *source == C)
                .map(|(_, event)| event_text(event))
                .collect();
            let asked: Vec<&str> = bench.outputs().iter().filter_map(output_text).collect();
            let then = state_text(&bench);
            let then = if then == now { String::from("same") } else { then };
            text.push_str(&format!("| {input} | {then} | {} | {} |\n", told.join(", "), asked.join(", ")));
        }
    }
    text
}

#[test]
fn the_committed_table_is_what_the_machine_does() {
    let made = render();
    if std::env::var_os("TIDEGATE_BLESS").is_some() {
        std::fs::write(TABLE, &made).expect("the table can be written");
        return;
    }
    let committed = std::fs::read_to_string(TABLE).unwrap_or_default();
    for (line, (committed, made)) in committed.lines().zip(made.lines()).enumerate() {
        assert_eq!(committed, made, "line {} of state-input.md; bless it if the change is meant", line + 1);
    }
    assert_eq!(committed.lines().count(), made.lines().count(), "lines of state-input.md; bless it if meant");
}

#[test]
fn every_deadline_has_a_reason_of_its_own() {
    for limit in
        [TimeLimit::Register, TimeLimit::Idle, TimeLimit::Flush, TimeLimit::HalfClose, TimeLimit::Drain]
    {
        let reason = format!("closed(timed-out({})", kebab(&format!("{limit:?}")));
        assert!(render().contains(&reason), "{reason} is in the table");
    }
}
