//! That the options say what the library does.

use clap::Parser as _;
use tidegate_service::Limits;

use super::{connections_max, limits};
use crate::cli::{CommandLine, ServeOptions, Verb};

fn serve(arguments: &[&str]) -> ServeOptions {
    match CommandLine::try_parse_from(["tidegate", "serve", "echo"].iter().chain(arguments))
        .expect("good")
        .verb
    {
        Verb::Serve(options) => *options,
        other => panic!("not serve: {other:?}"),
    }
}

#[test]
fn the_defaults_that_help_shows_are_those_of_the_library() {
    let options = serve(&[]);
    let shown = Limits { drain: options.drain.0, ..limits(&options.limits) };
    assert_eq!(shown, Limits::default());
}

#[test]
fn every_limit_option_reaches_its_limit() {
    let default = limits(&serve(&[]).limits);
    for (option, value) in [
        ("--register-timeout", "1s"),
        ("--idle-timeout", "1s"),
        ("--flush-timeout", "1s"),
        ("--half-close-timeout", "1s"),
        ("--memory-max", "1MiB"),
        ("--cpu-per-event", "1ms"),
        ("--turn-commands-max", "7"),
        ("--turn-bytes-max", "7"),
        ("--write-max", "7"),
        ("--queued-max", "7"),
        ("--chunks-max", "7"),
        ("--handles-max", "7"),
        ("--timers-max", "7"),
        ("--component-max", "7"),
        ("--read-chunk", "1KiB"),
        ("--accept-batch", "7"),
        ("--backlog", "7"),
    ] {
        assert_ne!(limits(&serve(&[option, value]).limits), default, "{option} changes nothing");
    }
}

#[test]
fn connections_are_as_many_as_asked_else_as_descriptors_allow() {
    let library = Limits::default().connections;
    assert_eq!(connections_max(None, None), library);
    assert_eq!(connections_max(None, Some(1_000_000)), library);
    assert_eq!(connections_max(None, Some(1_128)), 1_000);
    assert_eq!(connections_max(None, Some(10)), 1);
    assert_eq!(connections_max(Some(20_000), Some(1_128)), 20_000);
}
