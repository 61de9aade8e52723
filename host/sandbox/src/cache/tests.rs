//! The cache loads what it wrote, and nothing else.

use super::*;

fn engine() -> Engine {
    Engine::default()
}

#[test]
fn the_environment_of_one_engine_is_the_same_each_time() {
    assert_eq!(environment(&engine()), environment(&engine()));
}

#[test]
fn another_configuration_is_another_environment() {
    let mut config = wasmtime::Config::new();
    config.epoch_interruption(true);
    let other = Engine::new(&config).unwrap();
    assert_ne!(environment(&engine()), environment(&other));
}

#[test]
fn a_key_names_the_component() {
    let folder = tempfile::tempdir().unwrap();
    let cache = CompileCache::open(folder.path(), 1 << 20, &engine());
    // The temporary folder of this machine may be one that is refused; its permissions are ours to set.
    let cache = cache.unwrap();
    assert_ne!(cache.key(Digest::of(b"one")), cache.key(Digest::of(b"two")));
}

#[test]
fn a_foreign_folder_or_entry_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("entry");
    std::fs::write(&file, "content").unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let checked = |path: &Path| check_owner(&std::fs::metadata(path).unwrap(), "chmod 600");
    checked(&file).unwrap();
    for mode in [0o620, 0o602, 0o666] {
        std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        assert!(checked(&file).unwrap_err().to_string().contains("others can write it"));
    }
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    // A file that belongs to nobody we are: every system has some owned by root; as root we can give ours away.
    let foreign = if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&file, Some(65_534), None).unwrap();
        file
    } else {
        PathBuf::from("/")
    };
    assert!(checked(&foreign).unwrap_err().to_string().contains("belongs to user"));
}

#[test]
fn an_entry_is_checked_in_every_part() {
    let key = Digest::of(b"key");
    let artefact = b"native code";
    let whole = [MAGIC.as_slice(), key.as_bytes(), Digest::of(artefact).as_bytes(), artefact].concat();
    assert_eq!(verify(whole.clone(), key).unwrap().artefact(), artefact);
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        assert!(verify(damaged, key).is_err(), "bit flipped in byte {at}");
        assert!(verify(whole[..at].to_vec(), key).is_err(), "cut off at {at}");
    }
    assert!(verify(whole, Digest::of(b"other")).is_err());
}
