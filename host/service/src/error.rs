//! Why a host or a service could not be started, by whose fault.

use thiserror::Error;
use tidegate_driver::RuntimeError;
use tidegate_sandbox::{EngineError, ProbeError};

/// A host could not be started: the operator's or the operating system's fault.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HostError {
    /// A limit makes no sense.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The sandbox could not be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The workers could not be started.
    #[error(transparent)]
    Workers(#[from] RuntimeError),
}

/// A service could not be started. Nothing of it is bound.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The operator's fault: a limit makes no sense, or is above the host's.
    #[error("service {service}: {source}")]
    Limit {
        /// The service.
        service: String,
        /// Which limit.
        source: LimitError,
    },
    /// The operator's fault: a running service has this name.
    #[error("service {service}: a service of this name runs already; choose another name")]
    NameTaken {
        /// The name.
        service: String,
    },
    /// The guest's fault: the instance that is made for trial could not be made, or failed in `started`.
    #[error("service {service}: the handler {module} failed before it was given a connection: {source}")]
    Guest {
        /// The service.
        service: String,
        /// The module's name.
        module: String,
        /// What went wrong, with the last lines of the guest.
        source: ProbeError,
    },
    /// The operator's or the operating system's fault: an address.
    #[error("service {service}: {source}")]
    Listen {
        /// The service.
        service: String,
        /// Which address, and what is wrong.
        source: tidegate_driver::ServeError,
    },
}

/// A limit that makes no sense.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("limit {key} = {value}: {rule}")]
pub struct LimitError {
    key: &'static str,
    value: String,
    rule: String,
}

impl LimitError {
    pub(crate) fn new(key: &'static str, value: &str, rule: &str) -> Self {
        Self { key, value: value.to_owned(), rule: rule.to_owned() }
    }

    /// Its name in the table of limits.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key
    }
}
