//! The command line as people type it.

use clap::{CommandFactory as _, Parser as _};

use super::values::{ServiceName, address};
use super::{CommandLine, ServeOptions, Verb};

fn serve(arguments: &[&str]) -> ServeOptions {
    let line = ["tidegate", "serve"].iter().chain(arguments);
    match CommandLine::try_parse_from(line).expect("a good command line").verb {
        Verb::Serve(options) => *options,
        other => panic!("not serve: {other:?}"),
    }
}

fn refused(arguments: &[&str]) -> String {
    CommandLine::try_parse_from(["tidegate"].iter().chain(arguments))
        .expect_err("a bad command line")
        .to_string()
}

#[test]
fn the_definition_is_consistent() {
    CommandLine::command().debug_assert();
}

#[test]
fn every_option_says_what_it_does() {
    let mut command = CommandLine::command();
    command.build();
    for verb in command.get_subcommands() {
        for argument in verb.get_arguments() {
            assert!(argument.get_help().is_some(), "{} {}", verb.get_name(), argument.get_id());
        }
    }
}

#[test]
fn the_default_address_is_on_this_machine_alone() {
    assert_eq!(serve(&["echo"]).listen, ["127.0.0.1:7007".parse().expect("an address")]);
}

#[test]
fn addresses_and_arguments_are_repeated_and_keep_their_order() {
    let options = serve(&[
        "echo",
        "--listen",
        "127.0.0.1:0",
        "--listen",
        "[::1]:0",
        "--arg",
        "b=1",
        "--arg",
        "a=x=y",
        "--arg",
        "c=",
    ]);
    assert_eq!(options.listen.len(), 2);
    let pairs = [("b", "1"), ("a", "x=y"), ("c", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(options.arguments(), pairs);
}

#[test]
fn malformed_addresses_are_refused_with_what_is_missing() {
    for (text, says) in [
        ("127.0.0.1", "port is missing"),
        ("::1", "port is missing"),
        ("7007", "IP address is missing"),
        (":7007", "IP address is missing"),
        ("127.0.0.1:70000", "no port"),
        ("127.0.0.1:", "no port"),
        ("::1:x", "no port"),
        ("fe80::zz:1", "brackets"),
        ("localhost:7007", "names are not looked up"),
        ("", "IP:PORT"),
    ] {
        let error = address(text).expect_err(text);
        assert!(error.contains(says), "{text:?}: {error}");
    }
}

#[test]
fn bad_values_are_refused() {
    for arguments in [
        &["serve"] as &[&str],
        &["serve", "echo", "--listen", "nowhere"],
        &["serve", "echo", "--arg", "novalue"],
        &["serve", "echo", "--arg", "=v"],
        &["serve", "echo", "--name", "two words"],
        &["serve", "echo", "--workers", "0"],
        &["serve", "echo", "--drain", "10"],
        &["serve", "echo", "--idle-timeout", "never"],
        &["serve", "echo", "--register-timeout", "off"],
        &["serve", "echo", "--memory-max", "16MB"],
        &["serve", "echo", "--report-every", "1us"],
        &["serve", "echo", "--no-cache", "--cache-dir", "x"],
        &["serve", "echo", "more"],
        &["serve", "echo", "--lisen", "127.0.0.1:0"],
        &["inspect"],
        &["new"],
        &["new", "Bad"],
        &["start"],
    ] {
        assert!(refused(arguments).contains("error"), "{arguments:?}");
    }
}

#[test]
fn a_misspelt_option_is_answered_with_the_nearest() {
    assert!(refused(&["serve", "echo", "--lisen", "127.0.0.1:0"]).contains("--listen"));
}

#[test]
fn names_made_from_anything_have_no_spaces() {
    for text in ["", "a b", "\n", "ünï", &"x".repeat(1000)] {
        let name = ServiceName::from_any(text).to_string();
        assert!(name.parse::<ServiceName>().is_ok(), "{text:?} became {name:?}");
    }
}
