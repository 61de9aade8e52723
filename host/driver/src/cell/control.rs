//! What a worker tells a running cell: that the service drains, and that the time for it is over.
//!
//! A slot for each, not a queue: there is nothing to bound.

use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use tidegate_machines::cell::Input;

use super::ready::ReadyQueue;

/// Where orders wait until the cell's task runs.
#[derive(Debug)]
pub(crate) struct Control {
    drain: Cell<Option<Duration>>,
    expiry: Cell<Expiry>,
    ready: Arc<ReadyQueue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expiry {
    Ahead,
    Due,
    Told,
}

impl Control {
    pub(super) fn new(ready: &Arc<ReadyQueue>) -> Rc<Self> {
        Rc::new(Self { drain: Cell::new(None), expiry: Cell::new(Expiry::Ahead), ready: Arc::clone(ready) })
    }

    /// The handler gets `draining`; what is left after `left` will be aborted.
    pub(crate) fn drain(&self, left: Duration) {
        self.drain.set(Some(left));
        self.ready.wake_task();
    }

    /// Every connection left is aborted.
    pub(crate) fn expire(&self) {
        if self.expiry.get() == Expiry::Ahead {
            self.expiry.set(Expiry::Due);
            self.ready.wake_task();
        }
    }

    /// The order that is carried out next.
    pub(super) fn take(&self) -> Option<Input<Bytes>> {
        if let Some(left) = self.drain.take() {
            return Some(Input::Drain(left));
        }
        if self.expiry.get() == Expiry::Due {
            self.expiry.set(Expiry::Told);
            return Some(Input::DrainExpired);
        }
        None
    }
}
