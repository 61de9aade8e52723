//! Those who may write to a connection, each with a suspension and a waiting `resume-writing` of its own.
//!
//! The owner is one of them. What is per connection (the pending slot, the queue) is not here.
//!
//! Invariant: a suspension ends only by a `writing-resumed` that was announced after the refusal that began it, so
//! that no later write overtakes the refused one (T13).

use crate::id::HandlerId;
use crate::mutation::{self, Mutation};

/// Whether writes of this writer are refused unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Suspension {
    Flowing,
    Suspended,
}

/// Where a `resume-writing` stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Resume {
    /// None was asked for.
    None,
    /// Asked for; something is pending or queued.
    Waiting,
    /// `writing-resumed` is on its way to the guest.
    Announced,
    /// It is on its way, and a suspension began after it was sent: it ends nothing.
    Overtaken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Writer {
    pub(crate) id: HandlerId,
    pub(crate) suspension: Suspension,
    pub(crate) resume: Resume,
}

impl Writer {
    pub(crate) fn new(id: HandlerId) -> Self {
        Self { id, suspension: Suspension::Flowing, resume: Resume::None }
    }

    /// One of its writes was refused, and it registered to be suspended then.
    pub(crate) fn on_refused(&mut self) {
        if self.suspension == Suspension::Flowing && self.resume == Resume::Announced {
            self.resume = Resume::Overtaken;
        }
        if !mutation::is(Mutation::NotSuspended) {
            self.suspension = Suspension::Suspended;
        }
    }

    /// The guest has `writing-resumed` in hand: only now suspension ends (T13).
    pub(crate) fn on_resumed_delivered(&mut self) {
        if self.resume != Resume::Overtaken {
            self.suspension = Suspension::Flowing;
        }
        self.resume = Resume::None;
    }

    /// Whether a `writing-resumed` is owed that was not sent yet.
    pub(crate) fn is_waiting(&self) -> bool {
        self.resume == Resume::Waiting
    }
}
