//! Limits and time-outs of a service, as options.
//!
//! Owns: their names, units and the default that is shown. What they mean is decided in the library;
//! a handler may lower, never raise, what is set here.

use clap::Args;

use crate::units::{OrOff, Size, Span};

/// Limits and time-outs. Sizes: 512, 64KiB, 16MiB, 1GiB. Times: 250us, 20ms, 5s, 5min, 1h.
#[derive(Debug, Args)]
pub(crate) struct LimitOptions {
    /// Time a handler has to register a new connection; after it the connection is reset.
    #[arg(long, value_name = "TIME", default_value = "5s", help_heading = TIMES)]
    pub(crate) register_timeout: Span,

    /// Time without a byte either way after which a connection is ended, or `off`: it may be idle for
    /// ever.
    #[arg(long, value_name = "TIME", default_value = "off", help_heading = TIMES)]
    pub(crate) idle_timeout: OrOff<Span>,

    /// Time a closing connection may go without the peer taking a byte; after it, it is reset and what
    /// was not taken is lost.
    #[arg(long, value_name = "TIME", default_value = "5min", help_heading = TIMES)]
    pub(crate) flush_timeout: Span,

    /// Time a half-closed connection may go without a byte in the direction that is still open.
    #[arg(long, value_name = "TIME", default_value = "5min", help_heading = TIMES)]
    pub(crate) half_close_timeout: Span,

    /// Processor time of one event; a handler that takes more loses its instance and connections.
    #[arg(long, value_name = "TIME", default_value = "20ms", help_heading = TIMES)]
    pub(crate) cpu_per_event: Span,

    /// Memory of one instance, up to 4GiB; growth beyond it is refused. Address space for the largest
    /// number of instances is reserved at the start.
    #[arg(long, value_name = "SIZE", default_value = "16MiB", help_heading = LIMITS)]
    pub(crate) memory_max: Size,

    /// Connections that live at once, up to 500000; at the limit clients wait in the kernel's queue. Default: as
    /// many as the descriptor limit allows, at most 16384.
    #[arg(long, value_name = "N", help_heading = LIMITS,
        value_parser = clap::value_parser!(u32).range(1..=500_000))]
    pub(crate) connections_max: Option<u32>,

    /// Instances that live at once, up to 1000000. Default: 256 more than connections, at least 16384.
    /// Each takes two of the kernel's memory mappings, of which a process has 65530 unless
    /// vm.max_map_count is raised.
    #[arg(long, value_name = "N", help_heading = LIMITS,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) instances_max: Option<u32>,

    /// Largest component, in bytes; a larger one is not read.
    #[arg(long, value_name = "SIZE", default_value = "32MiB", help_heading = LIMITS)]
    pub(crate) component_max: Size,

    /// Largest single write; a larger one is refused as too-large.
    #[arg(long, value_name = "SIZE", default_value = "16MiB", help_heading = LIMITS)]
    pub(crate) write_max: Size,

    /// Bytes queued on one connection behind the write under way; more is refused as queue-full.
    #[arg(long, value_name = "SIZE", default_value = "32MiB", help_heading = LIMITS)]
    pub(crate) queued_max: Size,

    /// Commands a handler may record in one turn; more is a fault.
    #[arg(long, value_name = "N", default_value_t = 4096, help_heading = LIMITS,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) turn_commands_max: u32,

    /// Bytes a handler may record in one turn; more is a fault.
    #[arg(long, value_name = "SIZE", default_value = "32MiB", help_heading = LIMITS)]
    pub(crate) turn_bytes_max: Size,

    /// Memory the host keeps for the chunks one instance holds; more is a fault.
    #[arg(long, value_name = "SIZE", default_value = "32MiB", help_heading = LIMITS)]
    pub(crate) chunks_max: Size,

    /// Handles (connections, listeners, chunks) one instance may hold; more is a fault.
    #[arg(long, value_name = "N", default_value_t = 4096, help_heading = LIMITS,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) handles_max: u32,

    /// Timers one instance may have set; more are refused.
    #[arg(long, value_name = "N", default_value_t = 256, help_heading = LIMITS,
        value_parser = clap::value_parser!(u32).range(0..))]
    pub(crate) timers_max: u32,

    /// Most bytes read from a connection at a time, 512 to 1MiB: the largest piece a handler is given.
    #[arg(long, value_name = "SIZE", default_value = "64KiB", help_heading = LIMITS)]
    pub(crate) read_chunk: Size,

    /// Connections accepted before others are served.
    #[arg(long, value_name = "N", default_value_t = 16, help_heading = LIMITS,
        value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) accept_batch: u32,

    /// Connections the kernel keeps waiting to be accepted; it may keep fewer (net.core.somaxconn).
    #[arg(long, value_name = "N", default_value_t = 1024, help_heading = LIMITS,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) backlog: u32,
}

const LIMITS: &str = "Limits (512, 64KiB, 16MiB, 1GiB)";
const TIMES: &str = "Time-outs (250us, 20ms, 5s, 5min, 1h)";
