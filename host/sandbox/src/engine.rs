//! The one wasmtime engine of a host, and every number of it.
//!
//! Owns: the configuration, the epoch ticker, the compile cache, the supply of chunk ids. One engine per process is
//! meant; two do not share modules.

use crate::cache::CompileCache;
use crate::error::{EngineError, ModuleError};
use crate::module::Module;
use crate::source::ModuleSource;
use crate::ticker;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use wasmtime::{Config, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// What an embedder decides about the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// Live instances, 1 to 1 000 000; 16 384. Address space for all of them is reserved at the start, memory is not.
    /// Each takes two memory mappings while live, and a default kernel allows a process 65 530.
    pub instances_max: u32,
    /// Linear memory of one instance in bytes, 64 KiB to 4 GiB; 16 MiB. Rounded up to 64 KiB.
    pub memory_bytes_max: u64,
    /// Largest component in bytes; 32 MiB.
    pub component_bytes_max: u64,
    /// Folder of the compile cache; `None`: compile every time. Made with mode 0700 if missing.
    pub cache_dir: Option<PathBuf>,
    /// Bytes in the compile cache, over which its oldest entries are removed; 512 MiB.
    pub cache_bytes_max: u64,
    /// How often CPU limits are looked at, 1 to 100 ms; 2 ms.
    pub tick: Duration,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            instances_max: 16 * 1024,
            memory_bytes_max: 16 * MIB,
            component_bytes_max: 32 * MIB,
            cache_dir: None,
            cache_bytes_max: 512 * MIB,
            tick: Duration::from_millis(2),
        }
    }
}

/// Compiles, caches and instantiates components. Cheap to clone; shared by all threads.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<EngineInner>,
}

/// What clones of an [`Engine`] share.
pub(crate) struct EngineInner {
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) config: EngineConfig,
    pub(crate) cache: Option<CompileCache>,
    pub(crate) chunk_ids: Arc<AtomicU64>,
}

