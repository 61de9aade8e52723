//! `types.connection`: facts, answered at once and as of the start of the event.
//!
//! A connection that has ended answers what is known for good (its id and addresses) and otherwise the defaults of a
//! closed one. Facts of commands that are not implemented yet answer what they would without such a command.

use super::{Context, connection_of};
use crate::bindings::convert;
use crate::bindings::types::{Address, Connection};
use crate::state::State;
use tidegate_machines::facts::{ConnectionFacts, Endpoint};
use wasmtime::Result;
use wasmtime::component::{LinkerInstance, Resource};

/// Tokens one call of `pending-tokens` returns: as many answers as can be owed by default.
const PENDING_TOKENS_MAX: usize = 8192;

type This = (Resource<Connection>,);

pub(super) fn link(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    link_endpoint(types)?;
    link_state(types)?;
    types.func_wrap("[method]connection.pending-tokens", |context: Context<'_>, (this,): This| {
        let state = context.data();
        let connection = connection_of(state, &this)?;
        let tokens = state.facts.pending_tokens(connection, PENDING_TOKENS_MAX);
        Ok((tokens.into_iter().map(|token| token.0).collect::<Vec<u64>>(),))
    })
}

fn link_endpoint(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    types.func_wrap("[method]connection.id", |context: Context<'_>, (this,): This| {
        Ok((connection_of(context.data(), &this)?.0,))
    })?;
    types.func_wrap("[method]connection.remote-address", |context: Context<'_>, (this,): This| {
        Ok((end(&context, &this, |endpoint| convert::address(endpoint.map(|e| &e.remote)))?,))
    })?;
    types.func_wrap("[method]connection.local-address", |context: Context<'_>, (this,): This| {
        Ok((end(&context, &this, |endpoint| convert::address(endpoint.map(|e| &e.local)))?,))
    })?;
    types.func_wrap("[method]connection.is-inbound", |context: Context<'_>, (this,): This| {
        let handle = context.data().handles.connection(this.rep())?;
        // Every connection is, while nothing can be connected outwards.
        Ok((handle.endpoint.as_ref().is_none_or(|endpoint| endpoint.is_inbound),))
    })?;
    types.func_wrap("[method]connection.accepted-by", |context: Context<'_>, (this,): This| {
        connection_of(context.data(), &this)?;
        Ok((None::<u64>,))
    })?;
    types.func_wrap("[method]connection.connect-token", |context: Context<'_>, (this,): This| {
        connection_of(context.data(), &this)?;
        Ok((None::<u64>,))
    })?;
    types.func_wrap("[method]connection.delegation-args", |context: Context<'_>, (this,): This| {
        connection_of(context.data(), &this)?;
        Ok((Vec::<(String, String)>::new(),))
    })
}

fn link_state(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    let mut flag = |name: &str, of: fn(&ConnectionFacts) -> bool| {
        types.func_wrap(name, move |context: Context<'_>, (this,): This| {
            Ok((of(&facts(&context, &this)?.unwrap_or_default()),))
        })
    };
    flag("[method]connection.registered", |facts| facts.registered)?;
    flag("[method]connection.is-reading", |facts| facts.reading)?;
    flag("[method]connection.is-suspended", |facts| facts.suspended)?;
    types.func_wrap("[method]connection.peer-finished", |context: Context<'_>, (this,): This| {
        // A connection that is no more has nothing left to come.
        Ok((facts(&context, &this)?.is_none_or(|facts| facts.peer_finished),))
    })?;
    types.func_wrap("[method]connection.queued-bytes", |context: Context<'_>, (this,): This| {
        Ok((facts(&context, &this)?.unwrap_or_default().queued_bytes,))
    })
}

fn facts(context: &Context<'_>, this: &Resource<Connection>) -> Result<Option<ConnectionFacts>> {
    let state = context.data();
    let connection = connection_of(state, this)?;
    Ok(state.facts.connection(connection))
}

fn end(
    context: &Context<'_>,
    this: &Resource<Connection>,
    of: impl FnOnce(Option<&Endpoint>) -> Address,
) -> Result<Address> {
    Ok(of(context.data().handles.connection(this.rep())?.endpoint.as_ref()))
}
