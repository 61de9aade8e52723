//! One compiled component, checked against the contract and ready to be instantiated any number of times.
//!
//! Owns the way from bytes to there: read, look, compile or take from the cache, check the world, link. Immutable.

use crate::bindings;
use crate::bindings::version::HandlerPre;
use crate::digest::Digest;
use crate::engine::Engine;
use crate::error::{InstantiateError, ModuleError};
use crate::fault::one_line;
use crate::inspect::{self, ModuleInfo, World};
use crate::instance::{Instance, InstanceConfig};
use crate::source::ModuleSource;
use crate::state::State;
use crate::wasi;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;
use wasmtime::component::{Component, Linker};

/// Where the native code of a module came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Compiled now.
    Compiled,
    /// Compiled before, from the cache.
    Cached,
}

/// A compiled component. Cheap to clone; shared by all threads.
#[derive(Clone)]
pub struct Module {
    inner: Arc<ModuleInner>,
}

struct ModuleInner {
    engine: Engine,
    info: ModuleInfo,
    origin: Origin,
    handler: HandlerPre,
}

impl Module {
    pub(crate) fn load(engine: &Engine, source: &ModuleSource) -> Result<Self, ModuleError> {
        let label = source.label();
        let bytes = source.read(engine.config().component_bytes_max)?;
        let digest = Digest::of(&bytes);
        let start = Instant::now();
        let (component, origin) = obtain(engine, &label, &bytes, digest)?;
        let compile_time = start.elapsed();
        let wasmtime = &engine.inner.wasmtime;
        let shape = inspect::shape(wasmtime, &label, &component)?;
        let handler = link(engine, &label, &component)?;
        let info = ModuleInfo {
            digest,
            name: source.name(),
            size_bytes: bytes.len() as u64,
            world: shape.world,
            contract_version: shape.version.to_string(),
            commands: shape.commands,
            uses_wasi: shape.uses_wasi,
            compile_time,
        };
        Ok(Self { inner: Arc::new(ModuleInner { engine: engine.clone(), info, origin, handler }) })
    }

    /// What it is.
    #[must_use]
    pub fn info(&self) -> &ModuleInfo {
        &self.inner.info
    }

    /// Digest of its bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.inner.info.digest
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.info.name
    }

    /// Which world it fits.
    #[must_use]
    pub fn world(&self) -> World {
        self.inner.info.world
    }

    /// Whether it was compiled now or taken from the cache.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.inner.origin
    }

    /// The engine it belongs to.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// Makes an instance. Its first call must be `started`.
    ///
    /// # Errors
    /// The guest failed while it was being initialised, or there is no room for another instance.
    pub fn instantiate(&self, config: InstanceConfig) -> Result<Instance, InstantiateError> {
        Instance::new(&self.inner.engine, &self.inner.handler, config)
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module").field("info", &self.inner.info).finish_non_exhaustive()
    }
}

fn obtain(
    engine: &Engine,
    label: &str,
    bytes: &[u8],
    digest: Digest,
) -> Result<(Component, Origin), ModuleError> {
    let cache = engine.inner.cache.as_ref();
    if let Some(component) = cache.and_then(|cache| cache.load(&engine.inner.wasmtime, digest)) {
        return Ok((component, Origin::Cached));
    }
    let component = compile(&engine.inner.wasmtime, label, bytes)?;
    if let Some(cache) = cache {
        cache.store(digest, &component);
    }
    Ok((component, Origin::Compiled))
}

fn compile(engine: &wasmtime::Engine, label: &str, bytes: &[u8]) -> Result<Component, ModuleError> {
    let name = || label.to_owned();
    // A defect of the compiler that panics on this component must not take the host with it. The engine is only read.
    let compiled = catch_unwind(AssertUnwindSafe(|| Component::from_binary(engine, bytes)));
    let error = match compiled {
        Ok(Ok(component)) => return Ok(component),
        Ok(Err(error)) => error,
        Err(_) => {
            return Err(ModuleError::Compile { name: name(), detail: "the compiler panicked".to_owned() });
        }
    };
    let detail = one_line(&format!("{error:#}"));
    // A file cut off inside a nested module is told as a section that does not fit.
    Err(if detail.contains("unexpected end") || detail.contains("is out of bounds (bound") {
        ModuleError::Truncated { name: name(), bytes: bytes.len() as u64, detail }
    } else if detail.contains("exceeds the limit") || detail.contains("exceeds limit") {
        ModuleError::OverLimits { name: name(), detail }
    } else if detail.contains("ompilation failed") || detail.contains("Compilation error") {
        ModuleError::Compile { name: name(), detail }
    } else {
        ModuleError::Invalid { name: name(), detail }
    })
}

fn link(engine: &Engine, label: &str, component: &Component) -> Result<HandlerPre, ModuleError> {
    let linked = || -> wasmtime::Result<Linker<State>> {
        let mut linker = Linker::new(&engine.inner.wasmtime);
        bindings::imports::add_to_linker(&mut linker)?;
        wasi::add_to_linker(&mut linker, &engine.inner.wasmtime, component)?;
        Ok(linker)
    };
    let linker = linked().map_err(|error| ModuleError::Link {
        name: label.to_owned(),
        detail: one_line(&format!("{error:#}")),
    })?;
    let fits = |error: wasmtime::Error| ModuleError::Mismatch {
        name: label.to_owned(),
        detail: one_line(&format!("{error:#}")),
    };
    let pre = linker.instantiate_pre(component).map_err(fits)?;
    HandlerPre::probe(pre).map_err(fits)
}
