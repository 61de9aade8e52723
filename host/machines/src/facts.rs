//! What a guest can ask of a connection and is answered at once, as of the start of the event.

use crate::id::{ConnectionId, Token};

/// The facts of one connection (contract: the fact methods of `connection`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectionFacts {
    /// `register` was accepted.
    pub registered: bool,
    /// The read gate is open: bytes that arrive will be delivered without another command.
    pub reading: bool,
    /// Writes are refused until `writing-resumed`.
    pub suspended: bool,
    /// Bytes pending and queued.
    pub queued_bytes: u64,
    /// The peer's FIN was read or noticed.
    pub peer_finished: bool,
}

/// Where facts come from. The cell's driver implements it; the sandbox asks it during a call. A connection that has
/// ended has none.
pub trait Facts {
    /// The facts of `connection`.
    fn connection(&self, connection: ConnectionId) -> Option<ConnectionFacts>;

    /// Its two ends.
    fn endpoint(&self, connection: ConnectionId) -> Option<Endpoint>;

    /// Tokens of writes by the owner that are accepted and not yet acked, in wire order, at most `limit`.
    fn pending_tokens(&self, connection: ConnectionId, limit: usize) -> Vec<Token>;
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// TCP.
    Ip(core::net::SocketAddr),
    /// A Unix socket; empty if unnamed.
    Unix(String),
}

/// Facts of a connection that never change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The peer's end.
    pub remote: Address,
    /// Our end.
    pub local: Address,
    /// Whether the peer opened it.
    pub is_inbound: bool,
}
