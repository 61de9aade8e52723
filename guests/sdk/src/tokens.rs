//! A source of tokens.

use crate::Token;

/// Hands out tokens 1, 2, 3, … for commands whose answers must be told apart. The host does not care
/// which numbers are used; this is for handlers that do not care either.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    last: u64,
}

impl Tokens {
    /// The next token. It wraps after 2^64.
    pub fn issue(&mut self) -> Token {
        self.last = self.last.wrapping_add(1);
        self.last
    }
}
