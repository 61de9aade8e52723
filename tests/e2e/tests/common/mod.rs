//! A host as a library, for the tests of both binaries.

use std::net::SocketAddr;

use tidegate_e2e::wait;
use tidegate_service::{Host, Limits, ModuleSource, Service, ServiceConfig, Snapshot};

/// A host with two workers, no cache, and these limits.
pub(crate) fn host(limits: Limits) -> Host {
    Host::builder().workers(2).limits(limits).build().expect("a host")
}

/// Serves a guest on a port of its own.
pub(crate) fn serve(host: &Host, name: &str, component: &'static [u8], args: &[(&str, &str)]) -> Service {
    let source = ModuleSource::Bytes { name: name.to_owned(), bytes: component.into() };
    let module = host.load(&source).expect("a module");
    let mut config = ServiceConfig::new(name, module).listen("127.0.0.1:0".parse().expect("an address"));
    for (key, value) in args {
        config = config.arg(*key, *value);
    }
    host.serve(config).expect("served")
}

/// Its address.
pub(crate) fn address(service: &Service) -> SocketAddr {
    *service.addresses().first().expect("an address")
}

/// Waits for counters that this function takes something out of.
pub(crate) fn until<T>(service: &Service, what: &str, mut pick: impl FnMut(&Snapshot) -> Option<T>) -> T {
    wait::until(&format!("{what} ({})", service.name()), || pick(&service.counters()))
}
