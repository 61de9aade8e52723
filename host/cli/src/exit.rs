//! How the program ends: its exit codes and the one block of text that says why.
//!
//! Owns: the codes 0 (ended as asked), 1 (failed while running) and 2 (could not start), and how an
//! error looks on stderr. Never prints a Rust debug dump or a backtrace, never panics because stderr
//! is closed.

use std::io::Write as _;
use std::process::ExitCode;

/// When it failed, which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Arguments, module, address, guest: nothing was served. Code 2.
    Starting,
    /// It had started. Code 1.
    Running,
}

/// A failure on its way to the user.
#[derive(Debug)]
pub(crate) struct Failure {
    when: When,
    error: anyhow::Error,
    help: Option<String>,
}

impl Failure {
    /// It could not start.
    pub(crate) fn starting(error: impl Into<anyhow::Error>) -> Self {
        Self { when: When::Starting, error: error.into(), help: None }
    }

    /// It failed while running.
    pub(crate) fn running(error: impl Into<anyhow::Error>) -> Self {
        Self { when: When::Running, error: error.into(), help: None }
    }

    /// With a sentence that says what to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The exit code.
    pub(crate) fn code(&self) -> ExitCode {
        match self.when {
            When::Starting => ExitCode::from(2),
            When::Running => ExitCode::from(1),
        }
    }

    /// The block: what failed, why, what to do. Ends with a line feed.
    pub(crate) fn block(&self) -> String {
        let mut block = format!("error: {}\n", indented(&self.error.to_string()));
        let mut said = self.error.to_string();
        for cause in self.error.chain().skip(1).map(ToString::to_string) {
            // Some errors repeat their source in their own text.
            if !said.contains(&cause) {
                block.push_str(&format!("  because: {}\n", indented(&cause)));
                said.push_str(&cause);
            }
        }
        if let Some(help) = &self.help {
            block.push_str(&format!("  help: {}\n", indented(help)));
        }
        block
    }

    /// Writes the block to stderr. If stderr is gone there is nobody to tell.
    pub(crate) fn print(&self) {
        let _ = std::io::stderr().lock().write_all(self.block().as_bytes());
    }
}

/// Keeps a text of several lines inside its block.
fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n    ")
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::Failure;

    #[test]
    fn a_failure_is_one_block_with_its_causes_and_what_to_do() {
        let error = anyhow!("no such file").context("cannot read `a.wasm`");
        let failure = Failure::starting(error).help("build it first");
        assert_eq!(
            failure.block(),
            "error: cannot read `a.wasm`\n  because: no such file\n  help: build it first\n"
        );
    }

    #[test]
    fn a_cause_that_was_already_said_is_not_repeated() {
        let error = anyhow!("no such file").context("cannot read `a.wasm`: no such file");
        assert_eq!(Failure::running(error).block(), "error: cannot read `a.wasm`: no such file\n");
    }

    #[test]
    fn further_lines_of_a_text_stay_inside_the_block() {
        assert_eq!(Failure::running(anyhow!("one\ntwo\n")).block(), "error: one\n    two\n");
    }
}
