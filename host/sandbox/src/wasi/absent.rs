//! `wasi:filesystem` and `wasi:sockets`: what toolchains import whether a program uses it or not.
//!
//! Linked from the component's own type, since nearly all of it needs a handle (a file, a socket) that no function here
//! gives out: those functions cannot be reached, and say so if they are. The few that can be are answered: no
//! preopened folder, and `access-denied` to every socket and name look-up.

use super::Context;
use super::io::{InputStream, IoError, OutputStream, Pollable};
use crate::fault::Stop;
use crate::state::State;
use tidegate_machines::reason::Fault;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, Linker, LinkerInstance, Resource, ResourceType, Val};
use wasmtime::{Engine, Result};

/// Marks every resource of these interfaces. Only `network` has handles, and they allow nothing.
enum Absent {}

const PREFIXES: &[&str] = &["wasi:filesystem/", "wasi:sockets/"];

/// Whether an interface is one of these.
pub(super) fn is_absent(interface: &str) -> bool {
    PREFIXES.iter().any(|prefix| interface.starts_with(prefix))
}

/// Links what `component` imports of them.
pub(super) fn link(linker: &mut Linker<State>, engine: &Engine, component: &Component) -> Result<()> {
    for (import, item) in component.component_type().imports(engine) {
        if let ComponentItem::ComponentInstance(instance) = item.ty
            && is_absent(import)
        {
            link_interface(&mut linker.instance(import)?, engine, &instance)?;
        }
    }
    Ok(())
}

fn link_interface(
    linker: &mut LinkerInstance<'_, State>,
    engine: &Engine,
    instance: &ComponentInstance,
) -> Result<()> {
    for (name, item) in instance.exports(engine) {
        match item.ty {
            ComponentItem::Resource(_) => {
                linker.resource(name, resource_type(name), |_: Context<'_>, _| Ok(()))?;
            }
            ComponentItem::ComponentFunc(_) => link_function(linker, name)?,
            // Types need nothing, and these interfaces have nothing else.
            _ => {}
        }
    }
    Ok(())
}

/// These interfaces use resources of `wasi:io` under their own names.
fn resource_type(name: &str) -> ResourceType {
    match name {
        "input-stream" => ResourceType::host::<InputStream>(),
        "output-stream" => ResourceType::host::<OutputStream>(),
        "pollable" => ResourceType::host::<Pollable>(),
        "error" => ResourceType::host::<IoError>(),
        _ => ResourceType::host::<Absent>(),
    }
}

fn link_function(linker: &mut LinkerInstance<'_, State>, name: &str) -> Result<()> {
    let denied = || Val::Result(Err(Some(Box::new(Val::Enum("access-denied".to_owned())))));
    match name {
        "get-directories" => answer(linker, name, || Val::List(Vec::new())),
        "create-tcp-socket" | "create-udp-socket" | "resolve-addresses" => answer(linker, name, denied),
        "filesystem-error-code" | "network-error-code" => answer(linker, name, || Val::Option(None)),
        "instance-network" => linker.func_new(name, |mut context: Context<'_>, _, _, results| {
            let network = Resource::<Absent>::new_own(0).try_into_resource_any(&mut context)?;
            set(results, Val::Resource(network))
        }),
        _ => {
            let text = format!("called {name}, and a handler has no files and no sockets of its own");
            linker.func_new(name, move |_: Context<'_>, _, _, _| {
                Err(Stop::new(Fault::Contract, text.clone()).into())
            })
        }
    }
}

fn answer(linker: &mut LinkerInstance<'_, State>, name: &str, value: fn() -> Val) -> Result<()> {
    linker.func_new(name, move |_: Context<'_>, _, _, results| set(results, value()))
}

fn set(results: &mut [Val], value: Val) -> Result<()> {
    match results {
        [result] => {
            *result = value;
            Ok(())
        }
        // The names above have one result in every version of WASI 0.2.
        _ => Err(Stop::new(Fault::Contract, "called a function of another version of WASI").into()),
    }
}
