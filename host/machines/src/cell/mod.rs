//! A handler and the connections it owns, as one sans-IO machine: what a driver drives.
//!
//! Order of use: [`Cell::handle`] one input, then drain [`Cell::poll_output`] and execute each output in order; arm one
//! alarm for [`Cell::poll_timeout`]; when it rings, [`Cell::poll_expired`] and then [`Input::Tick`]. Between inputs read
//! as [`Cell::read_interest`] says and write what [`Cell::transmit`] offers. Time never goes back.
//!
//! Owns: routing between the machines, and who is over. Decides nothing else. In debug builds every invariant that can
//! be seen from inside is asserted after each input.

mod io;
mod route;

use crate::connection::Connection;
use crate::facts::ConnectionFacts;
use crate::handler::Handler;
pub use crate::handler::{Purpose, Tenure};
use crate::id::{ConnectionId, HandlerId, Token};
use crate::limits::HandlerLimits;
use crate::payload::Payload;
use crate::time::Timestamp;
use crate::turn::Turn;
pub use io::{Input, Output, ReadInterest, Report};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A handler with its connections. See the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cell<P> {
    pub(crate) handler: Handler<P>,
    pub(crate) connections: BTreeMap<ConnectionId, Box<Connection<P>>>,
    /// Deadlines of all connections, earliest first, so that none has to be searched for.
    pub(crate) deadlines: BTreeSet<(Timestamp, ConnectionId)>,
    /// Answers owed by all connections together.
    answers_owed: usize,
    /// The time of the last input.
    pub(crate) now: Timestamp,
    outputs: VecDeque<Output<P>>,
}

impl<P: Payload> Cell<P> {
    /// A cell of an isolated instance; its first output is the guest call `started(fresh)`.
    #[must_use]
    pub fn new(id: HandlerId, limits: HandlerLimits, now: Timestamp) -> Self {
        Self::with_tenure(id, limits, Tenure::Isolated, now)
    }

    /// The same for an instance of any [`Tenure`].
    #[must_use]
    pub fn with_tenure(id: HandlerId, limits: HandlerLimits, tenure: Tenure, now: Timestamp) -> Self {
        let mut cell = Self {
            handler: Handler::new(id, limits, tenure),
            connections: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            answers_owed: 0,
            now,
            outputs: VecDeque::new(),
        };
        cell.step();
        cell
    }

    /// The handler's id.
    #[must_use]
    pub fn id(&self) -> HandlerId {
        self.handler.id()
    }

    /// Takes one input. Total: what makes no sense changes nothing.
    pub fn handle(&mut self, now: Timestamp, input: Input<P>) {
        self.now = now.max(self.now);
        self.dispatch(input);
        self.step();
        #[cfg(any(debug_assertions, test))]
        self.check();
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output<P>> {
        self.outputs.pop_front()
    }

    /// When something is due by itself.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let connection = self.deadlines.first().map(|(at, _)| *at);
        [connection, self.handler.deadline(self.now)].into_iter().flatten().min()
    }

    /// A connection whose deadline has passed: answer with [`Input::Expired`] and ask again.
    #[must_use]
    pub fn poll_expired(&self, now: Timestamp) -> Option<ConnectionId> {
        self.deadlines.first().filter(|(at, _)| *at <= now).map(|(_, connection)| *connection)
    }

    /// Whether bytes may be read for the guest now: it is idle and nothing waits for it.
    #[must_use]
    pub fn can_receive(&self) -> bool {
        self.handler.can_receive()
    }

    /// What is to be read for `connection` now.
    #[must_use]
    pub fn read_interest(&self, connection: ConnectionId) -> ReadInterest {
        let interest =
            self.connections.get(&connection).map_or(ReadInterest::Off, |machine| machine.read_interest());
        match interest {
            ReadInterest::Deliver(_) if !self.can_receive() => ReadInterest::Off,
            ReadInterest::Off | ReadInterest::Deliver(_) | ReadInterest::Discard { .. } => interest,
        }
    }

    /// What is offered to the kernel for `connection`, in order. Never an empty payload.
    pub fn transmit(&self, connection: ConnectionId) -> impl Iterator<Item = &P> + '_ {
        self.connections.get(&connection).into_iter().flat_map(|machine| machine.transmit())
    }

    /// Whether anything is.
    #[must_use]
    pub fn has_transmit(&self, connection: ConnectionId) -> bool {
        self.transmit(connection).next().is_some()
    }

    /// An empty turn with the bounds of a guest call made now. A new instance that is restored records into one of
    /// these, taken when [`Output::Restore`] is executed.
    #[must_use]
    pub fn turn(&self) -> Turn<P> {
        self.handler.turn(self.answers_owed)
    }

    /// Connections that still need their socket, in order of id.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.connections.keys().copied()
    }

    /// Whether the instance is over and no connection is left: the cell can be dropped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.handler.is_gone() && self.connections.is_empty() && self.outputs.is_empty()
    }

    /// The facts of `connection`; none once its terminal event was decided.
    #[must_use]
    pub fn facts(&self, connection: ConnectionId) -> Option<ConnectionFacts> {
        self.connections
            .get(&connection)
            .filter(|machine| !machine.is_terminal())
            .map(|machine| machine.facts())
    }

    /// Tokens of the owner's writes that wait for an ack, in wire order.
    pub fn pending_tokens(&self, connection: ConnectionId) -> impl Iterator<Item = Token> + '_ {
        self.connections.get(&connection).into_iter().flat_map(|machine| machine.pending_tokens())
    }

    /// The name of the state of `connection`, for people.
    #[cfg(any(test, feature = "model"))]
    #[must_use]
    pub fn state_name(&self, connection: ConnectionId) -> &'static str {
        self.connections.get(&connection).map_or("gone", |machine| machine.state_name())
    }

    #[cfg(any(debug_assertions, test))]
    fn check(&self) {
        let owed: usize = self.connections.values().map(|machine| machine.answers_owed()).sum();
        assert_eq!(owed, self.answers_owed, "invariant 2: every owed answer is counted");
        self.handler.check(self.answers_owed);
        for machine in self.connections.values() {
            machine.check();
        }
        let deadlines = self.connections.values().filter(|machine| machine.deadline().is_some()).count();
        assert_eq!(deadlines, self.deadlines.len(), "every deadline is armed");
    }
}
