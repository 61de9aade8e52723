//! A cell and its reference, given the same steps and compared after each.
//!
//! Owns what a driver would know: which sockets are there, which guest call is under way. Never decides a rule.

mod check;

use super::payload::TestPayload;
use super::reference::{Reference, Standing};
use core::time::Duration;
use std::collections::BTreeMap;
use tidegate_machines::cell::{Cell, Input, Output, Purpose, ReadInterest, Report, Tenure};
use tidegate_machines::command::{Command, ReadMode};
use tidegate_machines::event::Envelope;
use tidegate_machines::limits::{ConnectionLimits, HandlerLimits};
use tidegate_machines::reason::Fault;
use tidegate_machines::turn::Turn;
use tidegate_machines::{ConnectionId, HandlerId, Timestamp};

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step<P> {
    Open(ReadMode),
    /// The guest call under way records these and returns, after so much CPU time.
    Return(Vec<Command<P>>, Duration),
    Fault(Fault),
    Receive(ConnectionId, usize),
    Discard(ConnectionId, u64),
    PeerFinished(ConnectionId),
    Fail(ConnectionId, u64),
    /// The kernel takes at most so many bytes.
    Take(ConnectionId, u64),
    Block(ConnectionId),
    /// What the kernel still holds: unacknowledged, unread.
    Probed(ConnectionId, u64, u64),
    /// Time passes until the next deadline, and what is due is told.
    Expire,
    /// Time passes.
    Wait(Duration),
    Drain,
    DrainExpired,
    Move(Purpose),
    Snapshot(bool),
    Restore(Option<Vec<Command<P>>>),
}

/// What the driver knows of one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Socket {
    pub(crate) is_there: bool,
    pub(crate) is_fin_told: bool,
    pub(crate) is_shut: bool,
    pub(crate) is_probed: bool,
    pub(crate) is_gone_reported: bool,
    /// Bytes read so far.
    pub(crate) position: u64,
}

/// How to set a harness up.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) tenure: Tenure,
    pub(crate) handler: HandlerLimits,
    pub(crate) connection: ConnectionLimits,
}

/// Facts counted over a run, to show that it went somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tally {
    pub(crate) calls: u64,
    pub(crate) acks: u64,
    pub(crate) refusals: u64,
    pub(crate) closed: u64,
    pub(crate) moves: u64,
    pub(crate) throttled: u64,
    pub(crate) stale: u64,
}

/// A guest call under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Call<P> {
    pub(crate) envelope: Envelope<P>,
    turn: Turn<P>,
    /// Answers that were owed when it began; fewer may be now.
    owed: usize,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Harness<P> {
    pub(crate) cell: Cell<P>,
    pub(crate) reference: Reference<P>,
    pub(crate) sockets: BTreeMap<ConnectionId, Socket>,
    /// The call under way.
    pub(crate) call: Option<Call<P>>,
    pub(crate) now: Timestamp,
    pub(crate) tally: Tally,
    setup: Setup,
    opened: u64,
}

/// Deadlines answered at one instant; more mean that one does not move on.
const EXPIRIES_MAX: usize = 10_000;
const ECONNRESET: i32 = 104;

impl<P: TestPayload> Harness<P> {
    /// # Errors
    /// What the reference says should have been.
    pub(crate) fn new(setup: Setup) -> Result<Self, String> {
        let now = Timestamp(1_000_000_000);
        let mut harness = Self {
            cell: Cell::with_tenure(HandlerId(7), setup.handler.clone(), setup.tenure, now),
            reference: Reference::new(setup.handler.clone(), setup.tenure, now),
            sockets: BTreeMap::new(),
            call: None,
            now,
            tally: Tally::default(),
            setup,
            opened: 0,
        };
        harness.drain()?;
        harness.check()?;
        Ok(harness)
    }

