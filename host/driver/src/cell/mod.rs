//! The task of one cell: it gives the machine facts and executes what the machine asks, for all connections of one
//! instance.
//!
//! Owns: the sockets, the instance, the order of work within a round. Never decides a rule of the contract.
//!
//! The order, and why: what was asked for is done first (the machine's outputs are in order); then orders from
//! outside; then time, so that timers that are due enter before bytes read in the same round (invariant 3); then one
//! connection that has news. After [`EVENTS_PER_ROUND_MAX`](crate::limits::EVENTS_PER_ROUND_MAX) events, or the other
//! bounds of a round, the worker's other tasks come first.

mod alarm;
mod calling;
mod control;
mod facts;
mod link;
mod ready;
mod round;
mod transfer;

use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use tidegate_machines::cell::{Cell, Input, Output};
use tidegate_machines::command::ReadMode;
use tidegate_machines::facts::Endpoint;
use tidegate_machines::limits::{ConnectionLimits, HandlerLimits};
use tidegate_machines::{ConnectionId, HandlerId};

use crate::clock::Clock;
use crate::counters::CounterShard;
use crate::guest::GuestFactory;
use crate::places::Places;
use crate::registry::{Live, Registry};
use crate::scratch::Scratch;
use crate::socket::Socket;
use alarm::Alarm;
use calling::Instance;
pub(crate) use control::Control;
use facts::Shared;
use link::Link;
use ready::{ReadyQueue, Signal};
use round::Round;

/// What the cells of one service on one worker have in common.
pub(crate) struct CellContext<F> {
    pub(crate) service: Arc<str>,
    pub(crate) factory: Arc<F>,
    pub(crate) handler_limits: HandlerLimits,
    pub(crate) connection_limits: ConnectionLimits,
    pub(crate) read_mode: ReadMode,
    pub(crate) counters: CounterShard,
    pub(crate) registry: Arc<Registry>,
    /// The worker's index.
    pub(crate) worker: usize,
    pub(crate) scratch: Rc<RefCell<Scratch>>,
    pub(crate) clock: Clock,
}

/// A socket that is to be owned by a new cell.
pub(crate) struct Opening<S> {
    pub(crate) connection: ConnectionId,
    pub(crate) endpoint: Endpoint,
    pub(crate) socket: S,
    /// Whatever it takes of limits; dropped when its socket is closed.
    pub(crate) places: Places,
}

/// The task. It ends when the instance is over and no connection is left. Dropped before, it resets what is left.
pub(crate) struct CellTask<S: Socket, F: GuestFactory> {
    context: Rc<CellContext<F>>,
    handler: HandlerId,
    shared: Rc<Shared>,
    instance: Instance<F::Guest>,
    links: BTreeMap<ConnectionId, Box<Link<S>>>,
    ready: Arc<ReadyQueue>,
    /// Connections with bytes to deliver, once the handler is idle. Each at most once.
    waiting: VecDeque<ConnectionId>,
    /// What connections took of registry and limits whose sockets were closed in this round. Given back when what was
    /// asked for is done, so that whoever waits for the last connection finds it counted.
    departed: Vec<(Live, Places)>,
    control: Rc<Control>,
    alarm: Alarm,
}

impl<S: Socket, F: GuestFactory> CellTask<S, F> {
    /// A new handler that owns `openings`.
    pub(crate) fn new(context: Rc<CellContext<F>>, handler: HandlerId, openings: Vec<Opening<S>>) -> Self {
        let now = context.clock.now();
        let machine = Cell::new(handler, context.handler_limits.clone(), now);
        let ready = Arc::new(ReadyQueue::default());
        let shared = Rc::new(Shared { machine: RefCell::new(machine), known: RefCell::default() });
        let mut task = Self {
            handler,
            shared,
            instance: Instance::Unmade,
            links: BTreeMap::new(),
            waiting: VecDeque::new(),
            departed: Vec::new(),
            control: Control::new(&ready),
            alarm: Alarm::default(),
            ready,
            context,
        };
        for opening in openings {
            task.open(opening, now);
        }
        task
    }

    /// Where orders for it are left.
    pub(crate) fn control(&self) -> Rc<Control> {
        Rc::clone(&self.control)
    }

    fn open(&mut self, opening: Opening<S>, now: tidegate_machines::Timestamp) {
        let Opening { connection, endpoint, socket, places } = opening;
        let context = &self.context;
        let live = context.registry.add(context.worker, connection, self.handler, endpoint);
        self.shared.known.borrow_mut().insert(connection, Arc::clone(live.connection()));
        let signal = Signal::new(connection, &self.ready);
        let by_reference_bytes_min = context.connection_limits.by_reference_bytes_min;
        let link = Link::new(socket, live, signal, by_reference_bytes_min, places);
        self.links.insert(connection, Box::new(link));
        let (limits, read_mode) = (context.connection_limits.clone(), context.read_mode);
        self.shared.machine.borrow_mut().handle(now, Input::Opened { connection, limits, read_mode });
    }

