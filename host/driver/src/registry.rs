//! The live connections of one service.
//!
//! Owns: who is live, since when, with how many bytes. Never decides anything: entries come and go with their sockets.
//! Looking costs what is looked at: a view is a page of bounded size, and workers do not share a lock.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tidegate_machines::facts::Endpoint;
use tidegate_machines::{ConnectionId, HandlerId};
use tokio::sync::Notify;

/// Every connection of a service that has a socket.
#[derive(Debug)]
pub struct Registry {
    shards: Box<[Shard]>,
    live: AtomicUsize,
    /// Told when the last one is gone.
    emptied: Notify,
}

/// The connections of one worker.
type Shard = Mutex<BTreeMap<ConnectionId, Arc<LiveConnection>>>;

/// One of them.
#[derive(Debug)]
pub(crate) struct LiveConnection {
    id: ConnectionId,
    handler: HandlerId,
    endpoint: Endpoint,
    opened_at: Instant,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// What is known of one connection at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionView {
    /// Its id.
    pub id: ConnectionId,
    /// Who owns it.
    pub handler: HandlerId,
    /// Its two ends.
    pub endpoint: Endpoint,
    /// Time since it was accepted.
    pub age: Duration,
    /// Bytes read, thrown away ones included.
    pub bytes_in: u64,
    /// Bytes the kernel took.
    pub bytes_out: u64,
}

impl Registry {
    /// An empty one, for `workers` workers (at least one).
    #[must_use]
    pub fn new(workers: usize) -> Arc<Self> {
        let shards = (0..workers.max(1)).map(|_| Mutex::default()).collect();
        Arc::new(Self { shards, live: AtomicUsize::new(0), emptied: Notify::new() })
    }

    /// How many are live.
    #[must_use]
    pub fn live(&self) -> usize {
        self.live.load(Ordering::Acquire)
    }

    /// The first `count_max` live connections with an id above `after`, in order of id. Begin with
    /// [`ConnectionId::NONE`]; go on with the last id of the page before.
    #[must_use]
    pub fn page(&self, after: ConnectionId, count_max: usize) -> Vec<ConnectionView> {
        let mut page = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            page.extend(
                shard
                    .range((Bound::Excluded(after), Bound::Unbounded))
                    .take(count_max)
                    .map(|(_, connection)| connection.view()),
            );
        }
        page.sort_unstable_by_key(|view| view.id);
        page.truncate(count_max);
        page
    }

    /// Waits until none is live.
    pub(crate) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.live() == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// Adds a connection of the worker with this index. It is live until the guard is dropped.
    pub(crate) fn add(
        self: &Arc<Self>,
        worker: usize,
        id: ConnectionId,
        handler: HandlerId,
        endpoint: Endpoint,
    ) -> Live {
        let connection = Arc::new(LiveConnection {
            id,
            handler,
            endpoint,
            opened_at: Instant::now(),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
        });
        let shard = worker % self.shards.len();
        self.live.fetch_add(1, Ordering::AcqRel);
        if let Some(shard) = self.shards.get(shard) {
            lock(shard).insert(id, Arc::clone(&connection));
        }
        Live { registry: Arc::clone(self), shard, connection }
    }
}

impl LiveConnection {
    /// Its two ends.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) fn read(&self, bytes: u64) {
        self.bytes_in.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn written(&self, bytes: u64) {
        self.bytes_out.fetch_add(bytes, Ordering::Relaxed);
    }

    fn view(&self) -> ConnectionView {
        ConnectionView {
            id: self.id,
            handler: self.handler,
            endpoint: self.endpoint.clone(),
            age: self.opened_at.elapsed(),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
        }
    }
}

/// Keeps a connection in its registry.
#[derive(Debug)]
pub(crate) struct Live {
    registry: Arc<Registry>,
    shard: usize,
    connection: Arc<LiveConnection>,
}

impl Live {
    pub(crate) fn connection(&self) -> &Arc<LiveConnection> {
        &self.connection
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(shard) = self.registry.shards.get(self.shard) {
            lock(shard).remove(&self.connection.id);
        }
        if self.registry.live.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.registry.emptied.notify_waiters();
        }
    }
}

/// A map is whole after every step of its owner, so a panic elsewhere cannot have left it half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
