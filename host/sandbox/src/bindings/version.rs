//! Versions of the contract: which we know, and one handler of any of them.
//!
//! A version that is not compatible with an older one gets a world, an enum variant and conversions of its own here;
//! the old one stays. Versions are probed newest first, so that a component that fits two gets the newer.

use super::generated::exports::tidegate::tcp::handler::Guest;
use super::generated::{TcpHandler, TcpHandlerPre};
use super::types::Event;
use crate::state::State;
use std::fmt;
use wasmtime::Store;
use wasmtime::component::InstancePre;

/// The newest version we know, as text.
pub(crate) const NEWEST_TEXT: &str = "0.1.0";

/// The newest version we know.
pub(crate) const NEWEST: Version = Version { major: 0, minor: 1, patch: 0 };

/// A version of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// `major.minor.patch`; a pre-release or build suffix is not a version of this contract.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|number| number.parse::<u32>().ok());
        let (major, minor, patch) = (numbers.next()??, numbers.next()??, numbers.next()??);
        if numbers.next().is_some() {
            return None;
        }
        Some(Self { major, minor, patch })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Whether a component built against `version` can be served. Below 1.0 the minor number is the one that breaks; a
/// newer patch may import functions we lack, which linking then reports by name.
pub(crate) fn is_known(version: Version) -> bool {
    version.major == NEWEST.major && version.minor == NEWEST.minor
}

/// A handler of one version, linked.
pub(crate) enum HandlerPre {
    /// 0.1
    V0_1(TcpHandlerPre<State>),
}

impl HandlerPre {
    /// The newest version whose exports `pre` has.
    pub(crate) fn probe(pre: InstancePre<State>) -> wasmtime::Result<Self> {
        TcpHandlerPre::new(pre).map(Self::V0_1)
    }

    pub(crate) fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Handler> {
        match self {
            Self::V0_1(pre) => pre.instantiate(store).map(Handler::V0_1),
        }
    }
}

/// The exports of one instance, looked up once.
pub(crate) enum Handler {
    /// 0.1
    V0_1(TcpHandler),
}

impl Handler {
    /// One guest call.
    pub(crate) fn call(
        &self,
        store: &mut Store<State>,
        source: u64,
        event: Event<'_>,
    ) -> wasmtime::Result<()> {
        match self {
            Self::V0_1(handler) => {
                let guest: &Guest = handler.tidegate_tcp_handler();
                guest.call_handle(store, source, event)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart_by_what_breaks() {
        assert_eq!(Version::parse(NEWEST_TEXT), Some(NEWEST));
        assert_eq!(NEWEST.to_string(), NEWEST_TEXT);
        assert!(is_known(Version { patch: 9, ..NEWEST }));
        assert!(!is_known(Version { minor: 2, ..NEWEST }));
        assert!(!is_known(Version { major: 1, ..NEWEST }));
        for text in ["", "0", "0.1", "0.1.0.0", "0.1.x", "0.1.0-rc1", "-1.0.0"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
