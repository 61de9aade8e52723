//! Commands that concern no existing connection, for a [`Service`](crate::Service).
//!
//! Owns: nothing. Like all commands they are recorded and carried out when the current event returns.

use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use crate::registration::millis;
use crate::{
    Address, BindRequest, ConnectRequest, Connection, Destination, HandlerId, HostAndPort, Ipv4Address,
    Ipv6Address, Payload, ReadMode, Token, backend,
};

/// Makes an outbound connection. Answered by `connected` (its
/// [`connect_token`](Connection::connect_token) is `token`) or a failure.
pub fn connect(request: &ConnectRequest, token: Token) {
    backend::tcp::connect(request, token);
}

/// Gives up the pending `connect` with this token; that is still answered once.
pub fn cancel_connect(token: Token) {
    backend::tcp::cancel_connect(token);
}

/// Opens a listener. Answered by `bound` or a failure.
pub fn bind(request: &BindRequest, token: Token) {
    backend::tcp::bind(request, token);
}

/// Sets a timer of the instance: `timer(token)`, once, no earlier than after `delay` (whole
/// milliseconds). Replaces one with the same token. Tokens from 2^63 up belong to
/// [`Connection::set_timer`].
pub fn set_timer(token: Token, delay: Duration) {
    backend::tcp::set_timer(token, millis(delay));
}

/// Cancels a timer of the instance; none is delivered after it.
pub fn cancel_timer(token: Token) {
    backend::tcp::cancel_timer(token);
}

/// Subscribes this handler to a topic of its service.
pub fn join(topic: &str) {
    backend::tcp::join(topic);
}

/// Ends a subscription.
pub fn leave(topic: &str) {
    backend::tcp::leave(topic);
}

/// Sends a message to every other handler that joined the topic. Answered only if it fails.
pub fn publish(topic: &str, payload: impl Into<Payload>, token: Token) {
    backend::tcp::publish(topic, payload.into().into_raw(), token);
}

/// Sends a message to one handler, with a share of a connection if given. Answered only if it fails.
pub fn send(to: HandlerId, payload: impl Into<Payload>, share: Option<&Connection>, token: Token) {
    backend::tcp::send(to, payload.into().into_raw(), share.map(Connection::raw), token);
}

impl ConnectRequest {
    /// A request with the service's time-out and no options, for a connection in push mode.
    #[must_use]
    pub fn to(remote: impl Into<Destination>) -> Self {
        Self {
            remote: remote.into(),
            local: None,
            options: Vec::new(),
            timeout_ms: None,
            read_mode: ReadMode::Push,
        }
    }
}

impl BindRequest {
    /// A request with the service's backlog and no options, for connections in push mode.
    #[must_use]
    pub fn on(local: impl Into<Address>) -> Self {
        Self {
            local: local.into(),
            backlog: None,
            options: Vec::new(),
            read_mode: ReadMode::Push,
            pull_accepting: false,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(v4) => v4.into(),
            SocketAddr::V6(v6) => v6.into(),
        }
    }
}

impl From<SocketAddrV4> for Address {
    fn from(v4: SocketAddrV4) -> Self {
        let [a, b, c, d] = v4.ip().octets();
        Self::Ipv4(Ipv4Address { port: v4.port(), address: (a, b, c, d) })
    }
}

impl From<SocketAddrV6> for Address {
    fn from(v6: SocketAddrV6) -> Self {
        let [a, b, c, d, e, f, g, h] = v6.ip().segments();
        Self::Ipv6(Ipv6Address {
            port: v6.port(),
            address: (a, b, c, d, e, f, g, h),
            flow_info: v6.flowinfo(),
            scope_id: v6.scope_id(),
        })
    }
}

impl From<SocketAddr> for Destination {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address.into())
    }
}

impl From<(&str, u16)> for Destination {
    fn from((host, port): (&str, u16)) -> Self {
        Self::Name(HostAndPort { host: host.to_owned(), port })
    }
}
