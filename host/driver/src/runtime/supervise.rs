//! A panic in one cell's task costs that cell only.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tidegate_machines::HandlerId;

use crate::cell::{CellContext, CellTask};
use crate::guest::GuestFactory;
use crate::socket::Socket;

/// The task of a cell, as a worker runs it.
pub(super) struct Supervised<S: Socket, F: GuestFactory> {
    task: Option<CellTask<S, F>>,
    context: Rc<CellContext<F>>,
    handler: HandlerId,
}

impl<S: Socket, F: GuestFactory> Supervised<S, F> {
    pub(super) fn new(task: CellTask<S, F>, context: Rc<CellContext<F>>, handler: HandlerId) -> Self {
        Self { task: Some(task), context, handler }
    }
}

impl<S: Socket, F: GuestFactory> Future for Supervised<S, F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(task) = &mut self.task else { return Poll::Ready(()) };
        // Whatever state the panic left behind is dropped at once and seen by nobody.
        let panic = match catch_unwind(AssertUnwindSafe(|| Pin::new(task).poll(context))) {
            Ok(poll) => return poll,
            Err(panic) => panic,
        };
        self.context.counters.panicked();
        tracing::error!(
            service = &*self.context.service,
            handler = self.handler.0,
            "this program panicked serving a handler, whose connections are reset: {}",
            message(&*panic)
        );
        let task = self.task.take();
        if catch_unwind(AssertUnwindSafe(|| drop(task))).is_err() {
            tracing::error!(handler = self.handler.0, "and once more while dropping it");
        }
        Poll::Ready(())
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)")
}