impl Engine {
    /// Reserves the address space and starts the ticker thread, which ends with the last clone.
    ///
    /// # Errors
    /// A number out of range, or no address space for so many instances.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        check(&config)?;
        let wasmtime =
            wasmtime::Engine::new(&wasmtime_config(&config)).map_err(|error| EngineError::Engine {
                instances: config.instances_max,
                memory_bytes: config.memory_bytes_max,
                detail: format!("{error:#}"),
            })?;
        ticker::spawn(wasmtime.weak(), config.tick)?;
        let cache = config
            .cache_dir
            .as_ref()
            .and_then(|dir| CompileCache::open(dir, config.cache_bytes_max, &wasmtime));
        let chunk_ids = Arc::new(AtomicU64::new(0));
        Ok(Self { inner: Arc::new(EngineInner { wasmtime, config, cache, chunk_ids }) })
    }

    /// Reads, checks and compiles a component, or takes it from the compile cache. Takes from milliseconds to seconds
    /// of all cores: not for a thread that serves connections.
    ///
    /// # Errors
    /// Why it cannot be used; each text says what to do.
    pub fn load(&self, source: &ModuleSource) -> Result<Module, ModuleError> {
        Module::load(self, source)
    }

    /// To be called once on each thread that will call guests, so that the first event does not pay for it.
    pub fn enter_worker_thread() {
        wasmtime::Engine::tls_eager_initialize();
    }

    /// The configuration it was made with.
    #[must_use]
    pub fn config(&self) -> &EngineConfig {
        &self.inner.config
    }

    /// Instances that live now.
    #[must_use]
    pub fn instances_live(&self) -> u64 {
        self.inner.wasmtime.pooling_allocator_metrics().map_or(0, |metrics| metrics.component_instances())
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

fn check(config: &EngineConfig) -> Result<(), EngineError> {
    let in_range = |key, value: u64, low: u64, high: u64| {
        if (low..=high).contains(&value) {
            return Ok(());
        }
        Err(EngineError::Config { key, value, rule: format!("{low} to {high}") })
    };
    in_range("instances_max", u64::from(config.instances_max), 1, 1_000_000)?;
    in_range("memory_bytes_max", config.memory_bytes_max, WASM_PAGE_BYTES, 4 * 1024 * MIB)?;
    in_range("component_bytes_max", config.component_bytes_max, 8, 1024 * MIB)?;
    in_range("cache_bytes_max", config.cache_bytes_max, 0, u64::MAX)?;
    in_range("tick (ms)", u64::try_from(config.tick.as_millis()).unwrap_or(u64::MAX), 1, 100)
}

/// Memory grows in pages of this size.
const WASM_PAGE_BYTES: u64 = 64 * KIB;

fn wasmtime_config(config: &EngineConfig) -> Config {
    let slot_bytes = config.memory_bytes_max.next_multiple_of(WASM_PAGE_BYTES);
    let mut engine = Config::new();
    features_off(&mut engine);
    engine
        .wasm_component_model(true)
        // Without it a call is a push and a pop; with it every call makes tasks: 180 ns against 750 ns.
        .concurrency_support(false)
        // CPU limits. Fuel would cost 2 to 3 times as much in loops.
        .epoch_interruption(true)
        .consume_fuel(false)
        // Enough for a network protocol. Workers have stacks of 2 MiB, and host functions need part of that.
        .max_wasm_stack(256 * 1024)
        .cranelift_opt_level(OptLevel::Speed)
        .parallel_compilation(true)
        // Only for native debuggers; registering it is quadratic in the number of modules.
        .native_unwind_info(false)
        // Function names are enough in a fault's message; this maps native code to offsets.
        .generate_address_map(false)
        // A panic of a Rust guest is some ten functions deep before its own code begins.
        .wasm_backtrace_max_frames(NonZeroUsize::new(24))
        // A slot holds the largest memory an instance may have, so a bounds check compares with a constant, and
        // an instance touches page tables for one slot only (4 GiB slots would take 8 KiB of them each).
        .memory_reservation(slot_bytes)
        .memory_reservation_for_growth(0)
        .memory_may_move(false)
        // Smallest guard that still catches a stray access by hardware; without one the pool's reset had a defect once.
        .memory_guard_size(64 * KIB)
        .guard_before_linear_memory(false)
        // Copy-on-write images take 4 mappings per instance instead of 2, and 16 384 of those are the kernel's default
        // limit. What is copied instead is the guest's initialised data, some KiB.
        .memory_init_cow(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config, slot_bytes)));
    engine
}

/// Fewer features of WebAssembly, fewer defects that reach us. What compilers emit by default stays on.
fn features_off(engine: &mut Config) {
    engine
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_relaxed_simd(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_stack_switching(false)
        .shared_memory(false);
}

fn pool(config: &EngineConfig, slot_bytes: u64) -> PoolingAllocationConfig {
    let instances = config.instances_max;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_memories(instances)
        // A Rust guest is three core instances (main, shim, fix-up); others bring an adapter or a libc of their own.
        // A count only, nothing is reserved for it.
        .total_core_instances(instances.saturating_mul(8))
        .max_core_instances_per_component(64)
        // The guest's function table and the shim's; address space for both is reserved.
        .total_tables(instances.saturating_mul(2))
        .max_tables_per_component(8)
        .max_tables_per_module(4)
        .table_elements(20_000)
        .max_memories_per_component(1)
        .max_memories_per_module(1)
        .max_memory_size(usize::try_from(slot_bytes).unwrap_or(usize::MAX))
        // Runtime data of one instance: grows with imports and globals. 64 KiB fits interpreters too.
        .max_core_instance_size(64 * 1024)
        .max_component_instance_size(64 * 1024)
        // Nothing is kept in a slot that is free: 64 KiB kept would be 1 GiB after 16 384 instances.
        .linear_memory_keep_resident(0)
        .table_keep_resident(0)
        // Slots are given back to the kernel several at a time, with one system call.
        .decommit_batch_size(16)
        .max_unused_warm_slots(100);
    pool
}
