//! One service: what its cells share, where its listeners are, how it is reached from outside.

use core::cell::RefCell;
use core::future::Future;
use core::time::Duration;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;

use tidegate_machines::command::ReadMode;
use tidegate_machines::facts::{Address, Endpoint};
use tidegate_machines::limits::{ConnectionLimits, HandlerLimits};
use tokio::sync::{Semaphore, watch};

use super::drain::{self, DrainReport, Stage};
use super::error::ServeError;
use super::listener::{self, Listener};
use super::supervise::Supervised;
use super::worker::Worker;
use super::{Ids, RuntimeShared, ServiceKey};
use crate::cell::{CellContext, CellTask, Opening};
use crate::counters::Counters;
use crate::guest::GuestFactory;
use crate::limits::{LISTENERS_MAX, Tuning};
use crate::places::Places;
use crate::registry::Registry;
use crate::scratch::Scratch;
use crate::socket::TcpSocket;

/// What is to be served, and how.
pub struct ServiceSpec<F> {
    /// Named in log lines.
    pub name: Arc<str>,
    /// Where to listen, 1 to [`LISTENERS_MAX`] addresses. Port 0 takes a free one.
    pub addresses: Vec<SocketAddr>,
    /// Makes an instance for each connection.
    pub factory: F,
    /// Bounds of each handler.
    pub handler_limits: HandlerLimits,
    /// Bounds of each connection.
    pub connection_limits: ConnectionLimits,
    /// When bytes are read if `register` does not say.
    pub read_mode: ReadMode,
    /// Bounds of sockets and listeners.
    pub tuning: Tuning,
}

/// A running service, seen from outside. Copies are handles of the same service.
#[derive(Clone)]
pub struct ServiceHandle {
    shared: Arc<ServiceShared>,
}

/// The part of a service that does not depend on what it runs.
pub(super) struct ServiceShared {
    pub(super) name: Arc<str>,
    pub(super) runtime: Arc<RuntimeShared>,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) counters: Arc<Counters>,
    pub(super) registry: Arc<Registry>,
    pub(super) stage: watch::Sender<Stage>,
    /// How the drain ended, once it has.
    pub(super) drained: watch::Sender<Option<DrainReport>>,
    /// How many listeners still accept.
    pub(super) listening: watch::Sender<usize>,
    pub(super) place: Arc<dyn Place>,
}

/// A socket on its way to its worker.
pub(super) struct Accepted {
    pub(super) fd: OwnedFd,
    pub(super) remote: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) places: Places,
}

/// Makes a cell for an accepted socket, whatever kind of guest is behind it.
pub(super) trait Place: Send + Sync {
    /// Different for every service of the runtime.
    fn key(&self) -> ServiceKey;
    fn place(&self, worker: &Rc<Worker>, accepted: Accepted);
}

/// The part of a service that knows its factory.
struct Kind<F> {
    key: ServiceKey,
    name: Arc<str>,
    factory: Arc<F>,
    handler_limits: HandlerLimits,
    connection_limits: ConnectionLimits,
    read_mode: ReadMode,
    tuning: Tuning,
    counters: Arc<Counters>,
    registry: Arc<Registry>,
    ids: Arc<Ids>,
}

