//! What one load client is to do: how many connections, how much each sends, how each reads.

use std::net::SocketAddr;
use std::time::Duration;

/// Every fourth reader is paced.
const PACED_EVERY: u32 = 4;

/// The connection whose reader stops for a while. Not a paced one.
const STOPPED: u32 = 1;

/// The whole plan.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The echo.
    pub(crate) address: SocketAddr,
    /// Connections at once.
    pub(crate) connections: u32,
    /// Bytes sent by a connection that reads as fast as it can.
    pub(crate) bytes: u64,
    /// Bytes sent by a connection that reads slowly or stops: enough to fill what kernels hold.
    pub(crate) slow_bytes: u64,
    /// What a paced reader takes, in bytes per second.
    pub(crate) rate_bytes_per_second: u64,
    /// How long the stopped reader stops.
    pub(crate) stop: Duration,
    /// Everything must have ended after this.
    pub(crate) limit: Duration,
}

/// How a connection reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// As fast as it can.
    Eager,
    /// At most so many bytes per second.
    Paced {
        /// Bytes per second.
        bytes_per_second: u64,
    },
    /// Not at all for a while, once.
    Stopping {
        /// When so many bytes have come back.
        after_bytes: u64,
        /// How long.
        pause: Duration,
    },
}

impl Plan {
    /// How connection `index` reads.
    pub(crate) fn reader(&self, index: u32) -> Reader {
        if index.is_multiple_of(PACED_EVERY) {
            Reader::Paced { bytes_per_second: self.rate_bytes_per_second.max(1) }
        } else if index == STOPPED {
            Reader::Stopping { after_bytes: self.slow_bytes / 8, pause: self.stop }
        } else {
            Reader::Eager
        }
    }

    /// How much connection `index` sends.
    pub(crate) fn bytes_of(&self, index: u32) -> u64 {
        if self.reader(index) == Reader::Eager { self.bytes } else { self.slow_bytes }
    }

    /// How much all of them send.
    pub(crate) fn bytes_total(&self) -> u64 {
        (0..self.connections).map(|index| self.bytes_of(index)).sum()
    }
}
