//! The program: command line in, exit code out.

use std::process::ExitCode;

use api::config::Cli;
use clap::Parser as _;

/// A third of a chart's time in the server went to the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    api::log::start();
    match api::server::run(&cli.command).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("wintehr: {error}");
            ExitCode::FAILURE
        }
    }
}
