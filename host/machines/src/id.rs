//! Names of things, each a type of its own so that none can be passed for another.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A TCP connection; unique in the life of the host.
    ConnectionId
}
id! {
    /// A handler, that is one component instance; unique in the life of the host.
    HandlerId
}
id! {
    /// Bytes kept by the host that a guest can forward; unique in the life of its handler.
    ChunkId
}
id! {
    /// A number chosen by the guest, returned unchanged in the event that answers a command.
    Token
}

impl ConnectionId {
    /// The source of an event that concerns no connection (contract: `connection-id` 0).
    pub const NONE: Self = Self(0);
}
