//! Scripted events in, commands out.

use std::fmt;

use crate::backend::{self, Event};
use crate::bindings::tcp_handler::tidegate::tcp::types::StartInfo;
use crate::host::Level;
use crate::runtime::{Model, PerConnection, Runtime, Shared};
use crate::testing::record::{Facts, Record, with_record};
use crate::testing::{Command, Written};
use crate::{
    Address, ArgError, CloseReason, ClosedBy, CommandName, ConnectionId, Handler, HandlerId, ListenerId,
    Refusal, Resumable, Service, StartReason, Token, timers,
};

/// The id of the instance under test.
const ME: HandlerId = 1;

/// An instance under test. One at a time per thread: a test that needs two uses two threads.
///
/// Its methods panic where the script is wrong (an unknown connection, a second kit): it is for tests.
pub struct Kit<M: Model> {
    runtime: Runtime<M>,
    last_connection: ConnectionId,
}

/// Starts an instance of a [`Handler`] with these arguments.
///
/// # Errors
/// The handler refuses to start.
pub fn start<H: Handler>(args: &[(&str, &str)]) -> Result<Kit<PerConnection<H>>, ArgError> {
    Kit::start(StartReason::Fresh, args)
}

/// Starts an instance of a [`Service`] with these arguments.
///
/// # Errors
/// The service refuses to start.
pub fn start_service<S: Service>(args: &[(&str, &str)]) -> Result<Kit<Shared<S>>, ArgError> {
    Kit::start(StartReason::Fresh, args)
}

impl<M: Model> Kit<M> {
    fn start(why: StartReason, args: &[(&str, &str)]) -> Result<Self, ArgError> {
        with_record(|record| {
            assert!(!record.live, "another Kit is in use on this thread");
            *record = Record::default();
            record.live = true;
        });
        timers::reset();
        let mut kit = Self { runtime: Runtime::new(), last_connection: 0 };
        let args = args.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        kit.runtime.handle(0, Event::Started(StartInfo { why, self_: ME, args }))?;
        Ok(kit)
    }

    // ---- events ----------------------------------------------------------------------------------

    /// A new inbound connection, with the usual facts. Gives its id.
    pub fn connect(&mut self) -> ConnectionId {
        self.connect_with(Facts::default())
    }

    /// A new connection with these facts. Gives its id.
    pub fn connect_with(&mut self, facts: Facts) -> ConnectionId {
        self.last_connection += 1;
        let id = self.last_connection;
        with_record(|record| *record.facts(id) = facts);
        self.give(id, Event::Connected(backend::Connection::new(id)));
        id
    }

    /// Bytes from the peer, copied.
    pub fn received(&mut self, connection: ConnectionId, data: &[u8]) {
        assert!(!data.is_empty(), "no `received` is empty");
        self.give(connection, Event::Received(data.to_vec()));
    }

    /// Bytes from the peer, by reference.
    pub fn received_chunk(&mut self, connection: ConnectionId, data: &[u8]) {
        assert!(!data.is_empty(), "no chunk is empty");
        self.give(connection, Event::ReceivedChunk(backend::Chunk::new(data)));
    }

    /// A write is in the kernel.
    pub fn acked(&mut self, connection: ConnectionId, token: Token) {
        self.give(connection, Event::Acked(token));
    }

    /// A command was refused. `connection` 0: it concerned none.
    pub fn refused(
        &mut self,
        connection: ConnectionId,
        command: CommandName,
        token: Option<Token>,
        reason: Refusal,
    ) {
        let failure = backend::Failure { command, token, reason, sent: 0, returned: None };
        self.give(connection, Event::CommandFailed(failure));
    }

    /// A `write-chunk` was refused; the chunk comes back.
    pub fn refused_chunk(
        &mut self,
        connection: ConnectionId,
        data: &[u8],
        token: Option<Token>,
        reason: Refusal,
    ) {
        let returned = Some(backend::Chunk::new(data));
        let failure = backend::Failure { command: CommandName::WriteChunk, token, reason, sent: 0, returned };
        self.give(connection, Event::CommandFailed(failure));
    }

    /// Answers `resume-writing`.
    pub fn writing_resumed(&mut self, connection: ConnectionId) {
        self.give(connection, Event::WritingResumed);
    }

    /// The peer's FIN.
    pub fn peer_closed(&mut self, connection: ConnectionId) {
        self.give(connection, Event::PeerClosed);
    }

    /// The connection's last event.
    pub fn closed(&mut self, connection: ConnectionId, by: ClosedBy) {
        self.give(connection, Event::Closed(CloseReason { by, unread: 0 }));
    }

    /// The connection went to another handler.
    pub fn delegated(&mut self, connection: ConnectionId, token: Token) {
        self.give(connection, Event::Delegated(token));
    }

    /// A timer is due: the token of the [`Command::SetTimer`].
    pub fn timer(&mut self, token: Token) {
        self.give(0, Event::Timer(token));
    }

