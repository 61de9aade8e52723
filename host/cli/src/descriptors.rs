//! The process's limit on open descriptors: every connection takes one.
//!
//! Owns: raising the soft limit to the hard one, which needs no privilege.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Descriptors that are not connections: standard streams, listeners, pollers, the cache, the report.
pub(crate) const RESERVED: u64 = 128;

/// Raises the soft limit to the hard one as far as the system lets us, and gives what it is then; `None`
/// is no limit.
pub(crate) fn raise() -> Option<u64> {
    let before = getrlimit(Resource::Nofile);
    let mut wanted = before;
    wanted.current = before.maximum;
    // Some systems refuse "no limit" here; then the limit stays, and the caller says what does not fit.
    if before.current != before.maximum && setrlimit(Resource::Nofile, wanted).is_ok() {
        tracing::debug!(from = ?before.current, to = ?before.maximum, "descriptor limit raised");
    }
    getrlimit(Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    #[test]
    fn raising_twice_is_raising_once() {
        let once = super::raise();
        assert_eq!(super::raise(), once);
        assert!(once.is_none_or(|limit| limit > super::RESERVED), "{once:?}");
    }
}
