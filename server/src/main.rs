//! The one binary `paband`: command line, configuration, wiring, shutdown. Never knows what a frame, a zone or a table looks like.

/// A line for whoever reads our output; if they have read enough (`| head`), the work goes on without them.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}

mod allocator;
mod billing_clock;
mod cli;
mod clock;
mod command;
mod commands;
mod config;
mod config_sessions;
mod database;
mod directory;
mod exposure;
mod facts;
mod interference;
mod journal;
mod listeners;
mod logging;
mod pki;
mod release_key;
mod retention;
mod room;
mod session_file;
mod system;
mod tls;
mod watch;

use clap::Parser;
use cli::{Cli, Command};
use config::Config;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has read enough: `paband judge ... | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("paband: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let pipe = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        io.or_else(|| cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind))
    };
    error.chain().any(|cause| pipe(cause) == Some(std::io::ErrorKind::BrokenPipe))
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let config = Config::read(cli.config.as_deref())?;
    match cli.command {
        Command::Demo(args) => command::demo::run(config, args).await,
        Command::Serve => command::serve::run(config).await,
        Command::Simulate(what) => command::simulate::run(what).await,
        Command::Login(args) => command::login::login(args).await,
        Command::Logout(room) => command::login::logout(room).await,
        Command::Administrator { name } => command::administrator::run(&config, &name).await,
        Command::Rights => command::rights::run(std::io::stdout().lock()),
        Command::Audit(what) => command::audit::run(&config, what).await,
        Command::Watch(args) => command::watch(args).await,
        Command::Zone(what) => command::staff::zone(&config, what).await,
        Command::Tag(what) => command::staff::tag(&config, what).await,
        Command::Explain(args) => command::explain::run(args).await,
        Command::Standing(args) => command::standing::run(args).await,
        Command::Judge(args) => command::judge::run(&args),
        Command::Billing(what) => command::billing::run(&config, &what).await,
        Command::Pki(what) => command::pki::run(&what),
        Command::Retention(what) => command::retention::run(&config, what).await,
        Command::Release(what) => command::release::run(&config, &what),
        Command::Db(what) => command::db::run(&config, what).await,
        Command::Config(cli::ConfigCommand::Check) => command::config_check(&config),
    }
}
