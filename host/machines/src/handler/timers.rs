//! The handler's timers: few, so a list.

use crate::id::Token;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Timers {
    /// In the order they were set; no token twice.
    set: Vec<(Timestamp, Token)>,
}

impl Timers {
    pub(crate) fn new() -> Self {
        Self { set: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.set.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    pub(crate) fn set(&mut self, token: Token, due: Timestamp) {
        self.set.push((due, token));
    }

    pub(crate) fn cancel(&mut self, token: Token) {
        self.set.retain(|(_, other)| *other != token);
    }

    #[cfg(any(debug_assertions, test))]
    pub(crate) fn tokens(&self) -> impl Iterator<Item = Token> + '_ {
        self.set.iter().map(|(_, token)| *token)
    }

    pub(crate) fn first_due(&self) -> Option<Timestamp> {
        self.set.iter().map(|(due, _)| *due).min()
    }

    /// Takes the one that is due first; of two due at once, the one set first.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<Token> {
        let (index, (due, token)) = self.set.iter().copied().enumerate().min_by_key(|(_, (due, _))| *due)?;
        if due > now {
            return None;
        }
        self.set.remove(index);
        Some(token)
    }

    #[cfg(any(test, feature = "model"))]
    pub(crate) fn normalize(&mut self, now: Timestamp, names: &mut crate::model::Names) {
        for (due, token) in &mut self.set {
            *due = crate::model::rebase(*due, now);
            names.rename(token);
        }
    }
}