    /// Does one step.
    ///
    /// # Errors
    /// What the reference says should have been.
    pub(crate) fn step(&mut self, step: Step<P>) -> Result<(), String> {
        let input = match step {
            Step::Open(read_mode) => self.opens(read_mode),
            Step::Return(commands, cpu) => return self.guest_returns(commands, cpu),
            Step::Fault(fault) => {
                self.call = None;
                Input::GuestFaulted(fault)
            }
            Step::Receive(connection, len) => {
                let socket = self.socket(connection)?;
                let salt = connection.0.wrapping_mul(0x1_0000_0000).wrapping_add(socket.position);
                socket.position += len as u64;
                Input::Received { connection, data: P::make(len, salt) }
            }
            Step::Discard(connection, bytes) => Input::Discarded { connection, bytes },
            Step::PeerFinished(connection) => {
                self.socket(connection)?.is_fin_told = true;
                Input::PeerFinished(connection)
            }
            Step::Fail(connection, unread_bytes) => {
                Input::SocketFailed { connection, errno: ECONNRESET, unread_bytes }
            }
            Step::Take(connection, most) => return self.kernel_takes(connection, most),
            Step::Block(connection) => Input::Blocked(connection),
            Step::Probed(connection, unacked_bytes, unread_bytes) => {
                self.socket(connection)?.is_probed = false;
                Input::LingerProbed { connection, unacked_bytes, unread_bytes }
            }
            Step::Expire => return self.expire(),
            Step::Wait(duration) => {
                self.now = self.now.after(duration);
                Input::Tick
            }
            Step::Drain => Input::Drain(Duration::from_secs(10)),
            Step::DrainExpired => Input::DrainExpired,
            Step::Move(purpose) => Input::Move(purpose),
            Step::Snapshot(true) => Input::SnapshotTaken,
            Step::Snapshot(false) => Input::SnapshotRefused,
            Step::Restore(None) => Input::RestoreFailed,
            Step::Restore(Some(commands)) => {
                let mut turn = self.cell.turn();
                let is_whole = self.record(&mut turn, commands, self.reference.answers_owed())?;
                if is_whole { Input::Restored(turn) } else { Input::RestoreFailed }
            }
        };
        self.input(input)
    }

    fn opens(&mut self, read_mode: ReadMode) -> Input<P> {
        self.opened += 1;
        let connection = ConnectionId(self.opened);
        let socket = Socket {
            is_there: true,
            is_fin_told: false,
            is_shut: false,
            is_probed: false,
            is_gone_reported: false,
            position: 0,
        };
        self.sockets.insert(connection, socket);
        Input::Opened { connection, limits: self.setup.connection.clone(), read_mode }
    }

    /// The reads a driver may do now for `connection`.
    pub(crate) fn interest(&self, connection: ConnectionId) -> ReadInterest {
        self.cell.read_interest(connection)
    }

    /// Bytes offered to the kernel for `connection`.
    pub(crate) fn offered(&self, connection: ConnectionId) -> u64 {
        self.cell.transmit(connection).map(|payload| payload.len() as u64).sum()
    }

    fn socket(&mut self, connection: ConnectionId) -> Result<&mut Socket, String> {
        self.sockets.get_mut(&connection).ok_or_else(|| format!("no socket {connection}"))
    }

    fn guest_returns(&mut self, commands: Vec<Command<P>>, cpu: Duration) -> Result<(), String> {
        let Some(Call { mut turn, owed, .. }) = self.call.take() else {
            return Err("no call is under way".into());
        };
        if self.record(&mut turn, commands, owed)? {
            self.input(Input::GuestReturned { turn, cpu })
        } else {
            self.input(Input::GuestFaulted(Fault::Commands))
        }
    }