    /// Does what can be done now. Ready when the cell is over.
    fn run(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.ready.set_task(context.waker());
        let mut round = Round::new(self.context.clock.now());
        loop {
            let is_done = self.execute(&mut round);
            self.departed.clear();
            if !is_done {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if self.shared.machine.borrow().is_finished() {
                return Poll::Ready(());
            }
            if let Some(order) = self.control.take() {
                self.handle(&round, order);
                continue;
            }
            if round.is_spent() {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if self.expire(&mut round) {
                continue;
            }
            if let Some(connection) = self.next_to_attend() {
                round.spend_look();
                self.attend(connection, &mut round);
                continue;
            }
            if self.poll_alarm(context).is_pending() {
                return Poll::Pending;
            }
            round.now = self.context.clock.now();
            round.spend_look();
        }
    }

    /// Executes what the machine asks, until it asks nothing more (`true`) or the round is spent (`false`).
    fn execute(&mut self, round: &mut Round) -> bool {
        loop {
            // The machine does not tell whether outputs wait; that it is idle tells that no call does.
            if round.is_spent() && !self.shared.machine.borrow().can_receive() {
                return false;
            }
            let output = self.shared.machine.borrow_mut().poll_output();
            match output {
                Some(output) => self.execute_one(output, round),
                None => return true,
            }
        }
    }

    fn execute_one(&mut self, output: Output<Bytes>, round: &mut Round) {
        match output {
            Output::CallGuest { envelope, turn } => self.call_guest(envelope, turn, round),
            Output::Transmit(connection) => self.transmit(connection, round),
            Output::ShutdownWrite(connection) => {
                if let Some(link) = self.links.get_mut(&connection) {
                    // It fails only on a socket that has failed, which is noticed as such.
                    let _ = link.socket.shutdown_write();
                    link.queue();
                }
            }
            Output::ProbeLinger(connection) => self.probe_linger(connection, round),
            Output::CloseSocket(connection) => self.unlink(connection),
            Output::ResetSocket(connection) => {
                if let Some(link) = self.links.get_mut(&connection) {
                    link.socket.make_close_a_reset();
                }
                self.unlink(connection);
            }
            Output::Report(report) => self.context.counters.report(report),
            Output::Freed => self.drop_instance(),
            Output::Failed(fault) => {
                self.context.counters.fault(fault);
                self.drop_instance();
            }
            // Nobody asks this cell to move: it is answered so that no handler waits for ever.
            Output::TakeSnapshot(_) => self.handle(round, Input::SnapshotRefused),
            Output::Restore(_) => self.handle(round, Input::RestoreFailed),
            Output::CommitMove | Output::AbandonMove | Output::Sleep => {}
        }
    }

    fn handle(&self, round: &Round, input: Input<Bytes>) {
        self.shared.machine.borrow_mut().handle(round.now, input);
    }

    /// Tells the machine of one thing that is due, if any is.
    fn expire(&mut self, round: &mut Round) -> bool {
        let (is_due, expired) = {
            let machine = self.shared.machine.borrow();
            let is_due = machine.poll_timeout().is_some_and(|at| at <= round.now);
            (is_due, machine.poll_expired(round.now))
        };
        if !is_due {
            return false;
        }
        round.spend_look();
        match expired {
            Some(connection) => {
                let unread_bytes = self.links.get(&connection).map_or(0, |link| link.unread_bytes());
                self.handle(round, Input::Expired { connection, unread_bytes });
                self.queue(connection);
            }
            None => self.handle(round, Input::Tick),
        }
        true
    }

    fn next_to_attend(&mut self) -> Option<ConnectionId> {
        if !self.waiting.is_empty()
            && self.shared.machine.borrow().can_receive()
            && let Some(connection) = self.waiting.pop_front()
        {
            if let Some(link) = self.links.get_mut(&connection) {
                link.waits_for_handler = false;
            }
            return Some(connection);
        }
        self.ready.pop()
    }

    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.shared.machine.borrow().poll_timeout();
        match deadline.and_then(|at| self.context.clock.instant(at)) {
            Some(deadline) => self.alarm.poll(context, deadline),
            None => Poll::Pending,
        }
    }

    /// What may be done with `connection` may have changed.
    fn queue(&self, connection: ConnectionId) {
        if let Some(link) = self.links.get(&connection) {
            link.queue();
        }
    }

    /// Closes the socket, in order or not.
    fn unlink(&mut self, connection: ConnectionId) {
        if let Some(link) = self.links.remove(&connection) {
            self.context.counters.gone();
            self.departed.push(link.close());
        }
    }
}

/// Nothing in it is ever pinned in place.
impl<S: Socket, F: GuestFactory> Unpin for CellTask<S, F> {}

impl<S: Socket, F: GuestFactory> Future for CellTask<S, F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.run(context)
    }
}

/// A cell that is dropped before it is over (its worker ends, or it panicked) must not let a peer take a part of a
/// stream for the whole.
impl<S: Socket, F: GuestFactory> Drop for CellTask<S, F> {
    fn drop(&mut self) {
        for link in self.links.values_mut() {
            link.socket.make_close_a_reset();
            self.context.counters.gone();
        }
        self.drop_instance();
    }
}

#[cfg(test)]
mod tests;
