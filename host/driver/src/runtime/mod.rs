//! Workers, services and their listeners: from the threads up to the accepted socket.
//!
//! Owns: the worker threads, ids, which worker gets a connection, drain. Never touches a data socket after it was
//! handed to its cell.

mod drain;
mod error;
mod listener;
mod service;
mod supervise;
mod worker;

use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use tidegate_machines::{ConnectionId, HandlerId};

use crate::clock::Clock;
use crate::guest::GuestFactory;
use crate::limits::WORKERS_MAX;
pub use drain::DrainReport;
pub use error::{RuntimeError, ServeError};
pub use service::{ServiceHandle, ServiceSpec};
use worker::{WorkerHandle, WorkerThread};

/// How a runtime is made.
#[derive(Clone)]
pub struct RuntimeConfig {
    /// Worker threads, 1 to [`WORKERS_MAX`]; one for each available core.
    pub workers: NonZeroUsize,
    /// Called by each worker thread before it serves, with its index.
    pub on_worker_start: Option<Arc<dyn Fn(usize) + Send + Sync>>,
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        let workers = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { workers, on_worker_start: None }
    }
}

/// Worker threads that serve. Dropping it resets every connection left and joins the threads.
pub struct Runtime {
    // Dropped first: a worker ends when nobody can send to it.
    shared: Arc<RuntimeShared>,
    threads: Vec<WorkerThread>,
}

/// What services need of their runtime.
pub(crate) struct RuntimeShared {
    pub(crate) workers: Vec<WorkerHandle>,
    pub(crate) ids: Arc<Ids>,
}

/// Numbers that are never used twice in the life of the host. 0 is none.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    connections: AtomicU64,
    handlers: AtomicU64,
    services: AtomicU64,
}

/// Names a service within its runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServiceKey(u64);

impl Ids {
    pub(crate) fn connection(&self) -> ConnectionId {
        ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(crate) fn handler(&self) -> HandlerId {
        HandlerId(self.handlers.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(crate) fn service(&self) -> ServiceKey {
        ServiceKey(self.services.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl Runtime {
    /// Starts the worker threads.
    ///
    /// # Errors
    /// No thread, or no readiness queue, could be made.
    pub fn start(config: RuntimeConfig) -> Result<Self, RuntimeError> {
        let clock = Clock::start();
        let count = config.workers.get().min(WORKERS_MAX);
        let mut threads = Vec::with_capacity(count);
        let mut workers = Vec::with_capacity(count);
        for index in 0..count {
            let (handle, thread) = WorkerThread::start(index, clock, config.on_worker_start.clone())?;
            workers.push(handle);
            threads.push(thread);
        }
        Ok(Self { shared: Arc::new(RuntimeShared { workers, ids: Arc::default() }), threads })
    }

    /// Number of workers.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.threads.len()
    }

    /// An id for a handler that no connection caused, such as a probe.
    #[must_use]
    pub fn new_handler_id(&self) -> HandlerId {
        self.shared.ids.handler()
    }

    /// Binds the addresses of `spec` and serves them until drained, or until this runtime is dropped.
    ///
    /// # Errors
    /// An address could not be bound; then none is.
    pub fn serve<F: GuestFactory>(&self, spec: ServiceSpec<F>) -> Result<ServiceHandle, ServeError> {
        service::serve(&self.shared, spec)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        for thread in &self.threads {
            thread.stop();
        }
        for thread in &mut self.threads {
            thread.join();
        }
    }
}

/// The pause after the `attempt`th failure in a row, doubled each time within two bounds.
pub(crate) fn backed_off(attempt: u32, least: Duration, most: Duration) -> Duration {
    least.saturating_mul(2_u32.saturating_pow(attempt)).min(most)
}
