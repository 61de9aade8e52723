//! What a component is, from its type alone: world, version, and the commands it can issue.
//!
//! Toolchains prune unused imports, so the list of commands is exact for components built the usual way.

use crate::bindings::version::{self, Version};
use crate::digest::Digest;
use crate::error::ModuleError;
use crate::wasi;
use std::time::Duration;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

/// Which world of the contract a component fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum World {
    /// `tcp-handler`.
    TcpHandler,
    /// `swappable-handler`: its connections can be handed over, live.
    SwappableHandler,
}

impl World {
    /// The name in the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TcpHandler => "tcp-handler",
            Self::SwappableHandler => "swappable-handler",
        }
    }

    /// Whether it can be handed over.
    #[must_use]
    pub fn hand_over_capable(self) -> bool {
        self == Self::SwappableHandler
    }
}

/// What is known of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleInfo {
    /// Digest of its bytes.
    pub digest: Digest,
    /// Its name: the file's stem, or what the embedder called it.
    pub name: String,
    /// Size of the component in bytes.
    pub size_bytes: u64,
    /// Which world it fits.
    pub world: World,
    /// Version of `tidegate:tcp` it was built against, such as `0.1.0`.
    pub contract_version: String,
    /// Commands it can issue, as `interface.name` (`connection.write`, `tcp.connect`), in alphabetical order.
    pub commands: Vec<String>,
    /// Whether it imports anything of WASI.
    pub uses_wasi: bool,
    /// Time to compile it, or to load it from the cache.
    pub compile_time: Duration,
}

/// What the type of a component says.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) world: World,
    pub(crate) version: Version,
    pub(crate) commands: Vec<String>,
    pub(crate) uses_wasi: bool,
}

const PACKAGE: &str = "tidegate:tcp/";
const HANDLER: &str = "tidegate:tcp/handler";
const HANDOVER: &str = "tidegate:tcp/handover";

/// Names in a list, in a message.
const NAMES_MAX: usize = 12;

/// Reads the shape of `component`, or says why it is none of ours.
pub(crate) fn shape(engine: &Engine, name: &str, component: &Component) -> Result<Shape, ModuleError> {
    let ty = component.component_type();
    let imports: Vec<&str> = ty.imports(engine).map(|(import, _)| import).collect();
    let exports: Vec<&str> = ty.exports(engine).map(|(export, _)| export).collect();
    check_versions(name, imports.iter().chain(&exports))?;
    let Some(handler) = exports.iter().find(|export| split(export).0 == HANDLER) else {
        return Err(other_world(name, &imports, &exports));
    };
    for import in &imports {
        if !import.starts_with(PACKAGE) && !wasi::offers(import) {
            return Err(ModuleError::UnknownImport {
                name: name.to_owned(),
                import: crate::fault::one_line(import),
            });
        }
    }
    let swappable = exports.iter().any(|export| split(export).0 == HANDOVER);
    Ok(Shape {
        world: if swappable { World::SwappableHandler } else { World::TcpHandler },
        // Checked above: it has a version and we know it.
        version: split(handler).1.unwrap_or(version::NEWEST),
        commands: commands(engine, component),
        uses_wasi: imports.iter().any(|import| import.starts_with("wasi:")),
    })
}

/// An interface's name without its version, and the version.
fn split(name: &str) -> (&str, Option<Version>) {
    match name.split_once('@') {
        Some((interface, version)) => (interface, Version::parse(version)),
        None => (name, None),
    }
}

fn check_versions<'a>(
    name: &str,
    mut interfaces: impl Iterator<Item = &'a &'a str>,
) -> Result<(), ModuleError> {
    let newer = |interface: &&str| {
        let (interface, version) = split(interface);
        interface.starts_with(PACKAGE) && !version.is_some_and(version::is_known)
    };
    match interfaces.find(|interface| newer(interface)) {
        None => Ok(()),
        Some(found) => Err(ModuleError::NewerContract {
            name: name.to_owned(),
            found: crate::fault::one_line(found),
            supported: version::NEWEST_TEXT,
        }),
    }
}

fn other_world(name: &str, imports: &[&str], exports: &[&str]) -> ModuleError {
    let exports_any = |prefix: &str| exports.iter().any(|export| export.starts_with(prefix));
    let looks_like = if exports_any("wasi:cli/run") {
        " (a command-line program, wasi:cli/command)"
    } else if exports_any("wasi:http/") {
        " (an HTTP handler, wasi:http/proxy)"
    } else if exports_any(HANDOVER) {
        " (half of swappable-handler)"
    } else {
        ""
    };
    ModuleError::OtherWorld {
        name: name.to_owned(),
        looks_like,
        missing: format!("{HANDLER}@{}", version::NEWEST_TEXT),
        exports: list(exports),
        imports: list(imports),
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let shown = names.iter().take(NAMES_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(NAMES_MAX);
    let shown = if more == 0 { shown } else { format!("{shown} and {more} more") };
    crate::fault::one_line(&shown)
}

/// Functions of `types` that record nothing: they are answered at once.
const FACTS: &[&str] = &[
    "connection.accepted-by",
    "connection.connect-token",
    "connection.delegation-args",
    "connection.id",
    "connection.is-inbound",
    "connection.is-reading",
    "connection.is-suspended",
    "connection.local-address",
    "connection.peer-finished",
    "connection.pending-tokens",
    "connection.queued-bytes",
    "connection.registered",
    "connection.remote-address",
    "listener.id",
    "listener.local-address",
];

fn commands(engine: &Engine, component: &Component) -> Vec<String> {
    let mut commands = Vec::new();
    for (import, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else { continue };
        let functions = instance.exports(engine).filter_map(|(function, item)| match item.ty {
            ComponentItem::ComponentFunc(_) => Some(function),
            _ => None,
        });
        match split(import).0 {
            "tidegate:tcp/tcp" => commands.extend(functions.map(|function| format!("tcp.{function}"))),
            "tidegate:tcp/types" => commands.extend(
                functions
                    .filter_map(|function| function.strip_prefix("[method]"))
                    .filter(|method| !method.starts_with("chunk.") && !FACTS.contains(method))
                    .map(str::to_owned),
            ),
            _ => {}
        }
    }
    commands.sort_unstable();
    commands
}
