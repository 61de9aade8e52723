//! A fixture: a cell with connections in a given state, a guest that records what the test says, a kernel that takes
//! what the test says. Events are delivered as they come and kept.

use bytes::Bytes;
use core::time::Duration;
use tidegate_machines::cell::{Cell, Input, Output, ReadInterest, Report, Tenure};
use tidegate_machines::command::{
    Answer, Command, ConnectionCommand, Part, ReadMode, Registration, Write, WriteData,
};
use tidegate_machines::event::{Event, Failure};
use tidegate_machines::facts::ConnectionFacts;
use tidegate_machines::limits::{ConnectionLimits, HandlerLimits};
use tidegate_machines::reason::{CloseReason, ClosedBy, Fault, Refusal};
use tidegate_machines::turn::Turn;
use tidegate_machines::{ChunkId, ConnectionId, HandlerId, Timestamp, Token};

/// The connection most tests are about.
pub(crate) const C: ConnectionId = ConnectionId(1);
/// Two others of the same instance.
pub(crate) const OTHERS: [ConnectionId; 2] = [ConnectionId(2), ConnectionId(3)];
/// The errno of a reset.
pub(crate) const RESET: i32 = 104;

/// See the module.
pub(crate) struct Bench {
    pub(crate) cell: Cell<Bytes>,
    pub(crate) now: Timestamp,
    /// Events delivered since last asked, with the connection.
    events: Vec<(ConnectionId, Event<Bytes>)>,
    /// Everything else that was asked for, guest calls and `Transmit` apart.
    outputs: Vec<Output<Bytes>>,
    reports: Vec<Report>,
    call: Option<Turn<Bytes>>,
    limits: ConnectionLimits,
}

/// How the bench is set up.
pub(crate) struct BenchSetup {
    pub(crate) handler: HandlerLimits,
    pub(crate) connection: ConnectionLimits,
    pub(crate) tenure: Tenure,
}

impl Default for BenchSetup {
    fn default() -> Self {
        let connection = ConnectionLimits {
            register: secs(5),
            flush: secs(30),
            half_close: secs(60),
            write_bytes_max: 100,
            queued_bytes_max: 50,
            linger_bytes_max: 40,
            linger_poll_min: Duration::from_millis(1),
            linger_poll_max: Duration::from_millis(8),
            by_reference_bytes_min: 8,
            ..ConnectionLimits::default()
        };
        Self { handler: HandlerLimits::default(), connection, tenure: Tenure::Isolated }
    }
}

impl Bench {
    /// A handler that was called with `started` and has not returned yet.
    pub(crate) fn starting(setup: BenchSetup) -> Self {
        let now = Timestamp(1_000_000_000);
        let mut bench = Self {
            cell: Cell::with_tenure(HandlerId(1), setup.handler, setup.tenure, now),
            now,
            events: Vec::new(),
            outputs: Vec::new(),
            reports: Vec::new(),
            call: None,
            limits: setup.connection,
        };
        bench.drain();
        bench
    }

    /// Connections 1 to `count`, connected and not registered; the guest idle.
    pub(crate) fn unregistered_with(setup: BenchSetup, mode: ReadMode, count: u64) -> Self {
        let mut bench = Self::starting(setup);
        bench.settle();
        for connection in 1..=count {
            bench.open(ConnectionId(connection), mode);
        }
        bench.settle();
        bench.forget();
        bench
    }

    /// One connection, connected and not registered.
    pub(crate) fn unregistered() -> Self {
        Self::unregistered_with(BenchSetup::default(), ReadMode::Push, 1)
    }

    /// Connections 1 to `count`, registered, nothing happened yet.
    pub(crate) fn registered_with(setup: BenchSetup, registration: &Registration, count: u64) -> Self {
        let mut bench = Self::unregistered_with(setup, ReadMode::Push, count);
        let register = |id| Command::On(ConnectionId(id), ConnectionCommand::Register(registration.clone()));
        bench.guest((1..=count).map(register).collect());
        bench.forget();
        bench
    }

    /// One connection, registered.
    pub(crate) fn registered(registration: &Registration) -> Self {
        Self::registered_with(BenchSetup::default(), registration, 1)
    }

    /// Three connections of one instance, registered.
    pub(crate) fn three(registration: &Registration) -> Self {
        Self::registered_with(BenchSetup::default(), registration, 3)
    }