    /// Records as the guest would; whether everything fitted. Invariant 11, computed again.
    fn record(&self, turn: &mut Turn<P>, commands: Vec<Command<P>>, owed: usize) -> Result<bool, String> {
        let limits = &self.setup.handler;
        let (mut answers, mut bytes) = (0, 0);
        for command in commands {
            answers += command.answers_max();
            bytes += command.bytes();
            let fits = answers <= limits.commands_per_turn_max
                && bytes <= limits.bytes_per_turn_max
                && owed + answers <= 2 * limits.commands_per_turn_max;
            let recorded = turn.record(command);
            if recorded.is_ok() != fits {
                return Err(format!(
                    "invariant 11: recording said {recorded:?}, owed {owed}, answers {answers}"
                ));
            }
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn kernel_takes(&mut self, connection: ConnectionId, most: u64) -> Result<(), String> {
        let bytes = self.offered(connection).min(most);
        self.check_content(connection)?;
        self.input(Input::Transmitted { connection, bytes })
    }

    fn expire(&mut self) -> Result<(), String> {
        if let Some(at) = self.cell.poll_timeout() {
            self.now = self.now.max(at);
        }
        for _ in 0..EXPIRIES_MAX {
            let Some(connection) = self.cell.poll_expired(self.now) else { return self.input(Input::Tick) };
            self.input(Input::Expired { connection, unread_bytes: 0 })?;
        }
        Err("invariant 6: a deadline that was answered is due again".into())
    }

    fn input(&mut self, input: Input<P>) -> Result<(), String> {
        self.reference.on_input(self.now, &input);
        self.cell.handle(self.now, input);
        self.drain()?;
        self.check()
    }

    fn drain(&mut self) -> Result<(), String> {
        while let Some(output) = self.cell.poll_output() {
            self.output(output)?;
        }
        match self.reference.asked.front() {
            Some(missing) => Err(format!("{missing:?} is missing")),
            None => Ok(()),
        }
    }

    fn output(&mut self, output: Output<P>) -> Result<(), String> {
        match output {
            Output::CallGuest { envelope, turn } => {
                self.reference.on_called(&envelope)?;
                self.tally.calls += 1;
                let owed = self.reference.answers_owed();
                self.call = Some(Call { envelope, turn, owed });
                return Ok(());
            }
            Output::Transmit(connection) => {
                let is_offered = self.cell.has_transmit(connection) || !self.reference.is_live(connection);
                return if is_offered { Ok(()) } else { Err(format!("nothing to transmit on {connection}")) };
            }
            Output::ProbeLinger(connection) => {
                let standing = self.reference.links.get(&connection).map(|link| link.standing);
                if standing != Some(Standing::Lingering) {
                    return Err(format!("probe of {connection}, which is {standing:?}"));
                }
                self.socket(connection)?.is_probed = true;
                return Ok(());
            }
            Output::Report(report) => return self.report(report),
            Output::CloseSocket(connection) => {
                self.socket_ends(connection)?;
                let link = self.reference.links.get_mut(&connection);
                if let Some(link) = link
                    && link.standing == Standing::Lingering
                {
                    link.standing = Standing::Over;
                    return Ok(());
                }
            }
            Output::ResetSocket(connection) => self.socket_ends(connection)?,
            Output::ShutdownWrite(connection) => {
                let socket = self.socket(connection)?;
                if core::mem::replace(&mut socket.is_shut, true) || !socket.is_there {
                    return Err(format!("the FIN of {connection} is sent twice, or too late"));
                }
            }
            Output::Freed | Output::Failed(_) => self.call = None,
            Output::CommitMove => self.tally.moves += 1,
            Output::TakeSnapshot(_) | Output::Restore(_) | Output::AbandonMove | Output::Sleep => {}
        }
        let asked = self.reference.asked.pop_front();
        if asked.as_ref() == Some(&output) { Ok(()) } else { Err(format!("{output:?} instead of {asked:?}")) }
    }

    fn socket_ends(&mut self, connection: ConnectionId) -> Result<(), String> {
        let socket = self.socket(connection)?;
        if !core::mem::replace(&mut socket.is_there, false) {
            return Err(format!("the socket of {connection} is closed twice"));
        }
        Ok(())
    }

    fn report(&mut self, report: Report) -> Result<(), String> {
        match report {
            Report::Closed(..) => self.tally.closed += 1,
            Report::Gone(connection) => {
                let socket = self.socket(connection)?;
                if socket.is_there || core::mem::replace(&mut socket.is_gone_reported, true) {
                    return Err(format!("{connection} is reported gone twice, or with its socket open"));
                }
            }
            Report::Refused(..) => self.tally.refusals += 1,
            Report::Acked(_) => self.tally.acks += 1,
            Report::StaleCommand(_) => self.tally.stale += 1,
            Report::Throttled => self.tally.throttled += 1,
            Report::ReadingSuspended(_) | Report::ReadingResumed(_) | Report::QueuePeak(..) => {}
        }
        Ok(())
    }
}
