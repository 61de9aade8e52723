//! Comments and texts are taken out of Rust code, nothing else is, and every line stays in its place.

use tidegate_tidy::rust::{code_of, has_word};

#[test]
fn comments_and_texts_become_spaces() {
    for (text, code) in [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        ("a \"b\\\"c\" d", "a \"    \" d"),
        ("r#\"a\"b\"# c", "r#\"   \"# c"),
        ("br\"a\\\" c", "br\"  \" c"),
        ("'{' '\\'' '\\u{7b}'", "' ' '  ' '      '"),
        ("fn f<'a>(x: &'a str) { 'b: loop {} }", "fn f<'a>(x: &'a str) { 'b: loop {} }"),
        ("writer\"a\"", "writer\" \""),
        ("\"unfinished", "\"          "),
        ("/* unfinished", "             "),
        ("\"ä{\" b", "\"  \" b"),
    ] {
        assert_eq!(code_of(text), code, "{text}");
    }
}

#[test]
fn lines_stay_where_they_are() {
    let text = "a\n/* b\n c */\n\"d\n e\"\nr\"f\n g\"\n";
    assert_eq!(code_of(text).lines().count(), text.lines().count());
}

#[test]
fn a_word_is_not_a_part_of_another() {
    assert!(has_word("use std::fs;", "std::fs"));
    assert!(has_word("x: Instant,", "Instant"));
    assert!(!has_word("x: InstantLike,", "Instant"));
    assert!(!has_word("not_unsafe", "unsafe"));
    assert!(!has_word("unsafe_code", "unsafe"));
    assert!(has_word("InstantLike, Instant", "Instant"));
}
