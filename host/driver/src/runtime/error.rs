//! Why a runtime or a service could not be started. All are the operator's or the operating system's.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;

/// Worker threads could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The system gives no thread.
    #[error("cannot start worker thread {index}: {source}")]
    Thread {
        /// Which.
        index: usize,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no readiness queue: most likely no descriptor is left.
    #[error("worker thread {index} cannot wait for sockets: {source}")]
    Readiness {
        /// Which.
        index: usize,
        /// What the system says.
        source: io::Error,
    },
}

/// A service could not be started. Nothing of it is bound.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Something listens there already.
    #[error(
        "address {address} is in use; stop what listens there, or choose another port (0 takes a free one)"
    )]
    AddressInUse {
        /// Where.
        address: SocketAddr,
    },
    /// This machine does not have the address.
    #[error("address {address} is not one of this machine")]
    AddressNotAvailable {
        /// Which.
        address: SocketAddr,
    },
    /// The user may not listen there; ports below 1024 are usually reserved.
    #[error("no permission to listen on {address}")]
    PermissionDenied {
        /// Where.
        address: SocketAddr,
    },
    /// Anything else the system says.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// More listeners than a service may have.
    #[error("{count} addresses to listen on; at most {max} are allowed")]
    TooManyListeners {
        /// How many were asked for.
        count: usize,
        /// How many may be.
        max: usize,
    },
    /// No address to listen on.
    #[error("no address to listen on")]
    NoListener,
}

impl ServeError {
    pub(super) fn listen(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::AddressInUse { address },
            io::ErrorKind::AddrNotAvailable => Self::AddressNotAvailable { address },
            io::ErrorKind::PermissionDenied => Self::PermissionDenied { address },
            _ => Self::Listen { address, source },
        }
    }
}
