//! Names, occupied folders, and what the template holds.

use std::fs;
use std::path::Path;

use super::name::CrateName;
use super::{SDK_FOLDER, TEMPLATE, create, sdk};

fn name(text: &str) -> CrateName {
    text.parse().expect(text)
}

#[test]
fn ordinary_names_are_accepted() {
    for text in ["a", "my-handler", "smtp_proxy2", &"x".repeat(64)] {
        assert_eq!(name(text).as_str(), text);
    }
    assert_eq!(name("my-handler").file_stem(), "my_handler");
}

#[test]
fn names_that_are_no_crate_names_are_refused() {
    for text in [
        "",
        "-a",
        "9lives",
        "My",
        "a b",
        "a/b",
        "../a",
        "a.b",
        "ä",
        "a\n",
        "fn",
        "self",
        "test",
        "std",
        "tidegate-guest",
        "tidegate_guest",
        &"x".repeat(65),
    ] {
        assert!(text.parse::<CrateName>().is_err(), "{text:?} was accepted");
    }
}

#[test]
fn a_refused_character_is_named_without_control_characters() {
    let error = "a\u{1b}[31m".parse::<CrateName>().expect_err("an escape");
    assert!(error.starts_with("`\\u{1b}` is not allowed"), "{error}");
}

#[test]
fn the_folder_holds_the_template_the_sdk_and_the_contract() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let folder = here.path().join("one");
    create(&name("one"), &folder).expect("created");
    for file in ["Cargo.toml", ".gitignore", "README.md", "src/lib.rs", "src/tests.rs"] {
        let text = fs::read_to_string(folder.join(file)).expect(file);
        assert!(!text.contains("{{"), "{file} has a placeholder left");
    }
    let manifest =
        fs::read_to_string(folder.join(SDK_FOLDER).join("Cargo.toml")).expect("the SDK's manifest");
    assert!(manifest.contains("name = \"tidegate-guest\""), "{manifest}");
    assert!(!manifest.contains("workspace"), "{manifest}");
    assert!(folder.join(SDK_FOLDER).join("wit").is_dir());
    assert_eq!(entries(here.path()), ["one"], "nothing else is left behind");
}

#[test]
fn an_empty_folder_is_used() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let folder = here.path().join("two");
    fs::create_dir(&folder).expect("an empty folder");
    create(&name("two"), &folder).expect("created");
    assert!(folder.join("src/lib.rs").is_file());
}

#[test]
fn an_occupied_folder_and_a_file_are_refused_and_stay_as_they_are() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let folder = here.path().join("three");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("precious"), "mine").expect("a file");
    let file = here.path().join("four");
    fs::write(&file, "mine").expect("a file");
    for occupied in [&folder, &file] {
        let failure = create(&name("three"), occupied).expect_err("occupied");
        assert!(failure.block().contains("exists already"), "{}", failure.block());
    }
    assert_eq!(entries(&folder), ["precious"]);
    assert_eq!(fs::read_to_string(&file).expect("still there"), "mine");
    assert_eq!(entries(here.path()), ["four", "three"], "nothing else is left behind");
}

#[test]
fn a_missing_parent_is_refused_and_not_made() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let failure = create(&name("five"), &here.path().join("no/five")).expect_err("no parent");
    assert!(failure.block().contains("help:"), "{}", failure.block());
    assert_eq!(entries(here.path()), Vec::<String>::new());
}

#[test]
fn the_sdk_inside_the_program_has_its_sources_and_its_contract() {
    for wanted in ["Cargo.toml", "src/lib.rs", "wit/tcp.wit", "wit/types.wit"] {
        assert!(sdk::FILES.iter().any(|(file, content)| *file == wanted && !content.is_empty()), "{wanted}");
    }
    for (file, text) in TEMPLATE {
        assert!(!text.is_empty(), "{file}");
    }
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
