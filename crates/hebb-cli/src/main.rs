//! hebb's command line: options, tables, progress, and what to do about an error. The only crate that prints.

mod args;
mod asked;
mod commands;
mod config;
mod connected;
mod device;
mod fields;
mod images;
mod look;
mod memory;
mod merge;
mod origin;
mod output;
mod remedy;
mod target;
mod tuned;
mod usage;

use std::io::{ErrorKind, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Error, Result};
use clap::Parser;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::time::uptime;

use args::{Cli, Command, DataCommand};

/// The code of a wrong command line.
const WRONG_LINE: u8 = 2;

fn main() -> ExitCode {
    quiet_driver();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<clap::Error>() {
            Some(error) => wrong_line(error),
            None => {
                output::note(&remedy::sentence(&error));
                ExitCode::FAILURE
            }
        },
    }
}

/// Says what is wrong with the command line; or shows the help where it is empty.
fn wrong_line(error: &clap::Error) -> ExitCode {
    let Some(sentence) = usage::sentence(error) else { error.exit() };
    output::note(&sentence);
    output::note(&usage::hint(std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned())));
    ExitCode::from(WRONG_LINE)
}

/// Without a desktop session Mesa's layer that picks a desktop's default GPU complains on stderr at each look at the
/// adapters. hebb picks by itself: the layer is left out, unless someone steers it.
fn quiet_driver() {
    let session = std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|path| Path::new(&path).is_absolute());
    if !session && std::env::var_os("MESA_VK_DEVICE_SELECT").is_none() {
        #[expect(unsafe_code, reason = "the Vulkan loader reads this from the environment alone")]
        // SAFETY: the program has no other thread yet.
        unsafe {
            std::env::set_var("NODEVICE_SELECT", "1");
        }
    }
}

fn run() -> Result<()> {
    let cli = match Cli::try_parse() {
        // Help or the version, as asked for.
        Err(page) if !page.use_stderr() => return output::page(&page),
        parsed => parsed?,
    };
    log(cli.verbose)?;
    match &cli.command {
        Command::Train(args) => commands::train::run(args),
        Command::Hebbian(args) => commands::family::run(args),
        Command::Linear(args) => commands::family::run(args),
        Command::Microcircuit(args) => commands::family::run(args),
        Command::Eval(args) => commands::eval::run(args),
        Command::Predict(args) => commands::predict::run(args),
        Command::Filters(args) => commands::filters::run(args),
        Command::Activations(args) => commands::activations::run(args),
        Command::Verify(args) => commands::verify::run(args),
        Command::Plan(args) => commands::plan::run(args),
        Command::Tune(args) => commands::tune::run(args),
        Command::Bench(args) => commands::bench::run(args),
        Command::Init(args) => commands::init::run(args),
        Command::Inspect(args) => commands::inspect::run(args),
        Command::Devices(args) => commands::devices::run(args),
        Command::Reproduce(args) => commands::reproduce::run(args),
        Command::Compare(args) => commands::compare::run(args),
        Command::Sweep(args) => commands::sweep::run(args),
        Command::Report(args) => commands::report::run(args),
        Command::Watch(args) => commands::watch::run(args),
        Command::Nets(args) => commands::nets::run(args),
        Command::Data(DataCommand::List(args)) => commands::data::list(args),
        Command::Data(DataCommand::Info(args)) => commands::data::info(args),
        Command::Data(DataCommand::Fetch(args)) => commands::data::fetch(args),
        Command::Data(DataCommand::Preview(args)) => commands::data::preview(args),
    }
}

/// Logs to stderr: hebb's own warnings, with -v what it does, with -vv each step; or what RUST_LOG asks for. What wgpu
/// finds wrong comes back as an error, so its log would say everything twice.
fn log(verbose: u8) -> Result<()> {
    let level = ["warn", "debug", "trace"][usize::from(verbose.min(2))];
    let asked = std::env::var("RUST_LOG").ok().filter(|text| !text.is_empty());
    let filter = match &asked {
        Some(text) => EnvFilter::try_new(text).with_context(|| format!("RUST_LOG is '{text}'"))?,
        None => EnvFilter::new(format!("off,hebb={level}")),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_timer(uptime())
        .with_span_events(FmtSpan::CLOSE)
        .init();
    Ok(())
}

fn is_broken_pipe(error: &Error) -> bool {
    let broken = |cause: &std::io::Error| cause.kind() == ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(broken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_left_is_no_failure() {
        let error = Error::new(std::io::Error::from(ErrorKind::BrokenPipe)).context("printing");
        assert!(is_broken_pipe(&error));
        assert!(!is_broken_pipe(&anyhow::anyhow!("another")));
    }
}
