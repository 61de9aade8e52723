//! Where a component comes from, and a first look at its bytes.
//!
//! Reads no more than the size limit, and tells apart what people pass by mistake before the compiler sees it.

use crate::error::ModuleError;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;

/// Where a component comes from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ModuleSource {
    /// A file.
    Path(PathBuf),
    /// Bytes in memory, such as a component inside the program.
    Bytes {
        /// Used in messages.
        name: String,
        /// The component.
        bytes: bytes::Bytes,
    },
}

impl ModuleSource {
    /// The file's stem, or the name given.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path
                .file_stem()
                .map_or_else(|| path.display().to_string(), |s| s.to_string_lossy().into_owned()),
            Self::Bytes { name, .. } => name.clone(),
        }
    }

    /// How messages call it: the whole path, or the name given.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Bytes { name, .. } => name.clone(),
        }
    }

    /// The bytes of a component, at most `bytes_max`.
    pub(crate) fn read(&self, bytes_max: u64) -> Result<bytes::Bytes, ModuleError> {
        let bytes = match self {
            Self::Path(path) => read_file(path, bytes_max)?,
            Self::Bytes { bytes, .. } => bytes.clone(),
        };
        check_size(&self.label(), bytes.len() as u64, bytes_max)?;
        check_head(&self.label(), &bytes)?;
        Ok(bytes)
    }
}

fn read_file(path: &PathBuf, bytes_max: u64) -> Result<bytes::Bytes, ModuleError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ModuleError::Missing { path: path.clone() },
        io::ErrorKind::IsADirectory => ModuleError::Directory { path: path.clone() },
        _ => ModuleError::Unreadable { path: path.clone(), source },
    };
    // Looked at before it is opened: opening a pipe would wait for its other end.
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(ModuleError::Directory { path: path.clone() });
    }
    if !metadata.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")));
    }
    check_size(&path.display().to_string(), metadata.len(), bytes_max)?;
    let mut bytes = Vec::new();
    // One byte more than the limit, so that a file that grew meanwhile is noticed.
    File::open(path)
        .and_then(|file| file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(failed)?;
    Ok(bytes.into())
}

fn check_size(name: &str, bytes: u64, bytes_max: u64) -> Result<(), ModuleError> {
    if bytes > bytes_max {
        return Err(ModuleError::TooLarge { name: name.to_owned(), bytes, bytes_max });
    }
    Ok(())
}

/// Magic number, version and layer: a component has layer 1, a core module has layer 0.
const MAGIC: &[u8] = b"\0asm";
const LAYER_CORE: &[u8] = &[0, 0];
const LAYER_COMPONENT: &[u8] = &[1, 0];

fn check_head(name: &str, bytes: &[u8]) -> Result<(), ModuleError> {
    let name = || name.to_owned();
    if bytes.is_empty() {
        return Err(ModuleError::Empty { name: name() });
    }
    if let Some(rest) = bytes.strip_prefix(MAGIC) {
        return match rest.get(2..4) {
            Some(LAYER_COMPONENT) => Ok(()),
            Some(LAYER_CORE) => Err(ModuleError::CoreModule { name: name() }),
            Some(_) => Err(not_wasm(name(), bytes)),
            None => Err(truncated_head(name(), bytes)),
        };
    }
    if MAGIC.starts_with(bytes) {
        return Err(truncated_head(name(), bytes));
    }
    let head = &bytes[..bytes.len().min(TEXT_LOOK_BYTES)];
    let printable = |byte: &u8| *byte >= b' ' || matches!(*byte, b'\n' | b'\r' | b'\t');
    if head.iter().all(printable)
        && std::str::from_utf8(head).map_or_else(|e| e.error_len().is_none(), |_| true)
    {
        return Err(ModuleError::Text { name: name() });
    }
    Err(not_wasm(name(), bytes))
}

/// How much is looked at to call it text.
const TEXT_LOOK_BYTES: usize = 512;

fn truncated_head(name: String, bytes: &[u8]) -> ModuleError {
    ModuleError::Truncated { name, bytes: bytes.len() as u64, detail: "its header is 8 bytes".to_owned() }
}

fn not_wasm(name: String, bytes: &[u8]) -> ModuleError {
    let head: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    ModuleError::NotWasm { name, head: head.join(" ") }
}
