//! Compiled components on disk.
//!
//! Owns: the key, the folder and its permissions, the format of an entry, replacement of damaged ones, the bound on
//! size. An entry is native code: who can write one can run anything. So nothing is loaded from a folder or file that
//! another user can write, and no byte reaches wasmtime that does not match the digest in the entry's own header.
//! Never fails a load: without a usable cache components are compiled, with one warning.
//!
//! The key is the SHA-256 of: the component's digest, this format's version, wasmtime's full version (its own check
//! compares only the major one, and a patch can change generated code), and everything of the engine's configuration
//! and processor that generated code depends on.

use crate::digest::Digest;
use rustix::fs::{Mode, OFlags};
use sha2::{Digest as _, Sha256};
use std::fs::{DirBuilder, DirEntry, File, Permissions};
use std::hash::{Hash as _, Hasher};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tracing::{debug, info, warn};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Version of an entry's format.
const FORMAT: u32 = 1;

/// An entry: magic, key, digest of the artefact, the artefact.
const MAGIC: &[u8; 16] = b"tidegate-cwasm\0\x01";
const HEADER_BYTES: usize = MAGIC.len() + 32 + 32;

/// Largest entry that is read or written.
const ENTRY_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Entries of the folder that are looked at when it is trimmed.
const ENTRIES_MAX: usize = 65_536;

/// Age from which a temporary file is taken for left over by a process that died.
const TEMPORARY_AGE_MAX: Duration = Duration::from_secs(3600);

const EXTENSION: &str = "cwasm";
const TEMPORARY_PREFIX: &str = ".tidegate-";

/// The cache of one engine.
#[derive(Debug)]
pub(crate) struct CompileCache {
    dir: PathBuf,
    bytes_max: u64,
    /// Digest of all that goes into a key except the component.
    environment: Digest,
    warned: AtomicBool,
}

impl CompileCache {
    /// Opens or makes the folder. `None`, with a warning, if it cannot be trusted or made.
    pub(crate) fn open(dir: &Path, bytes_max: u64, engine: &Engine) -> Option<Self> {
        if let Err(error) = make_folder(dir).and_then(|()| check_folder(dir)) {
            warn!(folder = %dir.display(), "compile cache not used: {error}");
            return None;
        }
        let environment = environment(engine);
        Some(Self { dir: dir.to_owned(), bytes_max, environment, warned: AtomicBool::new(false) })
    }

    /// The compiled component, if there is an entry and every check of it holds.
    pub(crate) fn load(&self, engine: &Engine, component: Digest) -> Option<Component> {
        let key = self.key(component);
        let path = self.path(key);
        let entry = match read_entry(&path, key) {
            Ok(Some(entry)) => entry,
            Ok(None) => return None,
            Err(error) => {
                info!(entry = %path.display(), "compile cache entry not used, compiling again: {error}");
                return None;
            }
        };
        match deserialize(engine, &entry) {
            Ok(component) => {
                // So that the oldest is the one not used for longest. Failing only makes it look older.
                let touched = File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
                debug!(entry = %path.display(), touched = touched.is_ok(), "compile cache hit");
                Some(component)
            }
            Err(error) => {
                info!(entry = %path.display(), "compile cache entry refused, compiling again: {error:#}");
                None
            }
        }
    }

    /// Keeps `compiled`. A failure is one warning in the life of the engine.
    pub(crate) fn store(&self, component: Digest, compiled: &Component) {
        let key = self.key(component);
        let stored = compiled
            .serialize()
            .map_err(|error| io::Error::other(format!("{error:#}")))
            .and_then(|artefact| self.write_entry(key, &artefact));
        match stored {
            Ok(()) => self.trim(key),
            Err(error) if !self.warned.swap(true, Ordering::Relaxed) => {
                warn!(folder = %self.dir.display(), "compile cache cannot be written, going on without: {error}");
            }
            Err(error) => debug!(folder = %self.dir.display(), "compile cache cannot be written: {error}"),
        }
    }

    fn key(&self, component: Digest) -> Digest {
        let mut hasher = Sha256::new();
        hasher.update(self.environment.as_bytes());
        hasher.update(component.as_bytes());
        Digest::finish(hasher)
    }

    fn path(&self, key: Digest) -> PathBuf {
        self.dir.join(format!("{key}.{EXTENSION}"))
    }

