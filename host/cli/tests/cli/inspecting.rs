//! `tidegate inspect`.

use serde_json::Value;
use tidegate_e2e::Program;
use tidegate_guest_artifacts as guests;

use crate::tidegate;

fn inspect_json(component: &str) -> Value {
    let exit = Program::run(tidegate(), &["inspect", component, "--json"]);
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    serde_json::from_str(&exit.stdout).expect("one JSON object")
}

fn commands(json: &Value) -> Vec<&str> {
    let commands = json.get("commands").and_then(Value::as_array).expect("commands");
    commands.iter().map(|command| command.as_str().expect("a name")).collect()
}

#[test]
fn a_built_in_guest_and_its_file_are_the_same_component() {
    let built_in = inspect_json("echo");
    let file = inspect_json(guests::ECHO_PATH);
    for key in ["digest", "size_bytes", "world", "contract_version", "hand_over", "commands"] {
        assert!(built_in.get(key).is_some(), "{key} is missing: {built_in}");
        assert_eq!(built_in.get(key), file.get(key), "{key}");
    }
    assert_eq!(built_in.get("size_bytes").and_then(Value::as_u64), Some(guests::ECHO.len() as u64));
    assert_eq!(built_in.get("contract_version").and_then(Value::as_str), Some("0.1.0"));
    assert_eq!(built_in.get("world").and_then(Value::as_str), Some("tcp-handler"));
    assert_eq!(built_in.get("hand_over").and_then(Value::as_bool), Some(false));
    assert!(built_in.get("compile_time_us").and_then(Value::as_u64).is_some_and(|us| us > 0), "{built_in}");
    let digest = built_in.get("digest").and_then(Value::as_str).expect("a digest");
    assert!(digest.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64), "{digest}");
}

#[test]
fn only_commands_a_guest_can_issue_are_listed() {
    let all = inspect_json(guests::EVERY_IMPORT_PATH);
    for command in
        ["connection.write", "connection.abort", "connection.delegate", "tcp.connect", "listener.unbind"]
    {
        assert!(commands(&all).contains(&command), "{command}: {all}");
    }
    // The ack-based echo writes and closes, and opens nothing.
    let echo = inspect_json("echo-ack");
    assert!(commands(&echo).contains(&"connection.write"), "{echo}");
    assert!(commands(&echo).contains(&"connection.suspend-reading"), "{echo}");
    assert!(!commands(&echo).contains(&"tcp.connect"), "{echo}");
}

#[test]
fn the_text_says_the_same_in_lines() {
    let exit = Program::run(tidegate(), &["inspect", "echo"]);
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    for key in ["digest", "size", "world", "contract", "hand-over", "commands", "compile time"] {
        assert!(exit.stdout.lines().any(|line| line.starts_with(key)), "{key} is missing: {}", exit.stdout);
    }
    assert_eq!(exit.stderr, "");
}