    pub(crate) fn open(&mut self, connection: ConnectionId, read_mode: ReadMode) {
        let limits = self.limits.clone();
        self.input(Input::Opened { connection, limits, read_mode });
    }

    /// The guest records `commands` in a turn of their own.
    pub(crate) fn guest(&mut self, commands: Vec<Command<Bytes>>) {
        self.settle();
        self.begin_call();
        self.returns(commands);
    }

    /// The guest does this to connection 1.
    pub(crate) fn does(&mut self, command: ConnectionCommand<Bytes>) {
        self.guest(vec![Command::On(C, command)]);
    }

    /// Makes the host tell the guest something, so that a call is under way.
    pub(crate) fn begin_call(&mut self) {
        if self.call.is_none() {
            self.input(Input::Drain(secs(10)));
        }
        self.events.retain(|(_, event)| !matches!(event, Event::Draining(_)));
    }

    /// The call under way returns; the next event is delivered if there is one, and its call left under way.
    pub(crate) fn returns(&mut self, commands: Vec<Command<Bytes>>) {
        let mut turn = self.call.take().expect("a call is under way");
        for command in commands {
            turn.record(command).expect("the turn is within its bounds");
        }
        self.input(Input::GuestReturned { turn, cpu: Duration::ZERO });
    }

    /// The call under way returns without a command, after so much CPU time.
    pub(crate) fn returns_after(&mut self, cpu: Duration) {
        let turn = self.call.take().expect("a call is under way");
        self.input(Input::GuestReturned { turn, cpu });
    }

    /// The call under way faults.
    pub(crate) fn faults(&mut self, fault: Fault) {
        self.begin_call();
        self.call = None;
        self.input(Input::GuestFaulted(fault));
    }

    /// The guest handles whatever waits for it, recording nothing.
    pub(crate) fn settle(&mut self) {
        while self.call.is_some() {
            self.returns(Vec::new());
        }
    }

    pub(crate) fn input(&mut self, input: Input<Bytes>) {
        self.cell.handle(self.now, input);
        self.drain();
    }

    /// Peer sends bytes and they are read, as the read interest says.
    pub(crate) fn peer_sends(&mut self, text: &'static str) -> ReadInterest {
        self.settle();
        let interest = self.cell.read_interest(C);
        let data = Bytes::from_static(text.as_bytes());
        match interest {
            ReadInterest::Off => {}
            ReadInterest::Deliver(_) => self.input(Input::Received { connection: C, data }),
            ReadInterest::Discard { .. } => {
                self.input(Input::Discarded { connection: C, bytes: data.len() as u64 });
            }
        }
        interest
    }

    pub(crate) fn peer_finishes(&mut self) {
        self.input(Input::PeerFinished(C));
    }

    pub(crate) fn peer_resets(&mut self, unread_bytes: u64) {
        self.input(Input::SocketFailed { connection: C, errno: RESET, unread_bytes });
    }

    /// The kernel takes so many bytes of connection 1.
    pub(crate) fn kernel_takes(&mut self, bytes: u64) {
        self.input(Input::Transmitted { connection: C, bytes });
    }

    pub(crate) fn kernel_blocks(&mut self) {
        self.input(Input::Blocked(C));
    }

    /// The kernel takes everything offered.
    pub(crate) fn kernel_takes_all(&mut self) {
        while self.cell.has_transmit(C) {
            let bytes = self.cell.transmit(C).map(|payload| payload.len() as u64).sum();
            self.kernel_takes(bytes);
        }
    }

    /// A write of `len` bytes that the kernel takes none of: it is pending, with token 1000.
    pub(crate) fn make_pending(&mut self, len: usize) {
        self.does(write(len, Answer::Always(Token(1000))));
        self.kernel_blocks();
        self.settle();
        self.forget();
    }

    /// Time passes; what is due is told.
    pub(crate) fn after(&mut self, duration: Duration) {
        self.now = self.now.after(duration);
        for _ in 0..1000 {
            match self.cell.poll_expired(self.now) {
                Some(connection) => self.input(Input::Expired { connection, unread_bytes: 0 }),
                None => return self.input(Input::Tick),
            }
        }
        panic!("a deadline that was answered is due again");
    }

