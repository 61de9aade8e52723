//! `tidegate inspect`: what a component is.
//!
//! Owns: the two forms of the answer. Compiles without the cache, so that the compile time is one.

use serde::Serialize;
use tidegate_service::ModuleInfo;

use crate::cli::InspectOptions;
use crate::exit::Failure;
use crate::serve::hosting;
use crate::stdout;
use crate::units::Size;

/// The answer. In JSON, fields may be added; none is renamed or removed.
#[derive(Debug, Serialize)]
struct Answer {
    name: String,
    digest: String,
    size_bytes: u64,
    world: &'static str,
    contract_version: String,
    hand_over: bool,
    uses_wasi: bool,
    commands: Vec<String>,
    compile_time_us: u64,
}

/// Prints what the component is.
pub(crate) fn run(options: &InspectOptions) -> Result<(), Failure> {
    let info = hosting::inspect(&options.component, options.component_max)?;
    let answer = Answer::from(info);
    if options.json {
        let text = serde_json::to_string(&answer).map_err(Failure::running)?;
        stdout::say(&format!("{text}\n"));
    } else {
        stdout::say(&answer.text());
    }
    Ok(())
}

impl From<ModuleInfo> for Answer {
    fn from(info: ModuleInfo) -> Self {
        Self {
            name: info.name,
            digest: format!("sha256:{}", info.digest),
            size_bytes: info.size_bytes,
            world: info.world.as_str(),
            contract_version: info.contract_version,
            hand_over: info.world.hand_over_capable(),
            uses_wasi: info.uses_wasi,
            commands: info.commands,
            compile_time_us: u64::try_from(info.compile_time.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

impl Answer {
    fn text(&self) -> String {
        let commands =
            if self.commands.is_empty() { "none".to_owned() } else { self.commands.join("\n              ") };
        format!(
            "name          {}\n\
             digest        {}\n\
             size          {} bytes ({})\n\
             world         {}\n\
             contract      tidegate:tcp@{}\n\
             hand-over     {}\n\
             imports WASI  {}\n\
             compile time  {}.{:03} ms\n\
             commands      {commands}\n",
            self.name,
            self.digest,
            self.size_bytes,
            Size(self.size_bytes.next_multiple_of(1024)),
            self.world,
            self.contract_version,
            yes_or_no(self.hand_over),
            yes_or_no(self.uses_wasi),
            self.compile_time_us / 1000,
            self.compile_time_us % 1000,
        )
    }
}

fn yes_or_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
