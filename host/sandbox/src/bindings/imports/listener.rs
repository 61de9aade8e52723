//! `types.listener`: linked, because a guest may import it; no guest has one while `bind` is not implemented, so a
//! call of any of these needs a handle that cannot exist.

use super::Context;
use crate::bindings::types::{Address, Listener};
use crate::fault::Stop;
use crate::state::State;
use tidegate_machines::reason::Fault;
use wasmtime::Result;
use wasmtime::component::{LinkerInstance, Resource, ResourceType};

pub(super) fn link(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    types.resource("listener", ResourceType::host::<Listener>(), |_: Context<'_>, _| Err(none().into()))?;
    types.func_wrap(
        "[method]listener.id",
        |_: Context<'_>, (_,): (Resource<Listener>,)| -> Result<(u64,)> { Err(none().into()) },
    )?;
    types.func_wrap(
        "[method]listener.local-address",
        |_: Context<'_>, (_,): (Resource<Listener>,)| -> Result<(Address,)> { Err(none().into()) },
    )?;
    types.func_wrap(
        "[method]listener.resume-accepting",
        |_: Context<'_>, (_, _): (Resource<Listener>, u32)| -> Result<()> { Err(none().into()) },
    )?;
    types.func_wrap(
        "[method]listener.unbind",
        |_: Context<'_>, (_, _): (Resource<Listener>, u64)| -> Result<()> { Err(none().into()) },
    )
}

fn none() -> Stop {
    Stop::new(Fault::Contract, "used a listener it does not hold")
}
