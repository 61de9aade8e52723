//! For how long an instance is kept, and when the commands it recorded in `started` run.

/// What an instance was made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tenure {
    /// One connection, or those it makes itself: it ends when it owns nothing any more. Until it owned something it is
    /// warm. Commands of `started` run at the head of the turn of the first event, which is `connected`.
    #[default]
    Isolated,
    /// As isolated, but commands of `started` run at once: it needs no connection to begin, and ends when they leave
    /// it with nothing.
    Standalone,
    /// Any number of connections, over and over: it ends when the service drains.
    Shared,
}

/// Where it stands in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Life {
    /// Nothing was ever its own.
    Warm,
    /// It owns, or owned, something.
    Used,
    /// The service drains: owning nothing is the end, whatever the tenure.
    Draining,
    /// The drain deadline passed: as draining, and no timer keeps it any more.
    Expired,
}

impl Life {
    /// It owns something now.
    pub(super) fn on_used(&mut self) {
        if *self == Self::Warm {
            *self = Self::Used;
        }
    }

    /// Whether owning nothing is the end.
    pub(super) fn ends_with_nothing(self, tenure: Tenure) -> bool {
        match self {
            Self::Warm => false,
            Self::Used => tenure != Tenure::Shared,
            Self::Draining | Self::Expired => true,
        }
    }
}
