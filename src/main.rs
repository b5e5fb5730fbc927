//! The `kafkalab` program: parse, run, leave with an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    kafkalab::commands::main(std::env::args_os())
}
