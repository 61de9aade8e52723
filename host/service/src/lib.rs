//! Tidegate inside another Rust program: a host, its modules and the services that run them.
//!
//! ```no_run
//! use tidegate_service::{Host, ModuleSource, ServiceConfig};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Host::builder().workers(2).build()?;
//! let module = host.load(&ModuleSource::Path("echo.wasm".into()))?;
//! let service = host.serve(ServiceConfig::new("echo", module).listen("127.0.0.1:0".parse()?))?;
//! println!("listening on {:?}", service.addresses());
//! let report = host.drain_blocking(std::time::Duration::from_secs(10));
//! println!("{} closed, {} aborted", report.closed, report.aborted);
//! # Ok(())
//! # }
//! ```
//!
//! Owns: the wiring of driver and sandbox, which know nothing of each other, and the table of limits. A host has
//! threads of its own, so it can be used from a program without an async runtime and from inside any.

mod config;
mod error;
mod guest;
mod guest_log;
mod host;
mod limits;
mod service;

pub use config::{HostBuilder, ServiceConfig};
pub use error::{HostError, LimitError, ServeError};
pub use host::Host;
pub use limits::Limits;
pub use service::Service;
pub use tidegate_driver::{ConnectionView, DrainReport, Labelled, Snapshot};
pub use tidegate_machines::command::ReadMode;
pub use tidegate_machines::facts::{Address, Endpoint};
pub use tidegate_machines::{ConnectionId, HandlerId};
pub use tidegate_sandbox::{
    Digest, Module, ModuleError, ModuleInfo, ModuleSource, Origin, ProbeError, World,
};