    fn write_entry(&self, key: Digest, artefact: &[u8]) -> io::Result<()> {
        let total = (HEADER_BYTES as u64).saturating_add(artefact.len() as u64);
        if total > self.bytes_max.min(ENTRY_BYTES_MAX) {
            return Err(io::Error::other(format!(
                "an entry of {total} bytes is over the limit of the cache"
            )));
        }
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY_PREFIX)
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(&self.dir)?;
        file.write_all(MAGIC)?;
        file.write_all(key.as_bytes())?;
        file.write_all(Digest::of(artefact).as_bytes())?;
        file.write_all(artefact)?;
        // Before the name appears, or a power cut could leave the name with half of the content.
        file.as_file().sync_all()?;
        file.persist(self.path(key)).map_err(|error| error.error)?;
        File::open(&self.dir)?.sync_all()
    }

    /// Removes the oldest entries over the bound, and temporary files nobody will finish.
    fn trim(&self, kept: Digest) {
        let Ok(folder) = std::fs::read_dir(&self.dir) else { return };
        let mut entries = Vec::new();
        let mut total = 0u64;
        for entry in folder.take(ENTRIES_MAX).flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            if is_temporary(&entry) {
                if modified.elapsed().is_ok_and(|age| age > TEMPORARY_AGE_MAX) {
                    remove(&entry.path());
                }
            } else if entry.path().extension().is_some_and(|extension| extension == EXTENSION) {
                total = total.saturating_add(metadata.len());
                entries.push((modified, metadata.len(), entry.path()));
            }
        }
        entries.sort_unstable();
        let kept = self.path(kept);
        for (_, bytes, path) in entries {
            if total <= self.bytes_max {
                return;
            }
            if path != kept {
                remove(&path);
                total = total.saturating_sub(bytes);
            }
        }
    }
}

fn is_temporary(entry: &DirEntry) -> bool {
    entry.file_name().to_str().is_some_and(|name| name.starts_with(TEMPORARY_PREFIX))
}

fn remove(path: &Path) {
    // Another process may have removed it first.
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        debug!(entry = %path.display(), "compile cache entry cannot be removed: {error}");
    }
}

fn make_folder(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn check_folder(dir: &Path) -> io::Result<()> {
    let metadata = std::fs::metadata(dir)?;
    if !metadata.is_dir() {
        return Err(io::Error::other("it is not a folder"));
    }
    check_owner(&metadata, "chmod 700")
}

/// Only we may be able to write it.
fn check_owner(metadata: &std::fs::Metadata, fix: &str) -> io::Result<()> {
    let us = rustix::process::geteuid().as_raw();
    if metadata.uid() != us {
        let owner = metadata.uid();
        return Err(io::Error::other(format!("it belongs to user {owner}, and this process is user {us}")));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(io::Error::other(format!("others can write it (mode {mode:o}); run {fix} on it")));
    }
    Ok(())
}

/// The artefact of an entry that passed every check; `None` if there is no entry.
fn read_entry(path: &Path, key: Digest) -> io::Result<Option<Verified>> {
    // No link is followed: the file checked is the file read, and it is in our folder. Not blocking, so that a pipe
    // in its place does not hold us.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    check_owner(&metadata, "chmod 600")?;
    if metadata.len() > ENTRY_BYTES_MAX {
        return Err(io::Error::other("it is over the limit of an entry"));
    }
    let mut bytes = Vec::new();
    file.take(ENTRY_BYTES_MAX).read_to_end(&mut bytes)?;
    verify(bytes, key).map(Some)
}

/// An entry whose header and digest were checked.
struct Verified {
    bytes: Vec<u8>,
}

impl Verified {
    fn artefact(&self) -> &[u8] {
        self.bytes.get(HEADER_BYTES..).unwrap_or_default()
    }
}

fn verify(bytes: Vec<u8>, key: Digest) -> io::Result<Verified> {
    let damaged = |what: &str| Err(io::Error::other(format!("it is damaged: {what}")));
    let Some((header, artefact)) = bytes.split_at_checked(HEADER_BYTES) else {
        return damaged("too short");
    };
    let (magic, digests) = header.split_at(MAGIC.len());
    let (of_key, of_artefact) = digests.split_at(32);
    if magic != MAGIC {
        return damaged("not an entry of this format");
    }
    if of_key != key.as_bytes() {
        return damaged("made for another component or engine");
    }
    if of_artefact != Digest::of(artefact).as_bytes() {
        return damaged("its content does not match its digest");
    }
    Ok(Verified { bytes })
}

#[expect(unsafe_code, reason = "the only way to load compiled code; why it is sound is said inside")]
fn deserialize(engine: &Engine, entry: &Verified) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` asks that the bytes were made by `Component::serialize` and not changed since. They were
    // read once into memory of ours and are not read again from disk. Their SHA-256 is the one in their header, and
    // the header names the key, that is this wasmtime to the patch, this configuration, this processor and this
    // component; so they are neither stale nor damaged by accident. An attacker could forge a header, but only one
    // who can write as our user: folder and file belong to us, nobody else may write them, and links are not
    // followed. Such a user needs no forged cache to run code as us.
    unsafe { Component::deserialize(engine, entry.artefact()) }
}

/// Everything but the component that decides what code is generated.
fn environment(engine: &Engine) -> Digest {
    let mut hasher = HashInto(Sha256::new());
    hasher.write(MAGIC);
    hasher.write_u32(FORMAT);
    wasmtime_environ::VERSION.hash(&mut hasher);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    Digest::finish(hasher.0)
}

/// Feeds what a `Hash` writes into SHA-256. Stable between runs of one binary on one machine, which is all it is for.
struct HashInto(Sha256);

impl Hasher for HashInto {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        // Nobody asks: the digest is taken from the inner hasher.
        0
    }
}

#[cfg(test)]
mod tests;
