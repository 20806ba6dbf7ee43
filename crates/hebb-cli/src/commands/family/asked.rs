//! What a run was asked for: options over a config file.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::CommandFactory;
use clap::error::ErrorKind;
use hebb_spec::settings::Value;

use crate::args::{Cli, CpuArgs, FamilyArgs, Takes};
use crate::config::{SYSTEM, SettingsFile};
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
    /// Whether the result is wanted as JSON.
    pub json: bool,
    /// Threads of the processor.
    pub cpu: CpuArgs,
    /// The settings.
    pub origin: Origin,
}

impl Asked {
    /// Reads the config file, if there is one. It may be the run.toml of a run of the same command.
    pub fn read<K: Takes>(args: &FamilyArgs<K>, command: &str) -> Result<Self> {
        let known = K::settings();
        let file = args.config.as_deref().map(|path| SettingsFile::config(path, &known)).transpose()?;
        if let Some(file) = &file
            && let Some(system) = file.values.get(SYSTEM).filter(|system| system.to_string() != command)
        {
            bail!("{} = {system}: it is of `hebb {system}`, not of `hebb {command}`", file.place(SYSTEM));
        }
        let mut given = args.given.table.clone();
        for (key, on) in [("resume", args.resume), ("overwrite", args.overwrite)] {
            if on {
                given.set(key, Value::Switch(true));
            }
        }
        let all = file.as_ref().map_or_else(|| given.clone(), |file| over(&given, &file.values));
        let is_on = |key: &str| all.get(key).is_some_and(|value| *value == Value::Switch(true));
        let out = args.out.clone().or_else(|| all.get("out").map(|out| PathBuf::from(out.to_string())));
        let (Some(out), resume, overwrite) = (out, is_on("resume"), is_on("overwrite")) else {
            let text = "--out <RUN> is missing: neither the options nor the config file name a folder";
            return Err(Cli::command().error(ErrorKind::MissingRequiredArgument, text).into());
        };
        let origin = Origin::of(&given, file, &known);
        Ok(Self { out, resume, overwrite, json: args.json, cpu: args.cpu, origin })
    }
}
