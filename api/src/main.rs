//! The program: command line in, exit code out.

use std::process::ExitCode;

use api::config::{Cli, Command, Dicom};
use clap::Parser as _;

/// A third of a chart's time in the server went to the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    api::log::start();
    let done = match &cli.command {
        Command::Serve(settings) => api::server::serve(settings).await.map(|()| true),
        Command::Import(settings) => api::server::import(settings).await,
        Command::Demo(settings) => api::server::demo(settings).await.map(|()| true),
        Command::Audit(settings) => api::server::audit(settings).await,
        Command::Schema { check } => api::server::schema(check.as_deref()),
        Command::Dicom(Dicom::Inspect { file }) => api::server::inspect(file),
        Command::User(settings) => api::server::user(settings).await.map(|()| true),
        Command::Account(settings) => api::server::account(settings).await.map(|()| true),
        Command::Token(settings) => api::server::token(settings).await.map(|()| true),
        Command::App(settings) => api::smart::command::run(settings).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("wintehr: {error}");
            ExitCode::FAILURE
        }
    }
}