    /// A listener was made.
    pub fn bound(&mut self, listener: ListenerId, local: impl Into<Address>) {
        self.give(0, Event::Bound(backend::Listener::new(listener, local.into())));
    }

    /// A listener is closed.
    pub fn unbound(&mut self, token: Token) {
        self.give(0, Event::Unbound(token));
    }

    /// A message, with a share of a connection that this instance does not own, if given.
    pub fn message(&mut self, from: HandlerId, payload: Written, shared: Option<ConnectionId>) {
        let payload = match payload {
            Written::Bytes(bytes) => backend::Payload::Bytes(bytes),
            Written::Chunk(bytes) => backend::Payload::Chunk(backend::Chunk::new(&bytes)),
        };
        if let Some(id) = shared {
            assert!(!self.is_held(id), "the instance holds connection {id} already");
        }
        let shared = shared.map(backend::Connection::new);
        self.give(0, Event::Message(backend::Message { from, payload, shared }));
    }

    /// The service is being stopped.
    pub fn draining(&mut self, deadline_ms: u64) {
        self.give(0, Event::Draining(deadline_ms));
    }

    // ---- what came of them -----------------------------------------------------------------------

    /// The commands since the last call, in order.
    pub fn commands(&mut self) -> Vec<Command> {
        with_record(|record| std::mem::take(&mut record.commands))
    }

    /// The log lines since the last call.
    pub fn log(&mut self) -> Vec<(Level, String)> {
        with_record(|record| std::mem::take(&mut record.log))
    }

    /// A counter of the service.
    #[must_use]
    pub fn counted(&self, name: &str) -> u64 {
        with_record(|record| record.counts.get(name).copied().unwrap_or(0))
    }

    /// Chunks the instance holds.
    #[must_use]
    pub fn chunks_held(&self) -> usize {
        with_record(|record| record.chunks_held)
    }

    /// Does the instance hold the handle of this connection?
    #[must_use]
    pub fn is_held(&self, connection: ConnectionId) -> bool {
        self.runtime.slots.contains_key(&connection)
    }

    /// The state beside a connection: of a [`Handler`], its value.
    #[must_use]
    pub fn state(&self, connection: ConnectionId) -> Option<&M::State> {
        self.runtime.slots.get(&connection).map(|slot| &slot.state)
    }

    /// Changes what a connection answers when asked for facts.
    pub fn set_facts(&mut self, connection: ConnectionId, change: impl FnOnce(&mut Facts)) {
        with_record(|record| change(record.facts(connection)));
    }

    /// Sets both clocks.
    pub fn set_time(&mut self, now_ns: u64, wall_clock_ms: u64) {
        with_record(|record| {
            record.now_ns = now_ns;
            record.wall_clock_ms = wall_clock_ms;
        });
    }

    fn give(&mut self, source: ConnectionId, event: Event) {
        assert!(
            source == 0 || self.is_held(source) || matches!(event, Event::Connected(_)),
            "connection {source} is not held: no event can concern it"
        );
        assert!(self.runtime.handle(source, event).is_ok(), "only `started` can be refused");
    }
}

impl<H: Resumable> Kit<PerConnection<H>> {
    /// What the instance would save for its successor.
    ///
    /// # Errors
    /// The reason the handler gave.
    ///
    /// # Panics
    /// If saving gives a command, which the contract makes a fault.
    pub fn snapshot(&self) -> Result<Vec<u8>, String> {
        let before = with_record(|record| record.commands.len());
        let saved = crate::handover::save(&self.runtime);
        assert_eq!(before, with_record(|record| record.commands.len()), "`save` gave a command");
        saved
    }

    /// A successor with these arguments that takes over these connections from `saved`.
    ///
    /// # Errors
    /// The successor refuses its arguments or the saved state.
    pub fn restore(
        args: &[(&str, &str)],
        version: u32,
        saved: Vec<u8>,
        connections: &[ConnectionId],
    ) -> Result<Self, String> {
        let mut kit = Self::start(StartReason::Restored, args).map_err(|e| e.to_string())?;
        let handle = |id: &ConnectionId| crate::Connection::from_raw(*id, backend::Connection::new(*id));
        let inherited = crate::handover::Inherited {
            schema: H::SCHEMA.to_owned(),
            version,
            bytes: saved,
            connections: connections.iter().map(handle).collect(),
            chunks: crate::handover::HeldChunks::new([]),
        };
        kit.last_connection = connections.iter().copied().max().unwrap_or(0);
        crate::handover::load(&mut kit.runtime, inherited)?;
        Ok(kit)
    }
}

impl<M: Model> fmt::Debug for Kit<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kit").field("last_connection", &self.last_connection).finish_non_exhaustive()
    }
}

impl<M: Model> Drop for Kit<M> {
    fn drop(&mut self) {
        with_record(|record| record.live = false);
    }
}
