//! The compile cache, seen from outside: an entry is used, or silently replaced, or not trusted at all.

use super::support::{engine_of, guest, source};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tidegate_sandbox::{EngineConfig, Module, Origin};

fn load_in(dir: &Path) -> Module {
    load_with(EngineConfig { cache_dir: Some(dir.to_owned()), ..EngineConfig::default() })
}

fn load_with(config: EngineConfig) -> Module {
    let engine = engine_of(EngineConfig { instances_max: 2, ..config });
    engine.load(&source(guest("", "", ""))).unwrap()
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn entry(dir: &Path) -> PathBuf {
    <[PathBuf; 1]>::try_from(entries(dir)).unwrap().into_iter().next().unwrap()
}

/// A folder with one good entry.
fn filled() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("made").join("when missing");
    assert_eq!(load_in(&dir).origin(), Origin::Compiled);
    let entry = entry(&dir);
    (folder, entry)
}

fn dir_of(entry: &Path) -> &Path {
    entry.parent().unwrap()
}

#[test]
fn the_second_engine_takes_what_the_first_compiled() {
    let (_folder, entry) = filled();
    assert_eq!(fs::metadata(dir_of(&entry)).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(&entry).unwrap().permissions().mode() & 0o777, 0o600);
    let module = load_in(dir_of(&entry));
    assert_eq!(module.origin(), Origin::Cached);
    super::support::Host::new(&module).start();
}

#[test]
fn a_damaged_entry_is_compiled_again_and_replaced() {
    let (_folder, entry) = filled();
    let whole = fs::read(&entry).unwrap();
    let damages: [fn(&mut Vec<u8>); 6] = [
        |bytes| bytes.truncate(0),
        |bytes| bytes.truncate(40),
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes[0] ^= 1,
        |bytes| bytes[20] ^= 1,
        |bytes| {
            let last = bytes.len() - 1;
            bytes[last] ^= 0x80;
        },
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(&entry, bytes).unwrap();
        assert_eq!(load_in(dir_of(&entry)).origin(), Origin::Compiled, "damage {number}");
        assert_eq!(load_in(dir_of(&entry)).origin(), Origin::Cached, "replaced after damage {number}");
    }
}

#[test]
fn an_entry_under_another_key_is_stale() {
    let (_folder, entry) = filled();
    // Another engine configuration is another key. Its entry copied over ours says in its header that it is not ours.
    let other = EngineConfig {
        cache_dir: Some(dir_of(&entry).to_owned()),
        memory_bytes_max: 1 << 20,
        ..EngineConfig::default()
    };
    assert_eq!(load_with(other).origin(), Origin::Compiled);
    let foreign = entries(dir_of(&entry)).into_iter().find(|path| *path != entry).unwrap();
    fs::copy(foreign, &entry).unwrap();
    fs::set_permissions(&entry, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(load_in(dir_of(&entry)).origin(), Origin::Compiled);
}

#[test]
fn an_entry_others_can_write_is_not_trusted() {
    let (_folder, entry) = filled();
    fs::set_permissions(&entry, Permissions::from_mode(0o620)).unwrap();
    assert_eq!(load_in(dir_of(&entry)).origin(), Origin::Compiled);
    assert_eq!(fs::metadata(&entry).unwrap().permissions().mode() & 0o777, 0o600, "replaced");
}

#[test]
fn a_link_in_place_of_an_entry_is_not_followed() {
    let (folder, entry) = filled();
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&entry, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &entry).unwrap();
    assert_eq!(load_in(dir_of(&entry)).origin(), Origin::Compiled);
    assert!(fs::symlink_metadata(&entry).unwrap().is_file(), "replaced by a file");
}

#[test]
fn a_folder_others_can_write_is_not_used() {
    let (_folder, entry) = filled();
    fs::set_permissions(dir_of(&entry), Permissions::from_mode(0o777)).unwrap();
    assert_eq!(load_in(dir_of(&entry)).origin(), Origin::Compiled);
    fs::set_permissions(dir_of(&entry), Permissions::from_mode(0o700)).unwrap();
    assert_eq!(load_in(dir_of(&entry)).origin(), Origin::Cached);
}

#[test]
fn without_a_usable_folder_components_are_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    assert_eq!(load_in(&file).origin(), Origin::Compiled);
    assert_eq!(load_in(&file.join("below")).origin(), Origin::Compiled);
    assert_eq!(fs::read(&file).unwrap(), b"in the way");
}

#[test]
fn a_cache_without_room_is_left_empty() {
    let folder = tempfile::tempdir().unwrap();
    let config = EngineConfig {
        cache_dir: Some(folder.path().to_owned()),
        cache_bytes_max: 1000,
        ..EngineConfig::default()
    };
    assert_eq!(load_with(config.clone()).origin(), Origin::Compiled);
    assert_eq!(load_with(config).origin(), Origin::Compiled);
    assert_eq!(entries(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn the_oldest_entries_are_removed_when_there_is_no_room() {
    let (_folder, first) = filled();
    let dir = dir_of(&first).to_owned();
    let size = fs::metadata(&first).unwrap().len();
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_secs(86_400);
    fs::File::open(&first).unwrap().set_modified(yesterday).unwrap();
    let left_over = dir.join(".tidegate-left-over");
    fs::write(&left_over, "half").unwrap();
    fs::File::open(&left_over).unwrap().set_modified(yesterday).unwrap();
    // Room for one and a half: a second component pushes the first out.
    let config = EngineConfig {
        cache_dir: Some(dir.clone()),
        cache_bytes_max: size + size / 2,
        instances_max: 2,
        ..EngineConfig::default()
    };
    let engine = engine_of(config);
    assert_eq!(engine.load(&source(guest("", "", ""))).unwrap().origin(), Origin::Cached);
    fs::File::open(&first).unwrap().set_modified(yesterday).unwrap();
    engine.load(&source(guest("", "(func unreachable)", ""))).unwrap();
    let left = entries(&dir);
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(!left.contains(&first));
}

#[test]
fn many_writers_of_one_entry_leave_one_good_entry() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = guest("", "", "");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let config = EngineConfig {
                    cache_dir: Some(folder.path().to_owned()),
                    instances_max: 1,
                    ..EngineConfig::default()
                };
                engine_of(config).load(&source(bytes.clone())).unwrap();
            });
        }
    });
    assert_eq!(entries(folder.path()).len(), 1);
    assert_eq!(load_in(folder.path()).origin(), Origin::Cached);
}
