//! A message from another handler of the same service.

use crate::{Connection, HandlerId, Payload};

/// A message, by [`tcp::send`](crate::tcp::send) or a topic joined.
#[derive(Debug)]
pub struct Message<'a> {
    /// Who sent it.
    pub from: HandlerId,
    /// Its bytes.
    pub payload: Payload,
    /// A share of one of the sender's connections. It stays usable, and has events of its own, until
    /// its owner revokes it or it is [released](Connection::release).
    pub shared: Option<&'a Connection>,
}
