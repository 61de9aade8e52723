//! The example as a process: it does what its README shows.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use tidegate_e2e::{Client, guests, wait};

#[test]
fn it_serves_until_its_input_ends_and_says_what_became_of_the_connections() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_embed"))
        .args([guests::ECHO_PATH, "127.0.0.1:0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the example starts");
    let input = child.stdin.take().expect("its input");
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    let address =
        line.trim_end().strip_prefix("listening embedded ").expect("the address").parse().expect("one");

    let mut client = Client::connect(address, 1);
    client.echo(6);
    client.finish();
    client.expect_rest_and_end();

    drop(input);
    let status = wait::until("its end", || child.try_wait().expect("a child of ours"));
    assert!(status.success(), "{status}");
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("the rest");
    assert!(rest.ends_with("6 bytes in, 6 bytes out\n"), "{rest}");
    assert!(rest.contains("1 connections, 0 aborted\n"), "{rest}");
}

#[test]
fn without_a_component_it_says_how_it_is_used() {
    let output = Command::new(env!("CARGO_BIN_EXE_embed")).stdin(Stdio::null()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "embed: usage: embed <COMPONENT> [ADDRESS]\n");
}
