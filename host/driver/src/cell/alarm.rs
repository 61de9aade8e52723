//! One sleep for a cell, set to its next deadline.
//!
//! A deadline that moves back does not touch the sleep: it rings early, finds nothing due and is set again. So an idle
//! limit that restarts with every byte costs nothing for each byte.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use tokio::time::{Instant, Sleep};

#[derive(Debug, Default)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    /// When the sleep rings; `None` if it rang or never was set.
    set_to: Option<Instant>,
}

impl Alarm {
    /// Ready when `deadline` has passed. Else the task is woken then, or earlier.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let sleep = match &mut self.sleep {
            Some(sleep) => sleep,
            none => none.insert(Box::pin(tokio::time::sleep_until(deadline))),
        };
        // At most twice: after it rang it is set to a deadline that is due or ahead.
        loop {
            if self.set_to.is_none_or(|set_to| deadline < set_to) {
                sleep.as_mut().reset(deadline);
                self.set_to = Some(deadline);
            }
            match sleep.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => {
                    let rang = self.set_to.take();
                    if rang.is_some_and(|rang| rang >= deadline) {
                        return Poll::Ready(());
                    }
                }
            }
        }
    }
}
