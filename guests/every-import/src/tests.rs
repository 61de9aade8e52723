//! The calls and the report, driven natively.

use tidegate_guest::prelude::*;
use tidegate_guest::runtime::Shared;
use tidegate_guest::testing::{Command, Kit, start_service};

use super::tally::IMPORTS;
use super::{EveryImport, REPORT};

/// The functions of the imported interfaces, as the WIT texts of the SDK have them.
fn functions_of_the_contract() -> Vec<String> {
    let wit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/wit");
    let mut found = Vec::new();
    for file in ["types.wit", "tcp.wit", "host.wit"] {
        let text = std::fs::read_to_string(wit.join(file)).expect("the SDK has the contract");
        let mut scope = String::new();
        for line in text.lines() {
            let line = line.trim().trim_start_matches("@since(version = 0.1.0) ");
            let mut words = line.split([' ', ':']);
            match (words.next(), words.next()) {
                (Some("interface" | "resource"), Some(name)) => name.clone_into(&mut scope),
                (Some(name), _) if line.contains(": func(") => found.push(format!("{scope}.{name}")),
                _ => {}
            }
        }
    }
    found
}

#[test]
fn the_list_of_imports_is_that_of_the_contract() {
    let mut contract = functions_of_the_contract();
    let mut listed: Vec<String> = IMPORTS.iter().map(|name| (*name).to_owned()).collect();
    contract.sort();
    listed.sort();
    assert_eq!(listed, contract);
}

/// Answers the commands like a host that implements nothing but writes and timers.
fn answer_all(kit: &mut Kit<Shared<EveryImport>>, c: u64) {
    let mut timer = None;
    for command in kit.commands() {
        let refuse = |kit: &mut Kit<Shared<EveryImport>>, source, name, token| {
            kit.refused(source, name, Some(token), Refusal::Unsupported);
        };
        match command {
            Command::Write { answer: Answer::Always(token), .. } => kit.acked(c, token),
            Command::WriteFile { answer: Answer::Always(token), .. } => {
                refuse(kit, c, CommandName::WriteFile, token);
            }
            Command::WriteCompound { parts, .. } => {
                for part in parts {
                    if let Answer::Always(token) = part.answer {
                        kit.acked(c, token);
                    }
                }
            }
            Command::Delegate { token, .. } => refuse(kit, c, CommandName::Delegate, token),
            Command::Connect { token, .. } => refuse(kit, 0, CommandName::Connect, token),
            Command::Bind { token, .. } => refuse(kit, 0, CommandName::Bind, token),
            Command::ResumeWriting { .. } => kit.writing_resumed(c),
            Command::SetTimer { token, .. } => timer = timer.or(Some(token)),
            _ => {}
        }
    }
    if let Some(token) = timer {
        kit.timer(token);
    }
}

#[test]
fn the_report_names_every_import_and_comes_when_all_is_answered() {
    let mut kit = start_service::<EveryImport>(&[]).expect("no arguments needed");
    let c = kit.connect();
    answer_all(&mut kit, c);
    kit.received_chunk(c, b"confirmed-close\n");
    answer_all(&mut kit, c);

    let commands = kit.commands();
    let [Command::Write { data, answer, .. }] = commands.as_slice() else {
        panic!("no report: {commands:?}")
    };
    assert_eq!(*answer, Answer::Always(REPORT));
    let text = String::from_utf8(data.bytes().to_vec()).expect("text");
    let lines: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, IMPORTS);
    let answer_to = |name| lines.iter().find(|(n, _)| *n == name).map(|(_, answer)| *answer);
    assert_eq!(answer_to("chunk.slice"), Some("fact"));
    assert_eq!(answer_to("connection.write"), Some("acked"));
    assert_eq!(answer_to("connection.write-compound"), Some("acked"));
    assert_eq!(answer_to("connection.write-file"), Some("failed:unsupported"));
    assert_eq!(answer_to("connection.delegate"), Some("failed:unsupported"));
    assert_eq!(answer_to("connection.resume-writing"), Some("writing-resumed"));
    assert_eq!(answer_to("tcp.set-timer"), Some("timer"));
    assert_eq!(answer_to("tcp.leave"), Some("no-answer"));
    assert_eq!(answer_to("listener.unbind"), Some("not-called"));
    assert_eq!(answer_to("connection.confirmed-close"), Some("follows"));

    kit.acked(c, REPORT);
    assert_eq!(kit.commands(), [Command::ConfirmedClose { connection: c }]);
}
