//! From options to the library: the host, the module, the service.
//!
//! Owns: which option becomes which limit of the library, what fits into the process's descriptors, and
//! in whose words the library's errors reach the user.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use tidegate_service::{
    Host, HostBuilder, Limits, Module, ModuleInfo, ModuleSource, Origin, ServeError, Service, ServiceConfig,
};
use tracing::{debug, info, warn};

use crate::cli::values::{Arguments, ServiceName};
use crate::cli::{CacheOptions, LimitOptions, ServeOptions};
use crate::component::Component;
use crate::descriptors;
use crate::exit::Failure;
use crate::units::Size;

/// Everything that is decided before the host is made. Takes nothing of the system.
#[derive(Clone, Debug)]
pub(crate) struct Hosting {
    builder: HostBuilder,
    component: Component,
    name: String,
    addresses: Vec<SocketAddr>,
    arguments: Arguments,
    cached: bool,
}

impl Hosting {
    /// Decides, given how many descriptors the process may have (`None`: any number).
    pub(crate) fn new(options: &ServeOptions, name: &ServiceName, descriptors: Option<u64>) -> Self {
        let mut limits = limits(&options.limits);
        limits.drain = options.drain.0;
        limits.connections = connections_max(options.limits.connections_max, descriptors);
        let mut builder = Host::builder().limits(limits).workers(options.workers.map_or(0, usize::from));
        if let Some(instances) = options.limits.instances_max {
            builder = builder.instances(instances);
        }
        let cache = cache_folder(&options.cache);
        if let Some(folder) = &cache {
            builder = builder.cache_dir(folder);
        }
        Self {
            builder,
            component: options.component.clone(),
            name: name.as_str().to_owned(),
            addresses: options.listen.clone(),
            arguments: options.arguments(),
            cached: cache.is_some(),
        }
    }

    /// Makes the host, loads the component, and starts the service: its addresses accept connections
    /// when this returns. Takes up to seconds.
    pub(crate) fn start(self) -> Result<(Host, Service), Failure> {
        let host = build(self.builder)?;
        let began = Instant::now();
        let module = load(&host, &self.component)?;
        info!(
            service = self.name,
            digest = %module.digest(),
            origin = origin(&module, self.cached),
            "component ready after {} ms",
            began.elapsed().as_millis()
        );
        let mut config = ServiceConfig::new(self.name, module);
        for address in self.addresses {
            config = config.listen(address);
        }
        for (key, value) in self.arguments {
            config = config.arg(key, value);
        }
        let service = host.serve(config).map_err(not_served)?;
        debug!(workers = host.workers(), limits = ?service.limits(), "serving");
        Ok((host, service))
    }
}

/// What a component is. Nothing is served, nothing cached.
pub(crate) fn inspect(component: &Component, size_max: Size) -> Result<ModuleInfo, Failure> {
    let limits = Limits { component_bytes: size_max.0, ..Limits::default() };
    let host = build(Host::builder().limits(limits).workers(1).instances(1))?;
    Ok(load(&host, component)?.info().clone())
}

fn build(builder: HostBuilder) -> Result<Host, Failure> {
    builder.build().context("cannot start the host").map_err(Failure::starting)
}

fn load(host: &Host, component: &Component) -> Result<Module, Failure> {
    let source = match component {
        Component::File(path) => ModuleSource::Path(path.clone()),
        Component::BuiltIn { name, bytes } => {
            ModuleSource::Bytes { name: (*name).to_owned(), bytes: (*bytes).into() }
        }
    };
    host.load(&source).context("cannot load the component").map_err(Failure::starting)
}

fn origin(module: &Module, cached: bool) -> &'static str {
    match module.origin() {
        Origin::Cached => "cached",
        Origin::Compiled if cached => "compiled",
        Origin::Compiled => "compiled, not cached",
    }
}

/// The service's errors, with what to do.
fn not_served(error: ServeError) -> Failure {
    let help = match &error {
        ServeError::Guest { .. } => {
            Some("the handler refused to start: check --arg, or ask its author; nothing was bound")
        }
        _ => None,
    };
    let failure = Failure::starting(error);
    match help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// The library's limits, as the options say.
pub(crate) fn limits(options: &LimitOptions) -> Limits {
    Limits {
        register: options.register_timeout.0,
        idle: options.idle_timeout.limit().map(|span| span.0),
        flush: options.flush_timeout.0,
        half_close: options.half_close_timeout.0,
        memory_bytes: options.memory_max.0,
        cpu_per_event: options.cpu_per_event.0,
        commands_per_turn: count(options.turn_commands_max),
        bytes_per_turn: options.turn_bytes_max.0,
        write_bytes: options.write_max.0,
        queued_bytes: options.queued_max.0,
        chunks_bytes: options.chunks_max.0,
        handles: options.handles_max,
        timers: count(options.timers_max),
        component_bytes: options.component_max.0,
        read_chunk_bytes: usize::try_from(options.read_chunk.0).unwrap_or(usize::MAX),
        accept_batch: count(options.accept_batch),
        backlog: options.backlog,
        ..Limits::default()
    }
}

/// How many connections: as asked, else what the descriptors allow.
fn connections_max(asked: Option<u32>, descriptors: Option<u64>) -> usize {
    let fits = descriptors.map_or(u64::MAX, |limit| limit.saturating_sub(descriptors::RESERVED).max(1));
    match asked.map(u64::from) {
        Some(asked) => {
            if asked > fits {
                warn!(
                    connections_max = asked,
                    "the process may have {} open descriptors, which is enough for {fits} connections, not for \
                     {asked}; raise the limit (ulimit -Hn) or lower --connections-max",
                    descriptors.unwrap_or(u64::MAX)
                );
            }
            usize::try_from(asked).unwrap_or(usize::MAX)
        }
        None => Limits::default().connections.min(usize::try_from(fits).unwrap_or(usize::MAX)),
    }
}

/// Where compiled components are kept, if anywhere.
fn cache_folder(options: &CacheOptions) -> Option<PathBuf> {
    if options.no_cache {
        return None;
    }
    if let Some(folder) = &options.cache_dir {
        return Some(folder.clone());
    }
    let folder =
        |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let user = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    if user.is_none() {
        debug!("no cache: neither XDG_CACHE_HOME nor HOME names a folder");
    }
    Some(user?.join("tidegate"))
}

/// Every platform we run on has at least 32 bits.
fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
