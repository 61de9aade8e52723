//! The machine of one connection.
//!
//! Owns: read gate, write queue, every way of closing, half-open states, its time-outs. Knows its owner and its
//! writers by handler id; never calls a guest, never touches a socket. Everything that can happen is a method called
//! `on_*`, total in every phase; what has to be done and told is drained with `poll_action`, in order.
//!
//! Invariants (numbers are the contract's): 1 one terminal event, last; 2 every write with `always` is settled once;
//! 3 acks in wire order; 4 refusal rules; 5 a requested close is only ever upgraded; 6 everything that can last for
//! ever has a deadline; 7 a FIN is never told before the bytes ahead of it; 10 bytes are delivered or counted.

mod gate;
#[cfg(any(test, feature = "model"))]
mod model;
mod on_clock;
mod on_command;
mod on_host;
mod on_socket;
mod on_write;
mod phase;
mod queue;
mod writer;

use crate::cell::{ReadInterest, Report};
use crate::command::ReadMode;
use crate::event::Event;
use crate::facts::ConnectionFacts;
use crate::id::{ConnectionId, HandlerId, Token};
use crate::limits::ConnectionLimits;
use crate::mutation::{self, Mutation};
use crate::payload::Payload;
use crate::reason::{CloseReason, ClosedBy};
use crate::time::Timestamp;
use gate::ReadGate;
use phase::{Phase, Taker};
use queue::WriteQueue;
use std::collections::VecDeque;
use writer::Writer;

/// What the machine wants done or told, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action<P> {
    /// Tell a handler.
    Tell {
        to: HandlerId,
        event: Event<P>,
        /// Whether a byte moved for it; if not, handling it is charged to the rolling CPU budget.
        cost: Cost,
    },
    /// Every write executed so far was judged: the turn of this handler may go on.
    Judged(HandlerId),
    Transmit,
    ShutdownWrite,
    ProbeLinger,
    CloseSocket,
    ResetSocket,
    Report(Report),
}

/// Who pays for the guest call an event causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Cost {
    /// The peer: it opened, closed or moved bytes.
    Peer,
    /// The handler's rolling CPU budget: it could cause such events for ever by itself.
    Budget,
}

/// Whether the peer's FIN was read, or noticed with nothing unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Receive {
    Open,
    Finished,
}

/// Whether anybody is left to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Ownership {
    Owned,
    /// The owner failed; what it requested before is still carried out.
    Orphaned,
}

/// When something last made progress; the base of every time-out but the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Progress {
    /// A byte came in.
    received: Timestamp,
    /// The kernel took a byte.
    transmitted: Timestamp,
}

/// One connection. See the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connection<P> {
    id: ConnectionId,
    owner: HandlerId,
    ownership: Ownership,
    limits: ConnectionLimits,
    read_mode: ReadMode,
    phase: Phase,
    receive: Receive,
    gate: ReadGate,
    queue: WriteQueue<P>,
    writers: Vec<Writer>,
    /// Handlers whose turn waits for its writes to be judged.
    judging: Vec<HandlerId>,
    progress: Progress,
    /// Input thrown away after `close`, told in the terminal event.
    discarded_bytes: u64,
    queue_peak_bytes: u64,
    actions: VecDeque<Action<P>>,
}

