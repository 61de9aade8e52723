//! From the contract's one event variant to the methods of a handler.
//!
//! Owns: the handles of connections, shares and listeners, and the state that belongs to each. Used by
//! the export macros and the test kit, not by guests.
//! Invariant: a connection's handle is dropped after its last event, never before.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::bindings::tcp_handler::tidegate::tcp::types::StartInfo;
use crate::{
    ArgError, Args, Chunk, CloseReason, Connection, ConnectionId, Failure, Handler, Listener, ListenerId,
    Message, Payload, Resumable, Service, Start, Token, backend, timers, warn,
};

/// What happened on a connection.
#[derive(Debug)]
pub enum ConnectionEvent {
    /// It is this instance's.
    Connected,
    /// Bytes from the peer.
    Received(Payload),
    /// A write is in the kernel.
    Acked(Token),
    /// A command was refused.
    Failed(Failure),
    /// Answers `resume-writing`.
    WritingResumed,
    /// The peer's FIN.
    PeerClosed,
    /// The last event.
    Closed(CloseReason),
    /// It is somebody else's.
    Delegated(Token),
    /// One of its timers is due.
    Timer(Token),
    /// The end is near.
    Draining(Duration),
}

/// What happened to the instance.
#[derive(Debug)]
pub enum InstanceEvent<'a> {
    /// Answers `bind`.
    Bound(&'a Listener),
    /// Answers `unbind`.
    Unbound(Token),
    /// A timer of the instance is due.
    Timer(Token),
    /// From another handler.
    Message(Message<'a>),
    /// A command that concerns no connection was refused.
    Failed(Failure),
    /// The end is near.
    Draining(Duration),
}

/// How events reach what the guest wrote: [`PerConnection`] or [`Shared`].
pub trait Model: Sized {
    /// What is kept beside each connection's handle.
    type State;

    /// The instance starts.
    ///
    /// # Errors
    /// The guest refuses its arguments.
    fn start(start: Start, args: &mut Args) -> Result<Self, ArgError>;

    /// A connection begins.
    fn open(&self) -> Self::State;

    /// Something happened on a connection.
    fn on_connection(&mut self, state: &mut Self::State, c: &Connection, event: ConnectionEvent);

    /// Something happened to the instance.
    fn on_instance(&mut self, event: InstanceEvent<'_>);
}

/// One [`Handler`] value per connection.
#[derive(Debug)]
pub struct PerConnection<H> {
    prototype: H,
}

impl<H: Handler> Model for PerConnection<H> {
    type State = H;

    fn start(_start: Start, args: &mut Args) -> Result<Self, ArgError> {
        let mut prototype = H::default();
        prototype.configure(args)?;
        Ok(Self { prototype })
    }

    fn open(&self) -> H {
        self.prototype.clone()
    }

    #[inline]
    fn on_connection(&mut self, handler: &mut H, c: &Connection, event: ConnectionEvent) {
        match event {
            ConnectionEvent::Connected => handler.connected(c),
            ConnectionEvent::Received(data) => handler.received(c, data),
            ConnectionEvent::Acked(token) => handler.acked(c, token),
            ConnectionEvent::Failed(failure) => handler.failed(c, failure),
            ConnectionEvent::WritingResumed => handler.writing_resumed(c),
            ConnectionEvent::PeerClosed => handler.peer_closed(c),
            ConnectionEvent::Closed(reason) => handler.closed(c, reason),
            ConnectionEvent::Delegated(token) => handler.delegated(c, token),
            ConnectionEvent::Timer(token) => handler.timer(c, token),
            ConnectionEvent::Draining(deadline) => handler.draining(c, deadline),
        }
    }

    fn on_instance(&mut self, event: InstanceEvent<'_>) {
        match event {
            InstanceEvent::Draining(_) => {}
            InstanceEvent::Bound(listener) => {
                warn!("listener {} is of no use to a per-connection handler: dropped", listener.id());
            }
            InstanceEvent::Unbound(token) => warn!("unbound({token}) dropped: it concerns no connection"),
            InstanceEvent::Timer(token) => warn!("timer({token}) dropped: it concerns no connection"),
            InstanceEvent::Message(message) => {
                warn!("message from handler {} dropped: it concerns no connection", message.from);
                if let Some(shared) = message.shared {
                    shared.release();
                }
            }
            InstanceEvent::Failed(failure) => warn!("{failure}"),
        }
    }
}

/// One [`Service`] value for all.
#[derive(Debug)]
pub struct Shared<S> {
    service: S,
}

impl<S: Service> Model for Shared<S> {
    type State = ();

    fn start(start: Start, args: &mut Args) -> Result<Self, ArgError> {
        let mut service = S::default();
        service.started(start, args)?;
        Ok(Self { service })
    }

    fn open(&self) {}

    fn on_connection(&mut self, (): &mut (), c: &Connection, event: ConnectionEvent) {
        let service = &mut self.service;
        match event {
            ConnectionEvent::Connected => service.connected(c),
            ConnectionEvent::Received(data) => service.received(c, data),
            ConnectionEvent::Acked(token) => service.acked(c, token),
            ConnectionEvent::Failed(failure) => service.failed(c, failure),
            ConnectionEvent::WritingResumed => service.writing_resumed(c),
            ConnectionEvent::PeerClosed => service.peer_closed(c),
            ConnectionEvent::Closed(reason) => service.closed(c, reason),
            ConnectionEvent::Delegated(token) => service.delegated(c, token),
            ConnectionEvent::Timer(token) => service.connection_timer(c, token),
            ConnectionEvent::Draining(deadline) => service.connection_draining(c, deadline),
        }
    }

    fn on_instance(&mut self, event: InstanceEvent<'_>) {
        let service = &mut self.service;
        match event {
            InstanceEvent::Bound(listener) => service.bound(listener),
            InstanceEvent::Unbound(token) => service.unbound(token),
            InstanceEvent::Timer(token) => service.timer(token),
            InstanceEvent::Message(message) => service.message(message),
            InstanceEvent::Failed(failure) => service.command_failed(failure),
            InstanceEvent::Draining(deadline) => service.draining(deadline),
        }
    }
}

/// A handle with what belongs to it.
pub(crate) struct Slot<T> {
    pub(crate) connection: Connection,
    pub(crate) state: T,
}

/// One instance: the guest's values and the handles they work with.
pub struct Runtime<M: Model> {
    /// `None` before `started`.
    model: Option<M>,
    pub(crate) slots: BTreeMap<ConnectionId, Slot<M::State>>,
    listeners: BTreeMap<ListenerId, Listener>,
}

impl<M: Model> Runtime<M> {
    /// An instance that was not started yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { model: None, slots: BTreeMap::new(), listeners: BTreeMap::new() }
    }

    /// One event.
    ///
    /// # Errors
    /// The guest refuses its arguments (only for `started`).
    #[inline]
    pub(crate) fn handle(&mut self, source: ConnectionId, event: backend::Event) -> Result<(), ArgError> {
        use backend::Event;
        match event {
            Event::Received(bytes) => self.on(source, ConnectionEvent::Received(bytes.into())),
            Event::ReceivedChunk(chunk) => {
                self.on(source, ConnectionEvent::Received(Chunk::from_raw(chunk).into()));
            }
            Event::Acked(token) => self.on(source, ConnectionEvent::Acked(token)),
            Event::WritingResumed => self.on(source, ConnectionEvent::WritingResumed),
            Event::PeerClosed => self.on(source, ConnectionEvent::PeerClosed),
            Event::Connected(raw) => {
                if let Some(model) = &self.model {
                    let slot = Slot { connection: Connection::from_raw(source, raw), state: model.open() };
                    self.slots.insert(source, slot);
                    self.on(source, ConnectionEvent::Connected);
                }
            }
            Event::Closed(reason) => {
                self.on(source, ConnectionEvent::Closed(reason));
                self.end(source);
            }
            Event::Delegated(token) => {
                self.on(source, ConnectionEvent::Delegated(token));
                self.end(source);
            }
            Event::CommandFailed(raw) => {
                let failure = Failure::from_raw(raw);
                if source == 0 {
                    self.on_instance(InstanceEvent::Failed(failure));
                } else {
                    self.on(source, ConnectionEvent::Failed(failure));
                }
            }
            Event::Started(info) => return self.start(info),
            Event::Timer(token) => match timers::fired(token) {
                Some((connection, token)) => self.on(connection, ConnectionEvent::Timer(token)),
                None => self.on_instance(InstanceEvent::Timer(token)),
            },
            Event::Bound(raw) => self.bound(raw),
            Event::Unbound(token) => {
                self.on_instance(InstanceEvent::Unbound(token));
                self.listeners.retain(|_, listener| !listener.is_unbound_by(token));
            }
            Event::Message(raw) => self.message(raw),
            Event::Draining(deadline_ms) => self.draining(Duration::from_millis(deadline_ms)),
        }
        Ok(())
    }

    /// Hands an event to the connection it concerns. One that is not known (any more) has no effect.
    #[inline]
    fn on(&mut self, source: ConnectionId, event: ConnectionEvent) {
        let (Some(model), Some(slot)) = (&mut self.model, self.slots.get_mut(&source)) else { return };
        model.on_connection(&mut slot.state, &slot.connection, event);
        if slot.connection.is_released() {
            self.end(source);
        }
    }

    /// The connection's last event was handled: its timers and its handle go.
    fn end(&mut self, source: ConnectionId) {
        timers::forget(source);
        self.slots.remove(&source);
    }

    fn on_instance(&mut self, event: InstanceEvent<'_>) {
        if let Some(model) = &mut self.model {
            model.on_instance(event);
        }
    }

    fn start(&mut self, info: StartInfo) -> Result<(), ArgError> {
        let mut args = Args::new(info.args);
        let model = M::start(Start { why: info.why, me: info.self_ }, &mut args)?;
        args.finish()?;
        self.model = Some(model);
        Ok(())
    }

    fn bound(&mut self, raw: backend::Listener) {
        let Some(model) = &mut self.model else { return };
        let listener = Listener::from_raw(raw);
        let id = listener.id();
        model.on_instance(InstanceEvent::Bound(self.listeners.entry(id).or_insert(listener)));
    }

    fn message(&mut self, raw: backend::Message) {
        let Some(model) = &mut self.model else { return };
        let payload = Payload::from_raw(raw.payload);
        let Some(shared) = raw.shared else {
            model.on_instance(InstanceEvent::Message(Message { from: raw.from, payload, shared: None }));
            return;
        };
        let id = shared.id();
        let slot = self
            .slots
            .entry(id)
            .or_insert_with(|| Slot { connection: Connection::from_raw(id, shared), state: model.open() });
        let message = Message { from: raw.from, payload, shared: Some(&slot.connection) };
        model.on_instance(InstanceEvent::Message(message));
        if slot.connection.is_released() {
            self.end(id);
        }
    }

    fn draining(&mut self, deadline: Duration) {
        self.on_instance(InstanceEvent::Draining(deadline));
        let ids: Vec<ConnectionId> = self.slots.keys().copied().collect();
        for id in ids {
            self.on(id, ConnectionEvent::Draining(deadline));
        }
    }

    /// The guest's state for connections, once started.
    pub(crate) const fn model(&self) -> Option<&M> {
        self.model.as_ref()
    }

    /// Takes a handle over from a predecessor.
    pub(crate) fn adopt(&mut self, connection: Connection, state: M::State) {
        self.slots.insert(connection.id(), Slot { connection, state });
    }

    /// Takes a listener over from a predecessor.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn adopt_listener(&mut self, raw: backend::Listener) {
        let listener = Listener::from_raw(raw);
        self.listeners.insert(listener.id(), listener);
    }
}

impl<M: Model> Default for Runtime<M> {
    fn default() -> Self {
        Self::new()
    }
}

/// Compiles only for what the export macros accept.
pub fn check_model<M: Model>() {}

/// Compiles only for what `export_swappable!` accepts.
pub fn check_resumable<H: Resumable>() {}
