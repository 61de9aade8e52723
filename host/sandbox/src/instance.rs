//! One handler's instance: a store, the exports, and the way of an event through them.
//!
//! Owns the store and everything in it. Not `Send`: an instance lives and dies on its worker. After a fault it is dead
//! and only repeats the fault; dropping it frees its slot and runs no code of the guest.

use crate::ambient::{Ambient, SystemAmbient};
use crate::bindings::deliver::deliver;
use crate::bindings::version::{Handler, HandlerPre};
use crate::cpu::{CpuWatch, FIRST_LOOK_TICKS};
use crate::engine::Engine;
use crate::error::InstantiateError;
use crate::fault::{CallFault, Stop, classify, is_of_the_system};
use crate::handles::Handles;
use crate::limits::{InstanceLimits, Limiter};
use crate::output::{GuestLog, Output};
use crate::state::{ChunkIds, Parts, State};
use bytes::Bytes;
use std::rc::Rc;
use std::sync::Arc;
use tidegate_machines::HandlerId;
use tidegate_machines::event::{Envelope, Event};
use tidegate_machines::facts::Facts;
use tidegate_machines::reason::Fault;
use tidegate_machines::turn::Turn;
use wasmtime::{PoolConcurrencyLimitError, Store, UpdateDeadline};

/// Handles of WASI streams and the like, which need no entry in our table, beside the guest's own.
const EXTRA_HANDLES: usize = 64;

/// What an instance is made with.
#[derive(Clone)]
pub struct InstanceConfig {
    /// Its handler's id.
    pub handler: HandlerId,
    /// Arguments of the service, told in `started`.
    pub args: Arc<[(String, String)]>,
    /// Its bounds.
    pub limits: InstanceLimits,
    /// Where facts of its connections come from.
    pub facts: Rc<dyn Facts>,
    /// Where its lines and counts go; `None` drops them.
    pub log: Option<Rc<dyn GuestLog>>,
    /// Where it gets time and randomness; one for all instances of a worker will do.
    pub ambient: Rc<dyn Ambient>,
}

impl InstanceConfig {
    /// No arguments, default limits, no log, the system's clocks.
    #[must_use]
    pub fn new(handler: HandlerId, facts: Rc<dyn Facts>) -> Self {
        Self {
            handler,
            args: Arc::from([]),
            limits: InstanceLimits::default(),
            facts,
            log: None,
            ambient: Rc::new(SystemAmbient::default()),
        }
    }
}

/// A live instance.
pub struct Instance {
    store: Store<State>,
    handler: Handler,
    args: Arc<[(String, String)]>,
    failed: Option<CallFault>,
}

impl Instance {
    pub(crate) fn new(
        engine: &Engine,
        pre: &HandlerPre,
        config: InstanceConfig,
    ) -> Result<Self, InstantiateError> {
        let args = config.args.clone();
        let mut store = make_store(engine, config);
        store.data_mut().begin_call(None);
        store.set_epoch_deadline(FIRST_LOOK_TICKS);
        let made = pre.instantiate(&mut store);
        store.data_mut().end_call();
        match made {
            Ok(handler) => Ok(Self { store, handler, args, failed: None }),
            Err(error) => {
                store.data_mut().output.finish();
                Err(not_made(engine, &store, &error))
            }
        }
    }

    /// Delivers one event. `turn` is empty and comes back with the commands the guest recorded.
    ///
    /// # Errors
    /// The guest failed. None of its commands may run, and this instance is dead: every later call returns the same
    /// fault.
    pub fn call(&mut self, envelope: Envelope<Bytes>, turn: Turn<Bytes>) -> Result<Turn<Bytes>, CallFault> {
        if let Some(fault) = &self.failed {
            return Err(fault.clone());
        }
        let name = event_name(&envelope.event);
        self.store.data_mut().begin_call(Some(turn));
        self.store.set_epoch_deadline(FIRST_LOOK_TICKS);
        let result = deliver(&mut self.store, &self.handler, &self.args, envelope);
        let turn = self.store.data_mut().end_call();
        let error = match (result, turn) {
            (Ok(()), Some(turn)) => return Ok(turn),
            (Ok(()), None) => Stop::new(Fault::Contract, "the turn was lost").into(),
            (Err(error), _) => error,
        };
        let state = self.store.data_mut();
        // Its last words, before the fault is reported.
        state.output.finish();
        let fault = classify(&error, &state.limiter, &format!("in `{name}`"));
        self.failed = Some(fault.clone());
        Err(fault)
    }

    /// Linear memory in use, bytes. It never shrinks, so this is its peak.
    #[must_use]
    pub fn memory_peak_bytes(&self) -> u64 {
        self.store.data().limiter.memory_bytes() as u64
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.store.data_mut().output.finish();
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").field("handler", &self.store.data().handler).finish_non_exhaustive()
    }
}

fn make_store(engine: &Engine, config: InstanceConfig) -> Store<State> {
    let InstanceConfig { handler, args: _, limits, facts, log, ambient } = config;
    let state = State::new(Parts {
        handler,
        handles: Handles::new(&limits),
        facts,
        ambient,
        output: Output::new(&limits, log),
        limiter: Limiter::new(&limits),
        cpu: CpuWatch::new(limits.cpu_per_event, engine.inner.config.tick),
        chunk_ids: ChunkIds::new(engine.inner.chunk_ids.clone()),
    });
    let mut store = Store::new(&engine.inner.wasmtime, state);
    store.limiter(|state| &mut state.limiter);
    store.epoch_deadline_callback(|mut context| {
        let more = context.data_mut().cpu.on_expiry()?;
        Ok(UpdateDeadline::Continue(more))
    });
    store.set_hostcall_fuel(limits.hostcall_bytes_max);
    store.set_max_component_handles(limits.handles_max as usize + EXTRA_HANDLES);
    store
}

fn not_made(engine: &Engine, store: &Store<State>, error: &wasmtime::Error) -> InstantiateError {
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() || is_of_the_system(error) {
        return InstantiateError::Full {
            live: engine.instances_live(),
            instances_max: engine.inner.config.instances_max,
            detail: crate::fault::one_line(&format!("{error:#}")),
        };
    }
    InstantiateError::Guest(classify(error, &store.data().limiter, "while it was being made"))
}

/// The name in the contract, for messages.
fn event_name(event: &Event<Bytes>) -> &'static str {
    match event {
        Event::Started(_) => "started",
        Event::Connected => "connected",
        Event::Received(_) => "received",
        Event::ReceivedChunk(_) => "received-chunk",
        Event::Acked(_) => "acked",
        Event::CommandFailed(_) => "command-failed",
        Event::WritingResumed => "writing-resumed",
        Event::PeerClosed => "peer-closed",
        Event::Closed(_) => "closed",
        Event::Timer(_) => "timer",
        Event::Draining(_) => "draining",
    }
}
