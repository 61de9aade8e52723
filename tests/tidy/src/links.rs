//! Links in Markdown files lead somewhere: to a file or folder that exists, and, with `#`, to one of
//! its headings. Links to the network are left alone.

use std::path::{Component, Path, PathBuf};

use crate::Violation;
use crate::tree::File;

/// Looks at every `.md` file; `exists` says whether there is a file or folder at a path relative to
/// the root.
#[must_use]
pub fn check(files: &[File], exists: impl Fn(&str) -> bool) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is("md")) {
        for (line, target) in targets(&file.text) {
            if let Some(message) = broken(file, &target, files, &exists) {
                found.push(Violation::at(&file.path, line, message));
            }
        }
    }
    found
}

/// Why the link cannot be followed, if so.
fn broken(file: &File, target: &str, files: &[File], exists: impl Fn(&str) -> bool) -> Option<String> {
    let elsewhere = target.contains("://") || target.starts_with("mailto:");
    if elsewhere {
        return None;
    }
    let (path, heading) =
        target.split_once('#').map_or((target, None), |(path, heading)| (path, Some(heading)));
    let path = if path.is_empty() { Some(file.path.clone()) } else { resolve(&file.path, path) };
    let Some(path) = path else { return Some(format!("`{target}` leads out of the project")) };
    if !exists(&path) {
        return Some(format!("`{target}` leads to nothing"));
    }
    let wanted = heading.filter(|heading| !heading.is_empty())?;
    let there = files.iter().find(|file| file.path == path && file.is("md"))?;
    (!headings(&there.text).iter().any(|found| found == wanted))
        .then(|| format!("`{target}`: {path} has no such heading"))
}

/// The path relative to the root that `link` in the file `from` means.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut path = PathBuf::from(from);
    path.pop();
    for part in Path::new(link).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path.to_string_lossy().replace('\\', "/"))
}

/// The target of every link `[text](target)` with its line, code left out.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, prose) in prose(text) {
        for (at, _) in prose.match_indices("](") {
            if let Some((target, _)) = prose[at + 2..].split_once(')') {
                let target = target.split_whitespace().next().unwrap_or_default();
                found.push((line, target.trim_matches(['<', '>']).to_owned()));
            }
        }
    }
    found
}

/// The headings as links name them: lower case, words joined by hyphens, other signs dropped, a
/// repeated one with a number.
fn headings(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (_, line) in prose_with_code_spans(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let mut name = String::new();
        for c in title.trim().chars() {
            match c {
                ' ' => name.push('-'),
                '-' | '_' => name.push(c),
                c if c.is_alphanumeric() => name.extend(c.to_lowercase()),
                _ => {}
            }
        }
        let same = |found: &&String| **found == name || found.starts_with(&format!("{name}-"));
        let repeated = found.iter().filter(same).count();
        found.push(if found.contains(&name) { format!("{name}-{repeated}") } else { name });
    }
    found
}

/// Lines outside code blocks, numbered from 1.
fn prose_with_code_spans(text: &str) -> Vec<(usize, String)> {
    let mut fence: Option<&str> = None;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let marker = ["```", "~~~"].into_iter().find(|marker| line.trim_start().starts_with(marker));
        match (fence, marker) {
            (None, Some(marker)) => fence = Some(marker),
            (Some(open), Some(marker)) if open == marker => fence = None,
            (Some(_), _) => {}
            (None, None) => found.push((index + 1, line.to_owned())),
        }
    }
    found
}

/// The same without what is between backquotes.
fn prose(text: &str) -> Vec<(usize, String)> {
    let without_code = |line: String| line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    prose_with_code_spans(text).into_iter().map(|(line, text)| (line, without_code(text))).collect()
}
