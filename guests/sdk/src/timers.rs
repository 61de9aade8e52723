//! Timers of connections, over the contract's timers, which belong to the instance.
//!
//! Owns: which of the instance's timer tokens stands for which connection and token. Its tokens are
//! 2^63 and up, so that they never meet those of `tcp::set_timer`.
//! Invariant: an entry lives until it fires, is cancelled, or its connection ends.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::{ConnectionId, Token, backend};

/// The first token that stands for a connection's timer.
const FIRST: u64 = 1 << 63;

/// A timer of a connection, under the instance's token.
pub(crate) type Entry = (u64, ConnectionId, Token);

struct Timers {
    next: u64,
    armed: BTreeMap<u64, (ConnectionId, Token)>,
}

thread_local! {
    static TIMERS: RefCell<Timers> = const { RefCell::new(Timers { next: FIRST, armed: BTreeMap::new() }) };
}

/// Sets a timer, replacing the connection's timer with the same token.
pub(crate) fn set(connection: ConnectionId, token: Token, after_ms: u64) {
    let wire = TIMERS.with_borrow_mut(|timers| match timers.find(connection, token) {
        Some(wire) => wire,
        None => {
            let wire = timers.next;
            timers.next = wire.checked_add(1).unwrap_or(FIRST);
            timers.armed.insert(wire, (connection, token));
            wire
        }
    });
    backend::tcp::set_timer(wire, after_ms);
}

/// Cancels a timer; nothing if there is none.
pub(crate) fn cancel(connection: ConnectionId, token: Token) {
    let wire = TIMERS.with_borrow_mut(|timers| {
        let wire = timers.find(connection, token)?;
        timers.armed.remove(&wire);
        Some(wire)
    });
    if let Some(wire) = wire {
        backend::tcp::cancel_timer(wire);
    }
}

/// Whose timer fired: `None` if it is one of the instance's own.
pub(crate) fn fired(wire: u64) -> Option<(ConnectionId, Token)> {
    TIMERS.with_borrow_mut(|timers| timers.armed.remove(&wire))
}

/// The connection ended: its timers are cancelled.
pub(crate) fn forget(connection: ConnectionId) {
    let ended: Vec<u64> = TIMERS.with_borrow_mut(|timers| {
        if timers.armed.is_empty() {
            return Vec::new();
        }
        let ended =
            timers.armed.iter().filter(|(_, (c, _))| *c == connection).map(|(wire, _)| *wire).collect();
        timers.armed.retain(|_, (c, _)| *c != connection);
        ended
    });
    for wire in ended {
        backend::tcp::cancel_timer(wire);
    }
}

/// All of them, for a successor.
pub(crate) fn entries() -> Vec<Entry> {
    TIMERS.with_borrow(|timers| timers.armed.iter().map(|(wire, (c, t))| (*wire, *c, *t)).collect())
}

/// Takes over a predecessor's.
pub(crate) fn adopt(entries: &[Entry]) {
    TIMERS.with_borrow_mut(|timers| {
        for &(wire, connection, token) in entries {
            timers.armed.insert(wire, (connection, token));
            timers.next = timers.next.max(wire.saturating_add(1));
        }
    });
}

/// Forgets everything: an instance of the test kit begins.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn reset() {
    TIMERS.with_borrow_mut(|timers| *timers = Timers { next: FIRST, armed: BTreeMap::new() });
}

impl Timers {
    fn find(&self, connection: ConnectionId, token: Token) -> Option<u64> {
        self.armed.iter().find(|(_, entry)| **entry == (connection, token)).map(|(wire, _)| *wire)
    }
}
