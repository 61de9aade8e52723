//! Logs on stderr.
//!
//! Owns: their form and level. Never panics because stderr is closed: a log line that cannot be
//! written is lost.

use std::io::{IsTerminal as _, stderr};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// `human` on a terminal, `json` elsewhere.
    Auto,
    /// One line of text per event, coloured on a terminal unless NO_COLOR is set.
    Human,
    /// One JSON object per line.
    Json,
}

/// The least important level that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// Nothing.
    Off,
    /// What failed.
    Error,
    /// And what looks wrong: a handler that failed, a limit that bit.
    Warn,
    /// And what happens to the service as a whole.
    Info,
    /// And every connection.
    Debug,
    /// And every event and command.
    Trace,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Starts logging for the rest of the process's life.
pub(crate) fn start(format: Format, level: Level) {
    // Levels apply to our own crates; what others say is shown from warnings up.
    let level = level.word();
    let others = if level == "off" { "off" } else { "warn" };
    let filter = EnvFilter::new(format!(
        "{others},tidegate={level},tidegate_service={level},tidegate_driver={level},tidegate_sandbox={level}"
    ));
    let terminal = stderr().is_terminal();
    let json = match format {
        Format::Auto => !terminal,
        Format::Human => false,
        Format::Json => true,
    };
    let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // Without this a closed stderr would make the logger complain on stderr, and panic.
    let builder = fmt().with_writer(stderr).with_env_filter(filter).log_internal_errors(false);
    let installed = if json {
        builder.json().flatten_event(true).with_current_span(false).try_init()
    } else {
        builder.with_ansi(colours).with_target(false).try_init()
    };
    debug_assert!(installed.is_ok(), "logging is started once");
}
