//! The program `tidegate`.
//!
//! Owns: nothing but the way from the command line to a verb and from its result to an exit code.

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{CommandLine, Verb};

mod cli;
mod component;
mod descriptors;
mod exit;
mod inspect;
mod logging;
mod new;
mod report;
mod serve;
mod signals;
mod stdout;
mod units;
mod version;

fn main() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => {
            // Help and version go to stdout with code 0, errors to stderr with code 2.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let ended = match line.verb {
        Verb::Serve(options) => serve::run(&options),
        Verb::Inspect(options) => inspect::run(&options),
        Verb::New(options) => new::run(&options.name, options.path.as_deref()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            failure.code()
        }
    }
}
