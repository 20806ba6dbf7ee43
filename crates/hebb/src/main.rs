//! hebb's command line. The only crate that prints, and the only one where devices, twins, data and engine meet.

mod args;
mod commands;
mod config;
mod device;
mod layers;
mod model;
mod output;

use std::io::{ErrorKind, IsTerminal};
use std::process::ExitCode;

use anyhow::{Error, Result};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use args::{Command, DataCommand};

fn main() -> ExitCode {
    quiet_driver();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&sentence(&error));
            ExitCode::FAILURE
        }
    }
}

/// Without a desktop session Mesa's layer that picks a desktop's default GPU complains on stderr at each look at the
/// adapters. hebb picks by itself: the layer is left out, unless someone steers it.
fn quiet_driver() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() && std::env::var_os("MESA_VK_DEVICE_SELECT").is_none() {
        #[expect(unsafe_code, reason = "the Vulkan loader reads this from the environment alone")]
        // SAFETY: the program has no other thread yet.
        unsafe {
            std::env::set_var("NODEVICE_SELECT", "1");
        }
    }
}

fn run() -> Result<()> {
    let cli = config::parse(std::env::args_os().collect())?;
    log(cli.verbose);
    match &cli.command {
        Command::Train(args) => commands::train::run(args),
        Command::Eval(args) => commands::eval::run(args),
        Command::Verify(args) => commands::verify::run(args),
        Command::Plan(args) => commands::plan::run(args),
        Command::Init(args) => commands::init::run(args),
        Command::Inspect(args) => commands::inspect::run(args),
        Command::Devices(args) => commands::devices::run(args),
        Command::Nets(args) => commands::nets::run(args),
        Command::Data(DataCommand::List(args)) => commands::data::list(args),
        Command::Data(DataCommand::Info(args)) => commands::data::info(args),
        Command::Data(DataCommand::Fetch(args)) => commands::data::fetch(args),
        Command::Data(DataCommand::Preview(args)) => commands::data::preview(args),
    }
}

/// Logs to stderr: hebb's own warnings always, its steps and other crates' warnings where asked for. What wgpu finds
/// wrong comes back as an error, so its log would say everything twice.
fn log(verbose: bool) {
    let (ours, others) =
        if verbose { (LevelFilter::DEBUG, LevelFilter::WARN) } else { (LevelFilter::WARN, LevelFilter::OFF) };
    let filter = Targets::new().with_default(others).with_target("hebb", ours);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time();
    tracing_subscriber::registry().with(layer.with_filter(filter)).init();
}

fn is_broken_pipe(error: &Error) -> bool {
    let broken = |cause: &std::io::Error| cause.kind() == ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(broken))
}

/// An error and its causes in one line; a cause that its error already tells is left out.
fn sentence(error: &Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_tells_each_cause_once() {
        let cause = anyhow::anyhow!("the disk\nis full");
        assert_eq!(sentence(&cause.context("cannot write x")), "cannot write x: the disk is full");
        assert_eq!(sentence(&anyhow::anyhow!("b").context("a: b")), "a: b");
    }

    #[test]
    fn a_reader_that_left_is_no_failure() {
        let error = Error::new(std::io::Error::from(ErrorKind::BrokenPipe)).context("printing");
        assert!(is_broken_pipe(&error));
        assert!(!is_broken_pipe(&anyhow::anyhow!("another")));
    }
}
