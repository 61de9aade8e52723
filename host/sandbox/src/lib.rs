//! Where guests run: wasmtime, one instance and one store per handler, and the bindings of the WIT contract.
//!
//! [`Engine`] compiles and caches; [`Module`] is one compiled component, ready to be instantiated; [`Instance`] is one
//! handler's instance: it takes an event and a turn, and gives the turn back with the commands the guest recorded, or
//! a [`CallFault`].
//!
//! Never here: a socket, an async runtime, a rule of the protocol. A guest call is synchronous and never waits; a
//! guest that would have to wait, or that oversteps one of its [`InstanceLimits`], loses its instance and nothing
//! else. Only the module `bindings` sees types of the contract and of the machines together.

mod ambient;
mod bindings;
mod cache;
mod cpu;
mod digest;
mod engine;
mod error;
mod fault;
mod handles;
mod inspect;
mod instance;
mod limits;
mod module;
mod output;
mod probe;
mod source;
mod state;
mod ticker;
mod wasi;

pub use ambient::{Ambient, SystemAmbient};
pub use digest::Digest;
pub use engine::{Engine, EngineConfig};
pub use error::{EngineError, InstantiateError, ModuleError};
pub use fault::CallFault;
pub use inspect::{ModuleInfo, World};
pub use instance::{Instance, InstanceConfig};
pub use limits::InstanceLimits;
pub use module::{Module, Origin};
pub use output::{Dropped, GuestLog, LogLevel, LogSource};
pub use probe::{ProbeError, ProbeReport};
pub use source::ModuleSource;
