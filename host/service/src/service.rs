//! A running service, as an embedder sees it.

use core::future::Future;
use core::time::Duration;
use std::net::SocketAddr;

use tidegate_driver::{ConnectionView, DrainReport, ServiceHandle, Snapshot};
use tidegate_machines::ConnectionId;
use tidegate_sandbox::Module;

use crate::limits::Limits;

/// A running service. Clones are handles of the same one; dropping them all does not end it.
#[derive(Clone)]
pub struct Service {
    handle: ServiceHandle,
    module: Module,
    limits: Limits,
}

impl Service {
    pub(crate) fn new(handle: ServiceHandle, module: Module, limits: Limits) -> Self {
        Self { handle, module, limits }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.handle.name()
    }

    /// What handles its connections.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Its limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where it listens, in the order asked for, with the ports the system chose.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        self.handle.addresses()
    }

    /// Its counters, as of about now.
    #[must_use]
    pub fn counters(&self) -> Snapshot {
        self.handle.counters().snapshot()
    }

    /// How many connections have a socket.
    #[must_use]
    pub fn connections_live(&self) -> usize {
        self.handle.connections().live()
    }

    /// The first `count_max` live connections with an id above `after`, in order of id; begin with
    /// [`ConnectionId::NONE`]. Costs what it returns, however many there are.
    #[must_use]
    pub fn connections(&self, after: ConnectionId, count_max: usize) -> Vec<ConnectionView> {
        self.handle.connections().page(after, count_max)
    }

    /// Ends it in order; see [`Host::drain`](crate::Host::drain).
    pub fn drain(&self, limit: Duration) -> impl Future<Output = DrainReport> + Send + 'static + use<> {
        self.handle.drain(limit)
    }

    /// Cuts its drain short: what is left is aborted now.
    pub fn abort(&self) {
        self.handle.abort();
    }

    /// Whether it was drained, and that is done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.handle.is_over()
    }
}

impl core::fmt::Debug for Service {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Service")
            .field("name", &self.name())
            .field("addresses", &self.addresses())
            .finish_non_exhaustive()
    }
}
