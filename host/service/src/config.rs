//! What an embedder says when it builds a host and when it starts a service.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use tidegate_machines::command::ReadMode;
use tidegate_sandbox::Module;

use crate::error::HostError;
use crate::host::Host;
use crate::limits::Limits;

/// How a host is made. Every choice has a default.
#[derive(Clone, Debug, Default)]
#[must_use = "nothing happens until `build`"]
pub struct HostBuilder {
    pub(crate) workers: Option<NonZeroUsize>,
    pub(crate) cache_dir: Option<PathBuf>,
    pub(crate) instances: Option<u32>,
    pub(crate) limits: Limits,
}

impl HostBuilder {
    /// Worker threads; default, and for 0: one for each available core.
    pub fn workers(mut self, count: usize) -> Self {
        self.workers = NonZeroUsize::new(count);
        self
    }

    /// Where compiled modules are kept; default: nowhere, each start compiles.
    pub fn cache_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.cache_dir = Some(path.into());
        self
    }

    /// Instances of all services that may live at once; default: the limit on connections and some for trials.
    /// Address space is reserved for all of them, memory is not.
    pub fn instances(mut self, count: u32) -> Self {
        self.instances = Some(count);
        self
    }

    /// The limits of services that set none, and the host's own: `memory` is the most any instance can be given, and
    /// `component` applies to every module.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Starts the workers and the engine.
    ///
    /// # Errors
    /// A limit makes no sense, or the operating system does not give what is needed.
    pub fn build(self) -> Result<Host, HostError> {
        Host::build(self)
    }
}

/// One service: a name, what handles its connections, where it listens.
#[derive(Clone, Debug)]
#[must_use = "nothing happens until it is served"]
pub struct ServiceConfig {
    pub(crate) name: String,
    pub(crate) module: Module,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) args: Vec<(String, String)>,
    pub(crate) limits: Option<Limits>,
    pub(crate) read_mode: ReadMode,
}

impl ServiceConfig {
    /// A service that handles each connection with an instance of `module`.
    pub fn new(name: impl Into<String>, module: Module) -> Self {
        Self {
            name: name.into(),
            module,
            addresses: Vec::new(),
            args: Vec::new(),
            limits: None,
            read_mode: ReadMode::Push,
        }
    }

    /// Listens there too; port 0 takes a free one. At least one address is needed.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// One more argument, told to every handler in `started`, in the order given.
    pub fn arg(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.args.push((key.into(), value.into()));
        self
    }

    /// Its limits; default: the host's.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// When bytes are read if a handler's `register` does not say; default: push.
    pub fn read_mode(mut self, mode: ReadMode) -> Self {
        self.read_mode = mode;
        self
    }
}
