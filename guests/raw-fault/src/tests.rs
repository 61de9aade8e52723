//! The words; the rest can only be shown by a host.

use super::Mode;

#[test]
fn every_word_is_parsed_to_its_mode_and_no_other_word_is() {
    for (word, mode) in Mode::WORDS {
        assert_eq!(Mode::parse(word), Some(mode));
    }
    assert_eq!(Mode::parse("polite"), None);
    assert_eq!(Mode::parse(""), None);
}
