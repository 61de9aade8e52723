//! What can be shown without harm to the test process.

use tidegate_guest::prelude::*;
use tidegate_guest::testing::{Command, start};

use super::Fault;
use super::mode::Mode;

#[test]
fn without_a_mode_it_echoes() {
    let mut kit = start::<Fault>(&[]).expect("no arguments needed");
    let c = kit.connect();
    kit.commands();
    kit.received(c, b"hello");
    assert_eq!(kit.commands(), [Command::write(c, b"hello", Answer::None)]);
}

#[test]
fn every_word_names_another_mode_and_an_unknown_one_is_refused() {
    for (at, (_, mode)) in Mode::WORDS.iter().enumerate() {
        assert!(Mode::WORDS.iter().skip(at + 1).all(|(_, other)| other != mode), "{mode:?}");
    }
    let refusal = start::<Fault>(&[("mode", "polite")]).expect_err("no such mode").to_string();
    assert!(refusal.contains("expected one of none, panic, trap, spin"), "{refusal}");
}

#[test]
fn it_panics_in_the_event_it_was_told_and_not_before() {
    let panics = |when: &'static str, events: fn(&mut Kit)| {
        std::thread::spawn(move || {
            let mut kit = start::<Fault>(&[("mode", "panic"), ("when", when)]).expect("good arguments");
            events(&mut kit);
        })
        .join()
        .is_err()
    };
    let connect = |kit: &mut Kit| {
        kit.connect();
    };
    let receive = |kit: &mut Kit| {
        let c = kit.connect();
        kit.received(c, b"x");
    };
    assert!(panics("started", |_| {}));
    assert!(!panics("connected", |_| {}));
    assert!(panics("connected", connect));
    assert!(!panics("received", connect));
    assert!(panics("received", receive));
}

type Kit = tidegate_guest::testing::Kit<tidegate_guest::runtime::PerConnection<Fault>>;
