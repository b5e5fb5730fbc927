//! The `kafkalab` program: parse, run, leave with an exit code.

use std::process::ExitCode;

/// For librdkafka's C too, whose `malloc` it replaces: a record is allocated by the thread that writes or receives it
/// and freed by the one that shows it, and glibc lets the two wait for each other. See docs/performance.md.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kafkalab::commands::main(std::env::args_os())
}
