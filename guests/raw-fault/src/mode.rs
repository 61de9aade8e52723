//! The ways to break the contract.

/// How the contract is broken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// Not at all: an echo.
    #[default]
    None,
    /// Drops the handle of the connection it owns. No fault: it means `close`.
    DropOwner,
    /// Uses the handle after dropping it.
    DroppedHandle,
    /// Uses a handle that nobody gave it.
    ForgedHandle,
    /// Writes with an answer that the variant does not have.
    BadDiscriminant,
    /// Writes bytes that begin in its memory and end outside.
    BadPointer,
    /// Logs bytes that are not UTF-8.
    BadUtf8,
}

impl Mode {
    /// The words of the argument `mode`.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("none", Self::None),
        ("drop-owner", Self::DropOwner),
        ("dropped-handle", Self::DroppedHandle),
        ("forged-handle", Self::ForgedHandle),
        ("bad-discriminant", Self::BadDiscriminant),
        ("bad-pointer", Self::BadPointer),
        ("bad-utf8", Self::BadUtf8),
    ];

    /// The mode of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, mode)| *mode)
    }
}
