//! What one connection takes of limits that are shared: a place in its service, a share of its worker's load.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

/// Given back when dropped.
#[derive(Debug)]
pub(crate) struct Places {
    _service: Option<OwnedSemaphorePermit>,
    _worker: Option<LoadShare>,
}

impl Places {
    pub(crate) fn new(service: OwnedSemaphorePermit, worker: LoadShare) -> Self {
        Self { _service: Some(service), _worker: Some(worker) }
    }

    /// Of a connection that no limit counts.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self { _service: None, _worker: None }
    }
}

/// How many connections a worker has, those on their way to it included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Load(Arc<AtomicUsize>);

impl Load {
    /// One more.
    pub(crate) fn share(&self) -> LoadShare {
        self.0.fetch_add(1, Ordering::AcqRel);
        LoadShare(self.clone())
    }

    pub(crate) fn connections(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

/// One connection's part of a load.
#[derive(Debug)]
pub(crate) struct LoadShare(Load);

impl Drop for LoadShare {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}
