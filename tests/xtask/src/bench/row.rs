//! The rows: what is measured, against what, and which ratio must be reached. A new row is one more
//! entry here, as long as it is an echo of messages of one size.

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its name in tables and JSON.
    pub(crate) name: String,
    /// Size of a message in bytes.
    pub(crate) message_bytes: usize,
    /// Connections at once, each with one message under way.
    pub(crate) connections: usize,
    /// What is measured.
    pub(crate) ours: Side,
    /// What it is compared with.
    pub(crate) theirs: Side,
    /// The ratio of messages per second that must be reached, if any.
    pub(crate) bound: Option<f64>,
}

impl Row {
    /// Whether the program must be built for it.
    pub(crate) fn needs_program(&self) -> bool {
        [&self.ours, &self.theirs].iter().any(|side| matches!(side, Side::Tidegate { .. }))
    }
}

/// A server.
#[derive(Clone, Debug)]
pub(crate) enum Side {
    /// The program serving a built-in guest.
    Tidegate {
        /// The guest.
        guest: &'static str,
        /// Its arguments, `key=value`.
        args: Vec<String>,
    },
    /// The native tokio echo.
    Native,
}

const CONNECTIONS: usize = 64;

/// Every row there is.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![Row {
        name: "echo 64 B, native against itself".to_owned(),
        message_bytes: 64,
        connections: CONNECTIONS,
        ours: Side::Native,
        theirs: Side::Native,
        bound: None,
    }];
    for (size, message_bytes, delivery, bound) in [
        ("64 B", 64, "copied", 0.95),
        ("64 B", 64, "by-reference", 1.0),
        ("16 KiB", 16 << 10, "copied", 0.9),
        ("16 KiB", 16 << 10, "by-reference", 1.0),
    ] {
        rows.push(Row {
            name: format!("echo {size}, {delivery}"),
            message_bytes,
            connections: CONNECTIONS,
            ours: Side::Tidegate { guest: "echo", args: vec![format!("delivery={delivery}")] },
            theirs: Side::Native,
            bound: Some(bound),
        });
    }
    rows
}
