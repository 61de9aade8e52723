//! Files of at most 600 lines, functions of at most 70: what does not fit has two things to say.

use crate::Violation;
use crate::rust::code_of;
use crate::tree::File;

/// Most lines of a source file. In a `.wit` file lines of comments are not counted: an interface cannot
/// be spread over files, and another rule asks for a comment on every item of it.
pub const FILE_LINES_MAX: usize = 600;

/// Most lines of a function, signature and closing brace included.
pub const FUNCTION_LINES_MAX: usize = 70;

/// Looks at every `.rs` and `.wit` file.
#[must_use]
pub fn check(files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is("rs") || file.is("wit")) {
        let lines = counted_lines(file);
        if lines > FILE_LINES_MAX {
            let message = format!("{lines} lines, at most {FILE_LINES_MAX}: split it by concept");
            found.push(Violation::of(&file.path, message));
        }
        if file.is("rs") {
            found.extend(functions(&file.text).into_iter().filter_map(|function| function.violation(file)));
        }
    }
    found
}

fn counted_lines(file: &File) -> usize {
    let is_comment = |line: &str| line.trim_start().starts_with("//");
    file.text.lines().filter(|line| file.is("rs") || !is_comment(line)).count()
}

struct Function {
    name: String,
    line: usize,
    lines: usize,
}

impl Function {
    fn violation(self, file: &File) -> Option<Violation> {
        let Self { name, line, lines } = self;
        (lines > FUNCTION_LINES_MAX).then(|| {
            let message = format!("`{name}` has {lines} lines, at most {FUNCTION_LINES_MAX}");
            Violation::at(&file.path, line, message)
        })
    }
}

/// Every function with a body, nested ones too.
fn functions(text: &str) -> Vec<Function> {
    let code = code_of(text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let name: String =
            code[at + 3..].trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(len) = length_of(&code[at..]) else { continue };
        if !name.is_empty() {
            let line = code[..at].matches('\n').count() + 1;
            found.push(Function { name, line, lines: code[at..at + len].matches('\n').count() + 1 });
        }
    }
    found
}

/// Length in bytes of the function at the start of `code`; `None` if it has no body.
fn length_of(code: &str) -> Option<usize> {
    let (mut braces, mut others) = (0_usize, 0_usize);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => others += 1,
            ')' | ']' if others == 0 => return None,
            ')' | ']' => others -= 1,
            '{' => braces += 1,
            '}' if braces == 0 => return None,
            '}' => {
                braces -= 1;
                if braces == 0 && others == 0 {
                    return Some(at + 1);
                }
            }
            ';' if braces == 0 && others == 0 => return None,
            _ => {}
        }
    }
    None
}