impl<P: Payload> Connection<P> {
    /// A connection that waits for `register` since `now`.
    #[must_use]
    pub fn new(
        id: ConnectionId,
        owner: HandlerId,
        limits: ConnectionLimits,
        read_mode: ReadMode,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            owner,
            ownership: Ownership::Owned,
            phase: Phase::Unregistered { deadline: now.after(limits.register) },
            limits,
            read_mode,
            receive: Receive::Open,
            gate: ReadGate::Unregistered(None),
            queue: WriteQueue::new(),
            writers: vec![Writer::new(owner)],
            judging: Vec::new(),
            progress: Progress { received: now, transmitted: now },
            discarded_bytes: 0,
            queue_peak_bytes: 0,
            actions: VecDeque::new(),
        }
    }

    pub(crate) fn poll_action(&mut self) -> Option<Action<P>> {
        self.actions.pop_front()
    }

    /// Whether the terminal event was decided.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.phase.is_terminal()
    }

    /// Whether nothing is left, in the kernel included.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.phase == Phase::Gone
    }

    /// Answers that are owed to handlers and were not sent yet: acks, and `writing-resumed` for those who wait.
    pub(crate) fn answers_owed(&self) -> usize {
        self.queue.always_count() + self.writers.iter().filter(|writer| writer.is_waiting()).count()
    }

    /// What may be read now, as far as this connection goes.
    #[must_use]
    pub fn read_interest(&self) -> ReadInterest {
        if self.receive == Receive::Finished {
            return ReadInterest::Off;
        }
        let taker = match self.phase {
            Phase::Unregistered { .. } | Phase::Gone => return ReadInterest::Off,
            Phase::Lingering(linger) => {
                return discard(linger.discard_bytes_left);
            }
            Phase::Open(registered) => Taker::Guest(registered.delivery),
            Phase::Flushing { taker, .. } | Phase::HalfClosed(taker) => taker,
        };
        match taker {
            Taker::Nobody => discard(self.discard_bytes_left()),
            Taker::Guest(delivery) if self.gate.is_open(!self.queue.is_empty()) => {
                ReadInterest::Deliver(delivery)
            }
            Taker::Guest(_) => ReadInterest::Off,
        }
    }

    /// Input that may still be thrown away while nobody takes it. A flush is bounded by its own progress; after our FIN
    /// only this bounds a peer that sends for ever.
    fn discard_bytes_left(&self) -> u64 {
        match self.phase {
            Phase::HalfClosed(_) => self.limits.linger_bytes_max.saturating_sub(self.discarded_bytes),
            Phase::Lingering(linger) => linger.discard_bytes_left,
            Phase::Unregistered { .. } | Phase::Open(_) | Phase::Flushing { .. } | Phase::Gone => u64::MAX,
        }
    }

    /// What is offered to the kernel, in order; empty payloads are left out.
    pub fn transmit(&self) -> impl Iterator<Item = &P> + '_ {
        self.queue.offered(|entry| self.static_refusal(entry).is_none())
    }

    /// Whether something is offered to the kernel.
    #[must_use]
    pub fn has_transmit(&self) -> bool {
        self.transmit().next().is_some()
    }

    /// The facts a guest can ask for.
    #[must_use]
    pub fn facts(&self) -> ConnectionFacts {
        ConnectionFacts {
            registered: !matches!(self.gate, ReadGate::Unregistered(_)),
            reading: self.is_taken_by_guest() && self.gate.is_open(false),
            suspended: self
                .writers
                .first()
                .is_some_and(|writer| writer.suspension == writer::Suspension::Suspended),
            queued_bytes: self.queue.waiting_bytes(),
            peer_finished: self.receive == Receive::Finished,
        }
    }

    /// Tokens of the owner's writes that wait for an ack, in wire order.
    pub fn pending_tokens(&self) -> impl Iterator<Item = Token> + '_ {
        self.queue.pending_tokens(self.owner)
    }

    /// Whether bytes that arrive are the guest's.
    fn is_taken_by_guest(&self) -> bool {
        let is_guests = match self.phase {
            Phase::Open(_) => true,
            Phase::Flushing { taker, .. } | Phase::HalfClosed(taker) => taker != Taker::Nobody,
            Phase::Unregistered { .. } | Phase::Lingering(_) | Phase::Gone => false,
        };
        is_guests && self.receive == Receive::Open
    }

    fn act(&mut self, action: Action<P>) {
        self.actions.push_back(action);
    }

    fn report(&mut self, report: Report) {
        self.act(Action::Report(report));
    }

    fn tell(&mut self, event: Event<P>, cost: Cost) {
        if self.ownership == Ownership::Owned {
            self.act(Action::Tell { to: self.owner, event, cost });
        }
    }

    /// Decides the terminal event. `next` is `Lingering` or `Gone`.
    fn end(&mut self, by: ClosedBy, unread_bytes: u64, next: Phase) {
        debug_assert!(!self.phase.is_terminal() && next.is_terminal(), "invariant 1: one terminal event");
        let reason = CloseReason { by, unread_bytes: unread_bytes.saturating_add(self.discarded_bytes) };
        self.phase = next;
        self.queue.clear();
        self.writers.clear();
        self.judged();
        self.report(Report::Closed(self.id, reason));
        self.tell(Event::Closed(reason), Cost::Peer);
        if mutation::is(Mutation::TerminalTwice) {
            self.tell(Event::Closed(reason), Cost::Peer);
        }
        if next == Phase::Gone {
            self.report(Report::Gone(self.id));
        }
    }

    /// Turns that wait for this connection may go on.
    fn judged(&mut self) {
        for handler in core::mem::take(&mut self.judging) {
            self.act(Action::Judged(handler));
        }
    }

    #[cfg(any(debug_assertions, test))]
    pub(crate) fn check(&self) {
        self.queue.check();
        let is_timed = self.deadline().is_some();
        let may_last = match self.phase {
            Phase::Open(_) => self.receive == Receive::Open,
            Phase::Gone => true,
            Phase::Unregistered { .. }
            | Phase::Flushing { .. }
            | Phase::HalfClosed(_)
            | Phase::Lingering(_) => false,
        };
        assert!(is_timed || may_last, "invariant 6: {:?} can last for ever", self.phase);
        if self.phase.is_terminal() {
            assert!(self.queue.is_empty(), "invariant 1: something is left after the terminal event");
        }
        if let Phase::Open(registered) = self.phase {
            let allowed = registered.write_buffer_bytes;
            assert!(
                self.queue.queued_bytes() <= allowed,
                "invariant 4: more is queued than the write buffer holds"
            );
        }
    }

    /// Rank of the phase: never decreases.
    #[cfg(any(debug_assertions, test))]
    pub(crate) fn phase_rank(&self) -> u8 {
        self.phase.rank()
    }
}

/// The interest in throwing away up to `bytes_max` bytes; a read of none would look like a FIN.
fn discard(bytes_max: u64) -> ReadInterest {
    if bytes_max == 0 { ReadInterest::Off } else { ReadInterest::Discard { bytes_max } }
}
