//! What the driver knows of guests: something that is called with an event and returns what it recorded.

use core::fmt;
use std::rc::Rc;

use bytes::Bytes;
use tidegate_machines::HandlerId;
use tidegate_machines::event::Envelope;
use tidegate_machines::facts::Facts;
use tidegate_machines::reason::Fault;
use tidegate_machines::turn::Turn;

use crate::counters::CounterShard;

/// One handler instance. It lives on one worker for life and need not be `Send`.
pub trait Guest: 'static {
    /// Gives it one event and returns `turn` with the commands it recorded. Must not block: the worker's other
    /// connections wait meanwhile.
    ///
    /// Payload of [`Event::Received`](tidegate_machines::event::Event::Received) may lie in the worker's read buffer:
    /// copy what is kept. That of `ReceivedChunk` may be kept as it is.
    ///
    /// # Errors
    /// The fault for which the instance is to be dropped with its connections. Nothing recorded has any effect then.
    fn call(&mut self, envelope: Envelope<Bytes>, turn: Turn<Bytes>) -> Result<Turn<Bytes>, GuestFault>;
}

/// Makes instances, on the worker where they will live.
pub trait GuestFactory: Send + Sync + 'static {
    /// What it makes.
    type Guest: Guest;

    /// Makes the instance of one handler. `started` is its first call.
    ///
    /// # Errors
    /// The fault of an instance that could not be made; its connections are reset.
    fn instantiate(&self, context: GuestContext) -> Result<Self::Guest, GuestFault>;
}

/// What an instance may know of its place.
pub struct GuestContext {
    /// Its handler's id.
    pub handler: HandlerId,
    /// Where facts of its connections come from, also during a call.
    pub facts: Rc<dyn Facts>,
    /// Where what it counts is counted.
    pub counters: CounterShard,
}

/// Why an instance has to be dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestFault {
    /// What kind of fault.
    pub fault: Fault,
    /// One line for the log: whose fault, which limit, where.
    pub message: String,
}

impl fmt::Display for GuestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.fault, self.message)
    }
}

impl std::error::Error for GuestFault {}
