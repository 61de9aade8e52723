//! The tokio driver: it executes what the machines ask.
//!
//! ```text
//!  listener ──accepted──▶ worker (one thread, one tokio runtime) ──▶ cell task (one for each instance)
//!                                                                     │ facts ▼   ▲ requests
//!                                                                     │  machine (sans-IO)
//!                                                                     ├─▶ sockets (non-blocking, edge-like readiness)
//!                                                                     └─▶ guest (a trait; no Wasm here)
//! ```
//!
//! Owns: data sockets, listeners included, readiness, timers, the order of work, drain. Never decides a rule of the
//! contract (that is `tidegate-machines`) and never sees what runs behind [`Guest`].
//!
//! An instance and all it owns live on one worker for life. Every queue, wait and retry is bounded in [`limits`].

mod cell;
mod clock;
mod counters;
mod guest;
pub mod limits;
mod places;
mod registry;
mod runtime;
mod scratch;
mod socket;
mod sys;

pub use counters::{CounterShard, Counters, Labelled, Snapshot};
pub use guest::{Guest, GuestContext, GuestFactory, GuestFault};
pub use limits::Tuning;
pub use registry::{ConnectionView, Registry};
pub use runtime::{
    DrainReport, Runtime, RuntimeConfig, RuntimeError, ServeError, ServiceHandle, ServiceSpec,
};
