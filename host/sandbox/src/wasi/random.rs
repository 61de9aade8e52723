//! `wasi:random`: the host's randomness, all of it good, in bounded amounts.

use super::Context;
use crate::fault::Stop;
use crate::state::State;
use tidegate_machines::reason::Fault;
use wasmtime::Result;
use wasmtime::component::Linker;

/// Random bytes of one call.
const RANDOM_BYTES_MAX: u64 = 64 * 1024;

pub(super) fn link(linker: &mut Linker<State>) -> Result<()> {
    let mut random = linker.instance("wasi:random/random@0.2.12")?;
    random.func_wrap("get-random-bytes", bytes)?;
    random.func_wrap("get-random-u64", word)?;
    let mut insecure = linker.instance("wasi:random/insecure@0.2.12")?;
    insecure.func_wrap("get-insecure-random-bytes", bytes)?;
    insecure.func_wrap("get-insecure-random-u64", word)?;
    let mut seed = linker.instance("wasi:random/insecure-seed@0.2.12")?;
    seed.func_wrap("insecure-seed", |context: Context<'_>, (): ()| {
        let state = context.data();
        Ok(((state.random_u64()?, state.random_u64()?),))
    })
}

fn word(context: Context<'_>, (): ()) -> Result<(u64,)> {
    Ok((context.data().random_u64()?,))
}

fn bytes(context: Context<'_>, (len,): (u64,)) -> Result<(Vec<u8>,)> {
    let len = match usize::try_from(len) {
        Ok(len) if len as u64 <= RANDOM_BYTES_MAX => len,
        _ => {
            let text = format!("asked for {len} random bytes at once; at most {RANDOM_BYTES_MAX}");
            return Err(Stop::new(Fault::Contract, text).into());
        }
    };
    let mut buffer = vec![0; len];
    context.data().fill_random(&mut buffer)?;
    Ok((buffer,))
}
