//! The command line: verbs, options, and the text of `--help`.
//!
//! Owns: which options exist, their units, defaults and consequences. Parsing looks at nothing but the
//! arguments: no file, no clock, no socket. Defaults of limits are those of the library; a test
//! compares them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::cli::values::{Argument, Arguments, ServiceName};
use crate::component::Component;
use crate::logging::{Format, Level};
use crate::new::name::CrateName;
use crate::units::Span;
use crate::version;

pub(crate) mod limits;
pub(crate) mod values;

pub(crate) use limits::LimitOptions;

/// A native TCP host whose protocol logic is WebAssembly.
///
/// For each connection it runs one sandboxed instance of a component, which is told what happened and
/// answers with commands.
#[derive(Debug, Parser)]
#[command(
    name = "tidegate",
    version = version::LINE,
    arg_required_else_help = true,
    propagate_version = false,
    max_term_width = 100,
    after_help = "Exit codes: 0 ended as asked, 1 failed while running, 2 could not start."
)]
pub(crate) struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Serve connections with a component.
    ///
    /// Prints `listening <name> <ip:port>` on stdout for every address once it accepts connections;
    /// logs go to stderr. SIGTERM or Ctrl-C stops it: no connection is accepted any more, handlers are
    /// told, output is flushed, and what is left after --drain is aborted. A second signal aborts at
    /// once.
    Serve(Box<ServeOptions>),
    /// Say what a component is: digest, size, world, contract version, commands it can issue.
    Inspect(InspectOptions),
    /// Make the crate of a new handler, with SDK, contract and a test.
    New(NewOptions),
}

/// Options of `tidegate serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// The handler: a path (it has a `/` or ends in `.wasm`), or the name of a built-in guest: echo,
    /// echo-ack, echo-nack, echo-pull.
    #[arg(value_name = "COMPONENT")]
    pub(crate) component: Component,

    /// Address to listen on, as IP:PORT; repeat it for more. Port 0 lets the system choose one, which
    /// is printed. An IPv6 address is written `[::1]:7007`.
    #[arg(
        short, long, value_name = "ADDR", default_value = "127.0.0.1:7007", value_parser = values::address
    )]
    pub(crate) listen: Vec<SocketAddr>,

    /// Name of the service, in what is printed and logged. Default: the built-in's name, else the
    /// file's without `.wasm`.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: Option<ServiceName>,

    /// Argument for the handler; repeat it for more. A handler refuses to start on one it does not
    /// know.
    #[arg(short, long = "arg", value_name = "KEY=VALUE")]
    pub(crate) args: Vec<Argument>,

    /// Threads that serve connections, 1 to 1024. Default: one per processor. A connection stays on
    /// its thread for life.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,

    /// Time, when stopping, for output to be flushed; what is left after it is aborted.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(crate) drain: Span,

    #[command(flatten)]
    pub(crate) limits: LimitOptions,

    #[command(flatten)]
    pub(crate) cache: CacheOptions,

    #[command(flatten)]
    pub(crate) report: ReportOptions,

    #[command(flatten)]
    pub(crate) log: LogOptions,
}

impl ServeOptions {
    /// The handler's arguments, as pairs in the order given.
    pub(crate) fn arguments(&self) -> Arguments {
        self.args.iter().map(|argument| (argument.key.clone(), argument.value.clone())).collect()
    }
}

/// Options of `tidegate inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectOptions {
    /// A path (it has a `/` or ends in `.wasm`), or the name of a built-in guest: echo, echo-ack,
    /// echo-nack, echo-pull.
    #[arg(value_name = "COMPONENT")]
    pub(crate) component: Component,

    /// One JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,

    /// Largest component that is looked at, in bytes.
    #[arg(long, value_name = "SIZE", default_value = "32MiB")]
    pub(crate) component_max: crate::units::Size,
}

/// Options of `tidegate new`.
#[derive(Debug, Args)]
pub(crate) struct NewOptions {
    /// Name of the crate: lower-case letters, digits, `-` and `_`, beginning with a letter.
    #[arg(value_name = "NAME")]
    pub(crate) name: CrateName,

    /// The folder to make; it must be missing or empty. Default: ./NAME
    #[arg(long, value_name = "DIR")]
    pub(crate) path: Option<PathBuf>,
}

/// Where compiled components are kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Compile cache")]
pub(crate) struct CacheOptions {
    /// Folder for compiled components, so that the next start needs no compiler. It is made if
    /// missing, and must be yours and writable by nobody else. Default: $XDG_CACHE_HOME/tidegate, else
    /// $HOME/.cache/tidegate.
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    pub(crate) cache_dir: Option<PathBuf>,

    /// Compile at every start; keep nothing.
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// Counters in a file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Counters")]
pub(crate) struct ReportOptions {
    /// Write the service's counters to this file as JSON, whole at every moment: at the start, every
    /// --report-every, and at the end.
    #[arg(long, value_name = "FILE")]
    pub(crate) report_json: Option<PathBuf>,

    /// How often the counters are written, from 10ms.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = values::report_every)]
    pub(crate) report_every: Span,
}

/// Logs on stderr.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logs")]
pub(crate) struct LogOptions {
    /// Form of log lines.
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Format::Auto)]
    pub(crate) log_format: Format,

    /// Least important lines that are logged.
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = Level::Info)]
    pub(crate) log_level: Level,
}

#[cfg(test)]
mod tests;
