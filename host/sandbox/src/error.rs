//! What can go wrong outside a guest call: the engine, a component that cannot be used, an instance that cannot be
//! made. Each text says what, where, and what to do.

use crate::fault::CallFault;
use std::io;
use std::path::PathBuf;

/// The engine could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A number of the configuration is out of range.
    #[error("{key} = {value} is out of range: {rule}")]
    Config {
        /// The field of [`crate::EngineConfig`].
        key: &'static str,
        /// Its value.
        value: u64,
        /// What is allowed.
        rule: String,
    },
    /// wasmtime refused the configuration, or the address space could not be reserved.
    #[error(
        "the WebAssembly engine could not be made for {instances} instances of {memory_bytes} bytes: {detail}; \
         lower the number of instances or the memory limit"
    )]
    Engine {
        /// Instances asked for.
        instances: u32,
        /// Memory slot asked for, bytes.
        memory_bytes: u64,
        /// What wasmtime says.
        detail: String,
    },
    /// The thread that measures CPU time could not be started.
    #[error("the epoch thread could not be started: {0}")]
    Ticker(#[source] io::Error),
    /// The functions offered to guests contradict each other: a defect of this host.
    #[error("the host's own functions could not be linked: {0}")]
    Link(String),
}

/// A component that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    /// There is no such file.
    #[error("{}: no such file", path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// A directory was named.
    #[error("{}: is a directory; name the .wasm file in it", path.display())]
    Directory {
        /// Where.
        path: PathBuf,
    },
    /// The file could not be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Nothing in it.
    #[error("{name}: is empty; a component begins with the bytes 00 61 73 6d 0d 00 01 00")]
    Empty {
        /// The component.
        name: String,
    },
    /// Over the size limit.
    #[error("{name}: is {bytes} bytes, over the limit of {bytes_max} bytes for a component")]
    TooLarge {
        /// The component.
        name: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// A core module, not a component.
    #[error(
        "{name}: is a core WebAssembly module, not a component; build it with --target wasm32-wasip2, or wrap it \
         with `wasm-tools component new`"
    )]
    CoreModule {
        /// The component.
        name: String,
    },
    /// Text.
    #[error(
        "{name}: is text, not a binary component; if it is the text format, convert it with `wasm-tools parse`"
    )]
    Text {
        /// The component.
        name: String,
    },
    /// Something else.
    #[error(
        "{name}: is not WebAssembly: it begins with the bytes {head}; a component begins with 00 61 73 6d 0d 00 01 00"
    )]
    NotWasm {
        /// The component.
        name: String,
        /// Its first bytes, hexadecimal.
        head: String,
    },
    /// It ends too early.
    #[error("{name}: is cut off after {bytes} bytes ({detail}); copy or build it again")]
    Truncated {
        /// The component.
        name: String,
        /// Its size.
        bytes: u64,
        /// What the validator says.
        detail: String,
    },
    /// It does not validate, or uses a WebAssembly feature that is switched off here.
    #[error("{name}: is not a valid component: {detail}")]
    Invalid {
        /// The component.
        name: String,
        /// What the validator says.
        detail: String,
    },
    /// It needs more than an instance may have.
    #[error("{name}: needs more than the limits of an instance allow: {detail}")]
    OverLimits {
        /// The component.
        name: String,
        /// Which.
        detail: String,
    },
    /// A component of another world.
    #[error(
        "{name}: is a component of another world{looks_like}: it does not export {missing}; it exports {exports} and \
         imports {imports}"
    )]
    OtherWorld {
        /// The component.
        name: String,
        /// Which world it seems to be, as ` (…)`, or empty.
        looks_like: &'static str,
        /// The export that is missing.
        missing: String,
        /// What it exports.
        exports: String,
        /// What it imports.
        imports: String,
    },
    /// Built for a contract this host does not know yet.
    #[error(
        "{name}: uses {found}, and this host knows tidegate:tcp up to {supported}; use a newer host, or build it \
         against {supported}"
    )]
    NewerContract {
        /// The component.
        name: String,
        /// The interface and version it uses.
        found: String,
        /// The newest version we know.
        supported: &'static str,
    },
    /// It imports an interface no host function answers.
    #[error(
        "{name}: imports {import}, which this host does not offer; it offers tidegate:tcp and wasi 0.2 (cli, clocks, filesystem, io, random, sockets)"
    )]
    UnknownImport {
        /// The component.
        name: String,
        /// The import.
        import: String,
    },
    /// An interface we know, with a function we do not know or of another type.
    #[error("{name}: does not fit this host's interfaces: {detail}")]
    Mismatch {
        /// The component.
        name: String,
        /// Which import or export, and how.
        detail: String,
    },
    /// The compiler failed.
    #[error("{name}: could not be compiled: {detail}")]
    Compile {
        /// The component.
        name: String,
        /// What the compiler says.
        detail: String,
    },
    /// The host's own functions could not be linked: a defect of this host.
    #[error("{name}: the host's own functions could not be linked: {detail}")]
    Link {
        /// The component.
        name: String,
        /// What wasmtime says.
        detail: String,
    },
}

/// An instance could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstantiateError {
    /// The guest failed before its first event: in a start function or an initialiser.
    #[error("{0}")]
    Guest(CallFault),
    /// No room: the number of live instances is the host's limit, or the operating system gives no more memory.
    #[error(
        "no room for another instance: {live} of at most {instances_max} are live ({detail}); raise the limit on \
         instances, or, if the operating system refused, its limits (on Linux vm.max_map_count, two per instance)"
    )]
    Full {
        /// Live instances in this engine.
        live: u64,
        /// The limit ([`crate::EngineConfig::instances_max`]).
        instances_max: u32,
        /// What the pool says.
        detail: String,
    },
}
