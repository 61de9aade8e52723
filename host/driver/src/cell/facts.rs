//! The cell as the sandbox asks it during a call.

use core::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use tidegate_machines::cell::Cell;
use tidegate_machines::facts::{ConnectionFacts, Endpoint, Facts};
use tidegate_machines::{ConnectionId, Token};

use crate::registry::LiveConnection;

/// The machine of a cell and what is known of its connections. The task borrows the machine only between guest calls,
/// so that the guest can ask it during one.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) machine: RefCell<Cell<Bytes>>,
    /// Connections whose end the guest was not told yet.
    pub(super) known: RefCell<BTreeMap<ConnectionId, Arc<LiveConnection>>>,
}

impl Facts for Shared {
    fn connection(&self, connection: ConnectionId) -> Option<ConnectionFacts> {
        self.machine.try_borrow().ok()?.facts(connection)
    }

    fn endpoint(&self, connection: ConnectionId) -> Option<Endpoint> {
        Some(self.known.try_borrow().ok()?.get(&connection)?.endpoint().clone())
    }

    fn pending_tokens(&self, connection: ConnectionId, limit: usize) -> Vec<Token> {
        self.machine
            .try_borrow()
            .map(|machine| machine.pending_tokens(connection).take(limit).collect())
            .unwrap_or_default()
    }
}
