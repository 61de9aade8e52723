//! Replays the committed corpus of the fuzz target, and some bytes more, on stable.

#[path = "../fuzz/interpret.rs"]
mod interpret;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/cell");

#[test]
fn the_committed_corpus_finds_nothing() {
    let mut entries: Vec<_> = std::fs::read_dir(CORPUS)
        .expect("the corpus is committed")
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    entries.sort();
    assert!(entries.len() >= 50, "{} entries are no corpus", entries.len());
    for path in entries {
        println!("{}", path.display());
        interpret::run(&std::fs::read(&path).expect("a readable file"));
    }
}

#[test]
fn arbitrary_bytes_find_nothing() {
    let mut state = 1_u64;
    for round in 0..20_000_usize {
        let life: Vec<u8> = (0..round % 300)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect();
        interpret::run(&life);
    }
}
