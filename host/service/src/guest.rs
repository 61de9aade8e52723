//! The one place where the driver's guest is the sandbox's instance.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use tidegate_driver::{CounterShard, Guest, GuestContext, GuestFactory, GuestFault};
use tidegate_machines::event::Envelope;
use tidegate_machines::facts::{ConnectionFacts, Endpoint, Facts};
use tidegate_machines::reason::Fault;
use tidegate_machines::turn::Turn;
use tidegate_machines::{ConnectionId, HandlerId, Token};
use tidegate_sandbox::{
    CallFault, Instance, InstanceConfig, InstanceLimits, InstantiateError, Module, SystemAmbient,
};

use crate::guest_log::RunLog;

/// Makes the instances of one service.
pub(crate) struct SandboxFactory {
    pub(crate) service: Arc<str>,
    pub(crate) module: Module,
    pub(crate) args: Arc<[(String, String)]>,
    pub(crate) limits: InstanceLimits,
    /// One clock for all instances.
    pub(crate) ambient: SystemAmbient,
}

/// An instance with its log.
pub(crate) struct SandboxGuest {
    instance: Instance,
    log: Rc<RunLog>,
    counters: CounterShard,
    /// The largest memory reported so far.
    memory_bytes: u64,
}

impl SandboxFactory {
    /// What an instance of `handler` is made with.
    pub(crate) fn config(&self, handler: HandlerId, facts: Rc<dyn Facts>, log: Rc<RunLog>) -> InstanceConfig {
        let mut config = InstanceConfig::new(handler, facts);
        config.args = Arc::clone(&self.args);
        config.limits = self.limits.clone();
        config.log = Some(log);
        config.ambient = Rc::new(self.ambient.clone());
        config
    }
}

impl GuestFactory for SandboxFactory {
    type Guest = SandboxGuest;

    fn instantiate(&self, context: GuestContext) -> Result<SandboxGuest, GuestFault> {
        let GuestContext { handler, facts, counters } = context;
        let log = Rc::new(RunLog::new(&self.service, handler, Some(counters.clone())));
        let config = self.config(handler, facts, Rc::clone(&log));
        let instance = self.module.instantiate(config).map_err(not_made)?;
        Ok(SandboxGuest { instance, log, counters, memory_bytes: 0 })
    }
}

impl Guest for SandboxGuest {
    fn call(&mut self, envelope: Envelope<Bytes>, turn: Turn<Bytes>) -> Result<Turn<Bytes>, GuestFault> {
        self.log.concerns(envelope.source);
        let called = self.instance.call(envelope, turn);
        let memory_bytes = self.instance.memory_peak_bytes();
        if memory_bytes > self.memory_bytes {
            self.memory_bytes = memory_bytes;
            self.counters.guest_memory_peak(memory_bytes);
        }
        called.map_err(|CallFault { fault, message }| GuestFault { fault, message })
    }
}

fn not_made(error: InstantiateError) -> GuestFault {
    match error {
        InstantiateError::Guest(CallFault { fault, message }) => GuestFault { fault, message },
        // The host's limit and not the guest's doing; to the connection it is the same end.
        full @ InstantiateError::Full { .. } => {
            GuestFault { fault: Fault::Memory, message: format!("not the guest's fault: {full}") }
        }
    }
}

/// The facts of an instance that is made for trial: it has no connection.
pub(crate) struct NoConnections;

impl Facts for NoConnections {
    fn connection(&self, _: ConnectionId) -> Option<ConnectionFacts> {
        None
    }

    fn endpoint(&self, _: ConnectionId) -> Option<Endpoint> {
        None
    }

    fn pending_tokens(&self, _: ConnectionId, _: usize) -> Vec<Token> {
        Vec::new()
    }
}
