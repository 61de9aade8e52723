//! Rust text without its comments and without what is inside its literals, so that rules look at code
//! only. Every character that is left out becomes a space; lines and columns stay as they are.

/// The code of a Rust file.
#[must_use]
pub fn code_of(text: &str) -> String {
    Mask { rest: text, out: String::with_capacity(text.len()), last: ' ' }.run()
}

/// Whether `word` occurs in `line` of code as a word of its own (a path like `a::b` is looked for as
/// it stands).
#[must_use]
pub fn has_word(line: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].chars().next_back().is_some_and(part_of_name)
            && !line[at + word.len()..].chars().next().is_some_and(part_of_name)
    })
}

struct Mask<'a> {
    rest: &'a str,
    out: String,
    /// The last character of code, to tell a raw string from a name that ends in `r`.
    last: char,
}

impl Mask<'_> {
    fn run(mut self) -> String {
        while let Some(c) = self.rest.chars().next() {
            if self.rest.starts_with("//") {
                let len = self.rest.find('\n').unwrap_or(self.rest.len());
                self.blank(len);
            } else if self.rest.starts_with("/*") {
                self.blank(block_comment(self.rest));
            } else if let Some((open, hashes)) = self.raw_string() {
                self.keep(open);
                let close = format!("\"{}", "#".repeat(hashes));
                let len = self.rest.find(&close).unwrap_or(self.rest.len());
                self.blank(len);
                self.keep(close.len().min(self.rest.len()));
            } else if c == '"' {
                self.keep(1);
                self.blank(quoted(self.rest, '"'));
                self.keep(usize::from(!self.rest.is_empty()));
            } else if c == '\'' && is_char_literal(self.rest) {
                self.keep(1);
                self.blank(quoted(self.rest, '\''));
                self.keep(usize::from(!self.rest.is_empty()));
            } else {
                self.keep(c.len_utf8());
            }
        }
        self.out
    }

    /// Length of the opening of a raw string (`r"`, `br##"`, …) and its number of hashes.
    fn raw_string(&self) -> Option<(usize, usize)> {
        if self.last.is_alphanumeric() || self.last == '_' {
            return None;
        }
        let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
            let after = self.rest.strip_prefix(prefix);
            after.is_some_and(|after| after.trim_start_matches('#').starts_with('"'))
        })?;
        let hashes = self.rest[prefix.len()..].chars().take_while(|c| *c == '#').count();
        Some((prefix.len() + hashes + 1, hashes))
    }

    fn keep(&mut self, len: usize) {
        let (kept, rest) = self.rest.split_at(len);
        self.out.push_str(kept);
        self.last = kept.chars().next_back().unwrap_or(self.last);
        self.rest = rest;
    }

    fn blank(&mut self, len: usize) {
        let (blanked, rest) = self.rest.split_at(len);
        self.out.extend(blanked.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        self.rest = rest;
    }
}

/// Length of the block comment at the start of `text`; such comments nest.
fn block_comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match &bytes[at..bytes.len().min(at + 2)] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth.saturating_sub(1), at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length up to the closing quote, escapes passed over.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at,
            _ => {}
        }
    }
    text.len()
}

/// A character literal, and not a lifetime or a label.
fn is_char_literal(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}
