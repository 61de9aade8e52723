//! Arguments and what is said about wrong ones.

#![allow(clippy::expect_used, clippy::panic, reason = "a failed expectation ends the test")]

use tidegate_guest::prelude::*;
use tidegate_guest::testing::start;

#[derive(Clone, Debug, Default, PartialEq)]
struct Taker {
    number: Option<u64>,
    bytes: Option<u64>,
    word: Option<u8>,
    text: Option<String>,
}

impl Handler for Taker {
    fn configure(&mut self, args: &mut Args) -> Result<(), ArgError> {
        self.number = args.number("number", 1, 9)?;
        self.bytes = args.bytes("bytes", 1, 1 << 40)?;
        self.word = args.choice("word", &[("one", 1), ("two", 2)])?;
        self.text = args.text("text")?;
        Ok(())
    }
}

fn taken(args: &[(&str, &str)]) -> Taker {
    let mut kit = start::<Taker>(args).expect("good arguments");
    let c = kit.connect();
    kit.state(c).expect("connected").clone()
}

fn refusal(args: &[(&str, &str)]) -> String {
    start::<Taker>(args).expect_err("bad arguments").to_string()
}

#[test]
fn every_kind_is_parsed_and_none_is_needed() {
    assert_eq!(taken(&[]), Taker::default());
    let all = taken(&[("text", "k=v"), ("word", "two"), ("bytes", "3MiB"), ("number", "9")]);
    let expected =
        Taker { number: Some(9), bytes: Some(3 << 20), word: Some(2), text: Some("k=v".to_owned()) };
    assert_eq!(all, expected);
}

#[test]
fn bytes_take_binary_suffixes_only() {
    for (text, bytes) in [("7", 7), ("2KiB", 2 << 10), ("2MiB", 2 << 20), ("2GiB", 2 << 30)] {
        assert_eq!(taken(&[("bytes", text)]).bytes, Some(bytes), "{text}");
    }
    for text in ["", "MiB", "2MB", "2 MiB", "-1", "0", "99999999999999999999", "18446744073709551615GiB"] {
        assert!(refusal(&[("bytes", text)]).starts_with("argument `bytes="), "{text}");
    }
}

#[test]
fn each_refusal_says_which_argument_and_what_is_expected() {
    assert_eq!(refusal(&[("number", "10")]), "argument `number=10`: expected a whole number from 1 to 9");
    assert_eq!(refusal(&[("word", "six")]), "argument `word=six`: expected one of one, two");
    assert_eq!(refusal(&[("text", "a"), ("text", "b")]), "argument `text` was given more than once");
    assert_eq!(refusal(&[("txet", "a")]), "unknown argument `txet` (known: number, bytes, word, text)");
}

#[derive(Clone, Default)]
struct Plain;

impl Handler for Plain {}

#[test]
fn a_handler_without_arguments_refuses_all() {
    let refusal = start::<Plain>(&[("any", "thing")]).expect_err("no arguments known").to_string();
    assert_eq!(refusal, "unknown argument `any` (this handler takes no arguments)");
}
