//! Which connections of a cell have something to be looked at.
//!
//! Owns: one entry at most for each connection, so the queue is bounded by the number of connections. A cell with
//! thousands of connections therefore looks only at those something happened to.

use core::sync::atomic::{AtomicU8, Ordering};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use tidegate_machines::ConnectionId;

/// The queue of one cell, and how to wake its task.
#[derive(Debug, Default)]
pub(super) struct ReadyQueue {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    ready: VecDeque<ConnectionId>,
    task: Option<Waker>,
}

impl ReadyQueue {
    /// Remembers whom to wake.
    pub(super) fn set_task(&self, task: &Waker) {
        let mut inner = self.lock();
        match &mut inner.task {
            Some(known) => known.clone_from(task),
            none @ None => *none = Some(task.clone()),
        }
    }

    /// The connection that has waited longest.
    pub(super) fn pop(&self) -> Option<ConnectionId> {
        self.lock().ready.pop_front()
    }

    /// Has the cell's task run again.
    pub(super) fn wake_task(&self) {
        let task = self.lock().task.clone();
        if let Some(task) = task {
            task.wake();
        }
    }

    fn push(&self, connection: ConnectionId) {
        self.lock().ready.push_back(connection);
    }

    /// Nothing panics while it is held.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a connection in the queue is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It is to be looked at again: what it may do has changed.
    Again,
    /// Its socket has news.
    News,
}

const RESTING: u8 = 0;
const QUEUED: u8 = 1;
const QUEUED_WITH_NEWS: u8 = 2;

/// One connection's place in the queue; also the waker its socket gets.
#[derive(Debug)]
pub(super) struct Signal {
    connection: ConnectionId,
    queue: Arc<ReadyQueue>,
    state: AtomicU8,
}

impl Signal {
    pub(super) fn new(connection: ConnectionId, queue: &Arc<ReadyQueue>) -> Arc<Self> {
        Arc::new(Self { connection, queue: Arc::clone(queue), state: AtomicU8::new(RESTING) })
    }

    /// Queues it, if it is not queued already. Does not wake the task: the caller is the task.
    pub(super) fn queue(&self, cause: Cause) {
        let wanted = match cause {
            Cause::Again => QUEUED,
            Cause::News => QUEUED_WITH_NEWS,
        };
        if self.state.fetch_max(wanted, Ordering::AcqRel) == RESTING {
            self.queue.push(self.connection);
        }
    }

    /// It was taken from the queue: why it was there.
    pub(super) fn take(&self) -> Cause {
        match self.state.swap(RESTING, Ordering::AcqRel) {
            QUEUED_WITH_NEWS => Cause::News,
            _ => Cause::Again,
        }
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.queue(Cause::News);
        self.queue.wake_task();
    }
}