    /// Time passes until the next deadline.
    pub(crate) fn until_due(&mut self) {
        let due = self.cell.poll_timeout().expect("something is due some day");
        self.after(due.since(self.now));
    }

    /// The same, if something is due at all.
    pub(crate) fn until_due_if_any(&mut self) {
        if self.cell.poll_timeout().is_some() {
            self.until_due();
        }
    }

    /// The events delivered since last asked, of every connection; the guest handles them all.
    pub(crate) fn all_events(&mut self) -> Vec<(ConnectionId, Event<Bytes>)> {
        self.settle();
        core::mem::take(&mut self.events)
    }

    /// The same without the connection.
    pub(crate) fn events(&mut self) -> Vec<Event<Bytes>> {
        self.all_events().into_iter().map(|(_, event)| event).collect()
    }

    /// What was asked for since last asked.
    pub(crate) fn outputs(&mut self) -> Vec<Output<Bytes>> {
        core::mem::take(&mut self.outputs)
    }

    pub(crate) fn reports(&mut self) -> Vec<Report> {
        core::mem::take(&mut self.reports)
    }

    pub(crate) fn forget(&mut self) {
        self.events.clear();
        self.outputs.clear();
        self.reports.clear();
    }

    pub(crate) fn facts(&self) -> ConnectionFacts {
        self.cell.facts(C).expect("the connection is not over")
    }

    pub(crate) fn interest(&self) -> ReadInterest {
        self.cell.read_interest(C)
    }

    fn drain(&mut self) {
        while let Some(output) = self.cell.poll_output() {
            match output {
                Output::CallGuest { envelope, turn } => {
                    assert!(self.call.is_none(), "handle is never re-entered");
                    self.events.push((envelope.source, envelope.event));
                    self.call = Some(turn);
                }
                Output::Report(report) => self.reports.push(report),
                Output::Transmit(_) => {}
                Output::Freed | Output::Failed(_) => {
                    self.call = None;
                    self.outputs.push(output);
                }
                other => self.outputs.push(other),
            }
        }
    }
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn payload(len: usize) -> Bytes {
    Bytes::from(vec![b'x'; len])
}

pub(crate) fn part(len: usize, answer: Answer) -> Part<Bytes> {
    Part { data: WriteData::Bytes(payload(len)), answer }
}

pub(crate) fn write(len: usize, answer: Answer) -> ConnectionCommand<Bytes> {
    ConnectionCommand::Write(Write::Single(part(len, answer)))
}

pub(crate) fn write_chunk(id: u64, len: usize, answer: Answer) -> ConnectionCommand<Bytes> {
    let data = WriteData::Chunk(ChunkId(id), payload(len));
    ConnectionCommand::Write(Write::Single(Part { data, answer }))
}

pub(crate) fn compound(parts: Vec<Part<Bytes>>) -> ConnectionCommand<Bytes> {
    ConnectionCommand::Write(Write::Compound(parts))
}

pub(crate) fn on(command: ConnectionCommand<Bytes>) -> Command<Bytes> {
    Command::On(C, command)
}

pub(crate) fn always(token: u64) -> Answer {
    Answer::Always(Token(token))
}

pub(crate) fn acked(token: u64) -> Event<Bytes> {
    Event::Acked(Token(token))
}

pub(crate) fn closed(by: ClosedBy, unread_bytes: u64) -> Event<Bytes> {
    Event::Closed(CloseReason { by, unread_bytes })
}

pub(crate) fn failed(
    command: tidegate_machines::command::CommandName,
    token: Option<u64>,
    reason: Refusal,
) -> Event<Bytes> {
    let token = token.map(Token);
    Event::CommandFailed(Failure { command, token, reason, sent_bytes: 0, returned: None })
}

/// Push, no keep-open, no suspension, no write buffer.
pub(crate) fn push() -> Registration {
    Registration::default()
}

pub(crate) fn keep_open() -> Registration {
    Registration { keep_open_on_peer_closed: true, ..push() }
}

pub(crate) fn suspending() -> Registration {
    Registration { suspend_on_refusal: true, ..push() }
}

pub(crate) fn buffered(bytes: u64) -> Registration {
    Registration { write_buffer_bytes: Some(bytes), ..push() }
}

pub(crate) fn mode(read_mode: ReadMode) -> Registration {
    Registration { read_mode: Some(read_mode), ..push() }
}