pub(super) fn serve<F: GuestFactory>(
    runtime: &Arc<RuntimeShared>,
    spec: ServiceSpec<F>,
) -> Result<ServiceHandle, ServeError> {
    let count = spec.addresses.len();
    if count == 0 {
        return Err(ServeError::NoListener);
    }
    if count > LISTENERS_MAX {
        return Err(ServeError::TooManyListeners { count, max: LISTENERS_MAX });
    }
    // All are bound before one accepts, so that a failure leaves nothing behind.
    let mut bound = Vec::with_capacity(count);
    for address in &spec.addresses {
        let listening = listener::bind(*address, spec.tuning.backlog);
        bound.push(listening.map_err(|source| ServeError::listen(*address, source))?);
    }
    let addresses = bound.iter().map(|(_, address)| *address).collect();
    let workers = runtime.workers.len();
    let counters = Counters::new(workers);
    let registry = Registry::new(workers);
    let places = Arc::new(Semaphore::new(spec.tuning.connections_max.min(Semaphore::MAX_PERMITS)));
    let accept_batch = spec.tuning.accept_batch.max(1);
    let place: Arc<dyn Place> = Arc::new(Kind {
        key: runtime.ids.service(),
        name: Arc::clone(&spec.name),
        factory: Arc::new(spec.factory),
        handler_limits: spec.handler_limits,
        connection_limits: spec.connection_limits,
        read_mode: spec.read_mode,
        tuning: spec.tuning,
        counters: Arc::clone(&counters),
        registry: Arc::clone(&registry),
        ids: Arc::clone(&runtime.ids),
    });
    let shared = Arc::new(ServiceShared {
        name: spec.name,
        runtime: Arc::clone(runtime),
        addresses,
        counters,
        registry,
        stage: watch::Sender::new(Stage::Accepting),
        drained: watch::Sender::new(None),
        listening: watch::Sender::new(count),
        place,
    });
    for (index, (fd, address)) in bound.into_iter().enumerate() {
        let listener = Listener::new(&shared, index, address, Arc::clone(&places), accept_batch);
        listener.start(fd).map_err(|source| ServeError::listen(address, source))?;
    }
    Ok(ServiceHandle { shared })
}

impl ServiceHandle {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Where it listens, in the order asked for, with the ports the system chose.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.shared.addresses
    }

    /// What is counted for it.
    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        &self.shared.counters
    }

    /// Its live connections.
    #[must_use]
    pub fn connections(&self) -> &Arc<Registry> {
        &self.shared.registry
    }

    /// Stops accepting (connections that wait in the kernel's queue are still taken), tells the handlers, waits until
    /// all connections are gone, and aborts those that are left after `limit`. A second drain joins the first.
    ///
    /// It goes on whether the future is polled or not, and the future can be awaited on any runtime.
    pub fn drain(&self, limit: Duration) -> impl Future<Output = DrainReport> + Send + 'static + use<> {
        drain::start(&self.shared, limit)
    }

    /// Whether it was drained, and that is done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shared.drained.borrow().is_some()
    }

    /// Cuts a drain short: what is left is aborted now.
    pub fn abort(&self) {
        drain::cut_short(&self.shared);
    }
}

impl<F: GuestFactory> Place for Kind<F> {
    fn key(&self) -> ServiceKey {
        self.key
    }

    fn place(&self, worker: &Rc<Worker>, accepted: Accepted) {
        let key = self.key;
        let context = worker.local(key, || CellContext {
            service: Arc::clone(&self.name),
            factory: Arc::clone(&self.factory),
            handler_limits: self.handler_limits.clone(),
            connection_limits: self.connection_limits.clone(),
            read_mode: self.read_mode,
            counters: self.counters.shard(worker.index),
            registry: Arc::clone(&self.registry),
            worker: worker.index,
            scratch: Rc::new(RefCell::new(Scratch::new(self.tuning.read_chunk_bytes))),
            clock: worker.clock,
        });
        let socket = match TcpSocket::new(accepted.fd) {
            Ok(socket) => socket,
            Err(error) => {
                context.counters.accept_failed();
                tracing::warn!(
                    service = &*self.name,
                    "a connection cannot be watched and is dropped: {error}"
                );
                return;
            }
        };
        let handler = self.ids.handler();
        let opening = Opening {
            connection: self.ids.connection(),
            endpoint: Endpoint {
                remote: Address::Ip(accepted.remote),
                local: Address::Ip(accepted.local),
                is_inbound: true,
            },
            socket,
            places: accepted.places,
        };
        context.counters.accepted();
        let task = CellTask::new(Rc::clone(&context), handler, vec![opening]);
        worker.add_cell(key, handler, task.control());
        let supervised = Supervised::new(task, context, handler);
        let worker = Rc::clone(worker);
        // The cell has a work budget of its own; tokio's would only cut it into other pieces.
        tokio::task::spawn_local(tokio::task::coop::unconstrained(async move {
            supervised.await;
            worker.remove_cell(key, handler);
        }));
    }
}
