//! What a run was asked for: options over a config file.

use std::path::PathBuf;

use anyhow::Result;
use clap::CommandFactory;
use clap::error::ErrorKind;
use hebb_spec::settings::{Table, Value};

use crate::args::{Cli, CpuArgs};
use crate::config::SettingsFile;
use crate::merge::over;
use crate::origin::Origin;

/// Options, with what they leave open taken from the config file.
pub struct Asked {
    /// The run's folder.
    pub out: PathBuf,
    /// Whether the run there is to be continued.
    pub resume: bool,
    /// Whether it is to be replaced.
    pub overwrite: bool,
    /// Whether TensorBoard is to see it.
    pub tensorboard: bool,
    /// Whether it has a page.
    pub report: bool,
    /// Whether the result is wanted as JSON.
    pub json: bool,
    /// Threads of the processor.
    pub cpu: CpuArgs,
    /// The settings.
    pub origin: Origin,
}

/// The options alone.
pub struct Options<'a> {
    /// --out.
    pub out: &'a Option<PathBuf>,
    /// --resume.
    pub resume: bool,
    /// --overwrite.
    pub overwrite: bool,
    /// --tensorboard, of those that have it.
    pub tensorboard: bool,
    /// --report, of those that have it.
    pub report: bool,
    /// --json.
    pub json: bool,
    /// Threads of the processor.
    pub cpu: CpuArgs,
    /// The settings.
    pub given: &'a Table,
}

impl Asked {
    /// Lays options over a config file, if there is one; `origin` keeps where each setting came from.
    pub fn over(
        options: Options<'_>,
        file: Option<SettingsFile>,
        origin: impl FnOnce(&Table, Option<SettingsFile>) -> Origin,
    ) -> Result<Self> {
        let mut given = options.given.clone();
        let switches = [
            ("resume", options.resume),
            ("overwrite", options.overwrite),
            ("tensorboard", options.tensorboard),
            ("report", options.report),
        ];
        for (key, on) in switches {
            if on {
                given.set(key, Value::Switch(true));
            }
        }
        let all = file.as_ref().map_or_else(|| given.clone(), |file| over(&given, &file.values));
        let is_on = |key: &str| all.get(key).is_some_and(|value| *value == Value::Switch(true));
        let out = options.out.clone().or_else(|| all.get("out").map(|out| PathBuf::from(out.to_string())));
        let (Some(out), resume, overwrite) = (out, is_on("resume"), is_on("overwrite")) else {
            return Err(usage("--out <RUN> is missing: neither the options nor the config file name a folder"));
        };
        let origin = origin(&given, file);
        let (tensorboard, report) = (is_on("tensorboard"), is_on("report"));
        Ok(Self { out, resume, overwrite, tensorboard, report, json: options.json, cpu: options.cpu, origin })
    }
}

/// A wrong command line.
pub fn usage(text: &str) -> anyhow::Error {
    Cli::command().error(ErrorKind::MissingRequiredArgument, text).into()
}
