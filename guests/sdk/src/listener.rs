//! A listening socket of the handler's own.
//!
//! Owns: the handle. The SDK keeps it until `unbound`, since dropping it means `unbind`.

use std::cell::Cell;

use crate::{Address, ListenerId, Token, backend};

/// A listening socket made by [`tcp::bind`](crate::tcp::bind).
#[derive(Debug)]
pub struct Listener {
    raw: backend::Listener,
    id: ListenerId,
    unbinding: Cell<Option<Token>>,
}

impl Listener {
    pub(crate) fn from_raw(raw: backend::Listener) -> Self {
        let id = raw.id();
        Self { raw, id, unbinding: Cell::new(None) }
    }

    pub(crate) fn is_unbound_by(&self, token: Token) -> bool {
        self.unbinding.get() == Some(token)
    }

    /// The listener's id: unique in the life of the host.
    #[must_use]
    pub const fn id(&self) -> ListenerId {
        self.id
    }

    /// The address really bound.
    #[must_use]
    pub fn local_address(&self) -> Address {
        self.raw.local_address()
    }

    /// Allows `count` further connections to be accepted: sets the number, does not add. Only of use
    /// if bound with `pull_accepting`.
    pub fn resume_accepting(&self, count: u32) {
        self.raw.resume_accepting(count);
    }

    /// Stops listening; answered by `unbound(token)`. Accepted connections live on.
    pub fn unbind(&self, token: Token) {
        if self.unbinding.get().is_none() {
            self.unbinding.set(Some(token));
        }
        self.raw.unbind(token);
    }
}
