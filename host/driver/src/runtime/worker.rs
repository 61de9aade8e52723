//! One worker: a thread with a tokio runtime of its own, and the cells that live on it.
//!
//! Owns: the scratch buffer, the list of its cells by service. Never shares a cell with another thread.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;

use tidegate_machines::HandlerId;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;

use super::ServiceKey;
use super::error::RuntimeError;
use super::service::{Accepted, Place};
use crate::cell::Control;
use crate::clock::Clock;
use crate::limits::WORKER_QUEUE_MAX;
use crate::places::Load;

/// What a worker is asked.
pub(super) enum Request {
    /// Serve a connection.
    Accepted(Arc<dyn Place>, Accepted),
    /// Tell the service's handlers that it drains.
    Drain(Arc<dyn Place>, Duration),
    /// Abort what the service has left.
    Expire(Arc<dyn Place>),
    /// The service is over: drop what is kept for it.
    Forget(Arc<dyn Place>),
}

/// How others reach a worker.
#[derive(Clone)]
pub(crate) struct WorkerHandle {
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) load: Load,
    pub(super) runtime: Handle,
}

/// The thread of a worker.
pub(super) struct WorkerThread {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

type OnStart = Arc<dyn Fn(usize) + Send + Sync>;

impl WorkerThread {
    pub(super) fn start(
        index: usize,
        clock: Clock,
        on_start: Option<OnStart>,
    ) -> Result<(WorkerHandle, Self), RuntimeError> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|source| RuntimeError::Readiness { index, source })?;
        let (requests, inbox) = mpsc::channel(WORKER_QUEUE_MAX);
        let (stop, stopped) = watch::channel(false);
        let load = Load::default();
        let handle = WorkerHandle { requests, load, runtime: runtime.handle().clone() };
        let thread = std::thread::Builder::new()
            .name(format!("tidegate-{index}"))
            .spawn(move || {
                if let Some(on_start) = on_start {
                    on_start(index);
                }
                let worker =
                    Rc::new(Worker { index, clock, cells: RefCell::default(), locals: RefCell::default() });
                // Dropping the set drops its cells, which reset what they have left.
                LocalSet::new().block_on(&runtime, serve(worker, inbox, stopped));
            })
            .map_err(|source| RuntimeError::Thread { index, source })?;
        Ok((handle, Self { stop, thread: Some(thread) }))
    }

    /// The worker ends as soon as the task it runs yields.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(super) fn join(&mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a worker thread panicked");
        }
    }
}

/// What lives on the worker's thread.
pub(crate) struct Worker {
    pub(super) index: usize,
    pub(super) clock: Clock,
    /// Where orders to a running cell are left, by the service's key.
    cells: RefCell<BTreeMap<(ServiceKey, HandlerId), Rc<Control>>>,
    /// What services keep here; see [`Worker::local`].
    locals: RefCell<BTreeMap<ServiceKey, Rc<dyn core::any::Any>>>,
}

impl Worker {
    /// What the service with `key` keeps on this worker, made on first use.
    pub(super) fn local<T: 'static>(&self, key: ServiceKey, make: impl FnOnce() -> T) -> Rc<T> {
        let known = self.locals.borrow().get(&key).cloned();
        if let Some(known) = known.and_then(|known| known.downcast().ok()) {
            return known;
        }
        let made = Rc::new(make());
        let kept: Rc<T> = Rc::clone(&made);
        self.locals.borrow_mut().insert(key, kept);
        made
    }

    pub(super) fn add_cell(&self, service: ServiceKey, handler: HandlerId, control: Rc<Control>) {
        self.cells.borrow_mut().insert((service, handler), control);
    }

    pub(super) fn remove_cell(&self, service: ServiceKey, handler: HandlerId) {
        self.cells.borrow_mut().remove(&(service, handler));
    }

    /// Cells that still run keep what they need themselves.
    fn forget(&self, key: ServiceKey) {
        self.locals.borrow_mut().remove(&key);
    }

    fn tell(&self, service: ServiceKey, order: impl Fn(&Control)) {
        let from = (service, HandlerId(0));
        let to = (service, HandlerId(u64::MAX));
        for (_, control) in self.cells.borrow().range(from..=to) {
            order(control);
        }
    }
}

async fn serve(worker: Rc<Worker>, mut inbox: mpsc::Receiver<Request>, mut stopped: watch::Receiver<bool>) {
    loop {
        let request = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return,
            request = inbox.recv() => request,
        };
        match request {
            None => return,
            Some(Request::Accepted(service, accepted)) => service.place(&worker, accepted),
            Some(Request::Drain(service, left)) => worker.tell(service.key(), |control| control.drain(left)),
            Some(Request::Expire(service)) => worker.tell(service.key(), Control::expire),
            Some(Request::Forget(service)) => worker.forget(service.key()),
        }
    }
}
