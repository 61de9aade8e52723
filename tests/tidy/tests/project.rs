//! The project keeps its written rules. Each test is one rule; a failure lists every place.

use tidegate_tidy::tree::{self, File};
use tidegate_tidy::{
    Violation, guests, heads, ignored, layers, length, licences, links, unsafety, uses, wit, words,
};

/// Fewer files than this, and the rules looked in the wrong place.
const FILES_MIN: usize = 50;

fn files() -> anyhow::Result<Vec<File>> {
    let files = tree::files(&tree::root()?)?;
    anyhow::ensure!(files.len() >= FILES_MIN, "only {} files found", files.len());
    Ok(files)
}

#[track_caller]
fn assert_kept(broken: &[Violation]) {
    let lines: Vec<String> = broken.iter().map(Violation::to_string).collect();
    assert!(broken.is_empty(), "{} violations:\n{}", broken.len(), lines.join("\n"));
}

#[test]
fn layers_depend_downwards_only() {
    let metadata = tree::metadata(&tree::root().unwrap()).unwrap();
    assert_kept(&layers::Graph::parse(&metadata).unwrap().check());
}

#[test]
fn whatever_is_linked_may_be_linked_by_anybody() {
    let metadata = tree::metadata(&tree::root().unwrap()).unwrap();
    assert_kept(&licences::check(&metadata).unwrap());
}

#[test]
fn names_are_used_only_where_they_belong() {
    assert_kept(&uses::check(&files().unwrap()));
}

#[test]
fn files_and_functions_are_short() {
    assert_kept(&length::check(&files().unwrap()));
}

#[test]
fn every_rust_file_says_what_it_owns() {
    assert_kept(&heads::check(&files().unwrap()));
}

#[test]
fn unsafe_code_is_in_the_documented_places() {
    assert_kept(&unsafety::check(&files().unwrap()));
}

#[test]
fn the_documented_places_of_unsafe_code_exist() {
    let files = files().unwrap();
    for (place, why) in unsafety::PLACES {
        assert!(files.iter().any(|file| file.path.starts_with(place)), "{place} ({why}) is gone");
    }
}

#[test]
fn no_unfinished_work_and_no_path_of_one_machine() {
    assert_kept(&words::check(&files().unwrap()));
}

#[test]
fn tests_are_ignored_with_a_reason_only() {
    assert_kept(&ignored::check(&files().unwrap()));
}

#[test]
fn the_contract_is_documented_and_dated() {
    assert_kept(&wit::check(&files().unwrap()));
}

#[test]
fn the_copy_of_the_contract_in_the_sdk_is_the_contract() {
    assert_kept(&guests::copies(&files().unwrap()));
}

#[test]
fn every_guest_is_used_by_an_end_to_end_test() {
    assert_kept(&guests::untested(&files().unwrap()));
}

#[test]
fn links_in_texts_lead_somewhere() {
    let root = tree::root().unwrap();
    assert_kept(&links::check(&files().unwrap(), |path| root.join(path).exists()));
}
