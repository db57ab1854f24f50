//! The program: command line in, exit code out.

use std::process::ExitCode;

use api::config::{Cli, Command};
use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    api::log::start();
    let done = match &cli.command {
        Command::Serve(settings) => api::server::serve(settings).await,
        Command::Account(settings) => api::server::account(settings).await,
        Command::Token(settings) => api::server::token(settings).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wintehr: {error}");
            ExitCode::FAILURE
        }
    }
}
