//! What the program says on stdout.
//!
//! Never panics because stdout is closed: whoever closed it does not want to know.

use std::io::{self, Write as _, stdout};

/// Writes and flushes a text; what becomes of it does not matter to the program.
pub(crate) fn say(text: &str) {
    let _ = try_say(text);
}

/// Writes and flushes a text.
///
/// # Errors
/// What the system says, a closed pipe for one.
pub(crate) fn try_say(text: &str) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
