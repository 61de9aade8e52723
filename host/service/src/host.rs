//! A host: one engine, the workers, and the services that run on them.

use core::future::Future;
use core::num::NonZeroUsize;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use tidegate_driver::{DrainReport, Runtime, RuntimeConfig, ServiceSpec};
use tidegate_sandbox::{Engine, EngineConfig, Module, ModuleError, ModuleSource, SystemAmbient};

use crate::config::{HostBuilder, ServiceConfig};
use crate::error::{HostError, LimitError, ServeError};
use crate::guest::{NoConnections, SandboxFactory};
use crate::guest_log::RunLog;
use crate::limits::Limits;
use crate::service::Service;

/// See the crate. Dropping it resets every connection left and joins its threads; [`Host::drain`] first to end in
/// order.
pub struct Host {
    engine: Engine,
    runtime: Runtime,
    limits: Limits,
    ambient: SystemAmbient,
    services: Mutex<Vec<Service>>,
}

/// Instances beyond the limit on connections: trials, and handlers whose connection is gone but whose timers are not.
const SPARE_INSTANCES: usize = 256;

impl Host {
    /// Begins to make one.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    pub(crate) fn build(builder: HostBuilder) -> Result<Self, HostError> {
        let HostBuilder { workers, cache_dir, instances, limits } = builder;
        limits.check()?;
        let default = EngineConfig::default();
        let wanted = u32::try_from(limits.connections.saturating_add(SPARE_INSTANCES)).unwrap_or(u32::MAX);
        let engine = Engine::new(EngineConfig {
            instances_max: instances.unwrap_or_else(|| wanted.max(default.instances_max)),
            memory_bytes_max: limits.memory_bytes,
            component_bytes_max: limits.component_bytes,
            cache_dir,
            ..default
        })?;
        let default = RuntimeConfig::default();
        let runtime = Runtime::start(RuntimeConfig {
            workers: workers.unwrap_or(default.workers),
            on_worker_start: Some(Arc::new(|_| Engine::enter_worker_thread())),
        })?;
        Ok(Self { engine, runtime, limits, ambient: SystemAmbient::default(), services: Mutex::default() })
    }

    /// Reads, checks and compiles a component, or takes it from the cache. Takes up to seconds and all cores: from
    /// async code, call it where blocking is allowed.
    ///
    /// # Errors
    /// Why it cannot be used, and what to do.
    pub fn load(&self, source: &ModuleSource) -> Result<Module, ModuleError> {
        self.engine.load(source)
    }

    /// Starts a service: makes one instance for trial, gives it `started`, and only then binds the addresses. The
    /// trial is dropped; commands it recorded never run.
    ///
    /// # Errors
    /// By fault: see [`ServeError`]. Nothing is bound then.
    pub fn serve(&self, config: ServiceConfig) -> Result<Service, ServeError> {
        let ServiceConfig { name, module, addresses, args, limits, read_mode } = config;
        let limits = limits.unwrap_or_else(|| self.limits.clone());
        self.check(&limits).map_err(|source| ServeError::Limit { service: name.clone(), source })?;
        // Held until the service is listed, so that of two with one name only one can start.
        let mut services = self.services();
        services.retain(|service| !service.is_over());
        if services.iter().any(|service| service.name() == name) {
            return Err(ServeError::NameTaken { service: name });
        }
        let factory = SandboxFactory {
            service: name.as_str().into(),
            module: module.clone(),
            args: args.into(),
            limits: limits.of_instance(),
            ambient: self.ambient.clone(),
        };
        self.probe(&factory, &limits)?;
        let spec = ServiceSpec {
            name: name.as_str().into(),
            addresses,
            factory,
            handler_limits: limits.of_handler(),
            connection_limits: limits.of_connection(),
            read_mode,
            tuning: limits.tuning(),
        };
        let handle = self.runtime.serve(spec);
        let handle = handle.map_err(|source| ServeError::Listen { service: name, source })?;
        let service = Service::new(handle, module, limits);
        services.push(service.clone());
        Ok(service)
    }

    /// The services that are not over, in the order they were started.
    #[must_use]
    pub fn running(&self) -> Vec<Service> {
        self.services().iter().filter(|service| !service.is_over()).cloned().collect()
    }

    /// The limits of services that set none.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Number of worker threads.
    #[must_use]
    pub fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.runtime.workers()).unwrap_or(NonZeroUsize::MIN)
    }

    /// Instances of all services that live now.
    #[must_use]
    pub fn instances(&self) -> u64 {
        self.engine.instances_live()
    }

    /// Ends all services in order: no more connections, `draining` to the handlers, flush, and after `limit` the rest
    /// is aborted. The future gives the sums; it can be awaited on any runtime, and the drain goes on without it.
    pub fn drain(&self, limit: Duration) -> impl Future<Output = DrainReport> + Send + 'static + use<> {
        // All begin now; they are waited for one after the other.
        let drains: Vec<_> = self.services().iter().map(|service| service.drain(limit)).collect();
        async move {
            let mut sum = DrainReport::default();
            for drain in drains {
                let report = drain.await;
                sum.closed += report.closed;
                sum.aborted += report.aborted;
                sum.left += report.left;
            }
            sum
        }
    }

    /// [`Host::drain`] for a program without an async runtime: blocks the calling thread.
    pub fn drain_blocking(&self, limit: Duration) -> DrainReport {
        block_on(self.drain(limit))
    }

    /// Cuts a drain of all services short: what is left is aborted now.
    pub fn abort(&self) {
        for service in self.services().iter() {
            service.abort();
        }
    }

    fn check(&self, limits: &Limits) -> Result<(), LimitError> {
        limits.check()?;
        if limits.memory_bytes > self.limits.memory_bytes {
            let rule = format!("must not be above the host's, which is {}", self.limits.memory_bytes);
            return Err(LimitError::new("memory", &limits.memory_bytes.to_string(), &rule));
        }
        Ok(())
    }

    fn probe(&self, factory: &SandboxFactory, limits: &Limits) -> Result<(), ServeError> {
        let handler = self.runtime.new_handler_id();
        let log = Rc::new(RunLog::new(&factory.service, handler, None));
        let config = factory.config(handler, Rc::new(NoConnections), log);
        match factory.module.probe(config, &limits.of_handler()) {
            Ok(_) => Ok(()),
            Err(source) => Err(ServeError::Guest {
                service: factory.service.to_string(),
                module: factory.module.name().to_owned(),
                source,
            }),
        }
    }

    /// The list is whole after every step, so a panic elsewhere cannot have left it half changed.
    fn services(&self) -> MutexGuard<'_, Vec<Service>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for a future that only waits for other threads.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = core::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            // Returns at once if the waker was called since; may return for nothing.
            Poll::Pending => std::thread::park(),
        }
    }
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl core::fmt::Debug for Host {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Host").field("workers", &self.workers()).finish_non_exhaustive()
    }
}
