//! Which names may be written where: the layers again, one level deeper than cargo sees them. Only
//! code counts, neither comments nor texts, and tests may do what they like.

use crate::Violation;
use crate::rust::{code_of, has_word};
use crate::tree::File;

/// Names that must not be written in some place.
struct Ban {
    /// Files whose path begins so, …
    inside: &'static str,
    /// … except those whose path begins so.
    except: &'static [&'static str],
    names: &'static [&'static str],
    why: &'static str,
}

const SOCKETS: &[&str] = &[
    "TcpListener",
    "TcpStream",
    "TcpSocket",
    "UdpSocket",
    "UnixListener",
    "UnixStream",
    "AsyncFd",
    "tokio::net",
    "socket2",
];

const BANS: [Ban; 6] = [
    Ban {
        inside: "host/",
        except: &["host/driver/"],
        names: SOCKETS,
        why: "only the driver touches data sockets, listeners included",
    },
    Ban {
        inside: "host/",
        except: &["host/sandbox/"],
        names: &["wasmtime", "wasmtime_wasi"],
        why: "only the sandbox touches wasmtime",
    },
    Ban {
        inside: "host/sandbox/src/",
        except: &["host/sandbox/src/bindings/"],
        names: &["bindgen", "generated", "exports::tidegate", "tidegate::tcp", "bindings::types"],
        why: "only the bindings see types of the contract",
    },
    Ban {
        inside: "host/sandbox/",
        except: &[],
        names: &["tokio"],
        why: "a guest call is synchronous and enters no runtime",
    },
    Ban {
        inside: "host/machines/src/",
        except: &[],
        names: &[
            "Instant",
            "SystemTime",
            "std::fs",
            "std::thread",
            "std::process",
            "std::os",
            "tokio",
            "HashMap",
            "HashSet",
            "TcpStream",
            "TcpListener",
        ],
        why: "the machines have no clock, no I/O, no thread and no order that changes from run to run",
    },
    Ban {
        inside: "guests/",
        except: &[],
        names: &["wasmtime", "tokio"],
        why: "guests know the contract and the SDK",
    },
];

/// Looks at the code of every `.rs` file that is no test.
#[must_use]
pub fn check(files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is("rs") && !file.is_test()) {
        let bans: Vec<&Ban> = BANS.iter().filter(|ban| ban.concerns(&file.path)).collect();
        if bans.is_empty() {
            continue;
        }
        let code = code_of(&file.text);
        for (index, line) in code.lines().take_while(|line| line.trim() != "#[cfg(test)]").enumerate() {
            for ban in &bans {
                for name in ban.names.iter().filter(|name| has_word(line, name)) {
                    found.push(Violation::at(&file.path, index + 1, format!("names `{name}`: {}", ban.why)));
                }
            }
        }
    }
    found
}

impl Ban {
    fn concerns(&self, path: &str) -> bool {
        path.starts_with(self.inside) && !self.except.iter().any(|exception| path.starts_with(exception))
    }
}
