//! A Tidegate host inside another Rust program: `embed <COMPONENT> [ADDRESS]`.
//!
//! Serves the component until standard input ends, then lets its connections finish. The program has no async
//! runtime; one that has awaits `host.drain(…)` instead.

use std::error::Error;
use std::io::{Read, stdin};
use std::process::ExitCode;
use std::time::Duration;

use tidegate_service::{Host, ModuleSource, ServiceConfig};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("embed: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let component = arguments.next().ok_or("usage: embed <COMPONENT> [ADDRESS]")?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned()).parse()?;

    let host = Host::builder().workers(2).build()?;
    let module = host.load(&ModuleSource::Path(component.into()))?;
    let service = host.serve(ServiceConfig::new("embedded", module).listen(address))?;
    for bound in service.addresses() {
        println!("listening {} {bound}", service.name());
    }

    stdin().read_to_end(&mut Vec::new())?;
    let report = host.drain_blocking(Duration::from_secs(10));
    let counters = service.counters();
    println!("{} connections, {} aborted", counters.connections_accepted, report.aborted);
    println!("{} bytes in, {} bytes out", counters.bytes_in, counters.bytes_out);
    Ok(())
}
