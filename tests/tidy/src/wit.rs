//! The contract is documented and dated: every item, field, case and parameterless thing of the WIT
//! package has a doc comment, and everything the grammar lets carry a gate says since when it is
//! there.

use crate::Violation;
use crate::tree::File;

/// Looks at every file of `wit/`.
#[must_use]
pub fn check(files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("wit/") && file.is("wit")) {
        let mut reader = Reader { file, tokens: tokens(&file.text), at: 0, found: Vec::new() };
        reader.package();
        found.append(&mut reader.found);
    }
    found
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Doc,
    Since,
    /// A word or a sign.
    Text(String),
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    line: usize,
}

struct Reader<'a> {
    file: &'a File,
    tokens: Vec<Token>,
    at: usize,
    found: Vec<Violation>,
}

/// What stands before an item.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    documented: bool,
    dated: bool,
}

impl Reader<'_> {
    /// The top level: the package line, interfaces and worlds.
    fn package(&mut self) {
        while self.at < self.tokens.len() {
            let (marks, line) = self.marks();
            match self.word().as_str() {
                "package" | "use" => self.skip_to_end(),
                keyword @ ("interface" | "world") => {
                    let what = format!("{keyword} {}", self.word());
                    self.want(marks, line, &what, true);
                    self.open();
                    self.items(keyword == "world");
                }
                "" => {}
                other => self.complain(line, &format!("`{other}` is not understood by this rule")),
            }
        }
    }

    /// What is inside an interface, a world or a resource, up to its closing brace.
    fn items(&mut self, is_world: bool) {
        loop {
            let (marks, line) = self.marks();
            match self.word().as_str() {
                "}" | "" => return,
                "use" | "include" => {
                    self.want_date(marks, line, "use");
                    self.skip_to_end();
                }
                keyword @ ("import" | "export") if is_world => {
                    let what = format!("{keyword} {}", self.word());
                    self.want_date(marks, line, &what);
                    self.skip_to_end();
                }
                keyword @ ("record" | "variant" | "enum" | "flags") => {
                    let what = format!("{keyword} {}", self.word());
                    self.want(marks, line, &what, true);
                    self.open();
                    self.members(&what);
                }
                "resource" => {
                    let what = format!("resource {}", self.word());
                    self.want(marks, line, &what, true);
                    if self.word() == "{" {
                        self.items(false);
                    }
                }
                "type" => {
                    let what = format!("type {}", self.word());
                    self.want(marks, line, &what, true);
                    self.skip_to_end();
                }
                name => {
                    let what = format!("function {name}");
                    self.want(marks, line, &what, true);
                    self.skip_to_end();
                }
            }
        }
    }

    /// Fields or cases, up to the closing brace. They carry no gate.
    fn members(&mut self, of: &str) {
        loop {
            let (marks, line) = self.marks();
            let name = self.word();
            if name == "}" || name.is_empty() {
                return;
            }
            self.want(marks, line, &format!("{name} of {of}"), false);
            let mut depth = 0_usize;
            loop {
                match self.peek() {
                    "" => return,
                    "}" if depth == 0 => break,
                    "," if depth == 0 => {
                        self.at += 1;
                        break;
                    }
                    "(" | "<" | "{" => depth += 1,
                    ")" | ">" | "}" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                self.at += 1;
            }
        }
    }

    /// Doc comments and gates, in whatever order, and the line of what they belong to.
    fn marks(&mut self) -> (Marks, usize) {
        let mut marks = Marks::default();
        while let Some(token) = self.tokens.get(self.at) {
            match token.kind {
                Kind::Doc => marks.documented = true,
                Kind::Since => marks.dated = true,
                Kind::Text(_) => return (marks, token.line),
            }
            self.at += 1;
        }
        (marks, 0)
    }

    /// The next word or sign; empty at the end of the file.
    fn word(&mut self) -> String {
        let word = self.peek().to_owned();
        self.at += 1;
        word
    }

    fn peek(&self) -> &str {
        match self.tokens.get(self.at) {
            Some(Token { kind: Kind::Text(text), .. }) => text,
            // A comment in the middle of an item belongs to nothing.
            Some(_) => "///",
            None => "",
        }
    }

    fn open(&mut self) {
        if self.peek() == "{" {
            self.at += 1;
        }
    }

    /// Passes over the rest of an item: to its `;`, or over its braces if it ends with them.
    fn skip_to_end(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.word().as_str() {
                "" => return,
                ";" if depth == 0 => return,
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn want(&mut self, marks: Marks, line: usize, what: &str, date: bool) {
        if !marks.documented {
            self.complain(line, &format!("{what} has no doc comment"));
        }
        if date {
            self.want_date(marks, line, what);
        }
    }

    fn want_date(&mut self, marks: Marks, line: usize, what: &str) {
        if !marks.dated {
            self.complain(line, &format!("{what} does not say @since"));
        }
    }

    fn complain(&mut self, line: usize, message: &str) {
        self.found.push(Violation::at(&self.file.path, line, message));
    }
}

/// Words, signs, doc comments and gates of a WIT text. Ordinary comments are left out.
fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line_number = index + 1;
        let mut push = |kind| found.push(Token { kind, line: line_number });
        let (code, comment) = line.find("//").map_or((line, ""), |at| line.split_at(at));
        let mut code = code.trim_start();
        if let Some(gate) = code.strip_prefix("@since") {
            push(Kind::Since);
            code = gate.split_once(')').map_or("", |(_, rest)| rest);
        }
        let mut word = String::new();
        for c in code.chars().chain([' ']) {
            if c.is_alphanumeric() || matches!(c, '-' | '_' | '%' | '.' | '@') {
                word.push(c);
                continue;
            }
            if !word.is_empty() {
                push(Kind::Text(std::mem::take(&mut word)));
            }
            if !c.is_whitespace() {
                push(Kind::Text(c.to_string()));
            }
        }
        if comment.starts_with("///") && !comment.trim_start_matches('/').trim().is_empty() {
            push(Kind::Doc);
        }
    }
    found
}
