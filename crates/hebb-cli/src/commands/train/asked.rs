//! What a training was asked for: options over a config file.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::CommandFactory;
use clap::error::ErrorKind;
use hebb_spec::settings::Value;

use crate::args::{Cli, CpuArgs, TrainArgs};
use crate::config::SettingsFile;
use crate::fields::of_layered;
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
    /// Reads the config file, if there is one.
    pub fn read(args: &TrainArgs) -> Result<Self> {
        let file = args.config.as_deref().map(|path| SettingsFile::config(path, &of_layered())).transpose()?;
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
            return Err(usage("--out <RUN> is missing: neither the options nor the config file name a folder"));
        };
        let origin = Origin::new(&given, file);
        // Of a run that is continued, run.toml may name the file.
        if !resume && all.get("init-layers").is_some() && all.get("init").is_none() {
            if args.given.table.get("init-layers").is_some() {
                return Err(usage("--init-layers needs --init FILE"));
            }
            bail!("{} needs a key 'init'", origin.place("init-layers"));
        }
        Ok(Self { out, resume, overwrite, json: args.json, cpu: args.cpu, origin })
    }
}

/// A wrong command line.
fn usage(text: &str) -> anyhow::Error {
    Cli::command().error(ErrorKind::MissingRequiredArgument, text).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Command;
    use clap::Parser;

    fn asked(options: &[&str], file: &str) -> Result<Asked> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        std::fs::write(&path, file).unwrap();
        let config = ["hebb", "train", "--config", path.to_str().unwrap()];
        match Cli::try_parse_from(config.iter().chain(options)).unwrap().command {
            Command::Train(args) => Asked::read(&args),
            _ => unreachable!("it is hebb train"),
        }
    }

    #[test]
    fn options_win_over_the_file() {
        let file = "lr = 0.25\nnet = 'Output'\nbatch = 20\nno-shuffle = true\nresume = false\nout = 'r'\nepochs = 3";
        let asked = asked(&["--lr", "0.5", "--steps", "7"], file).unwrap();
        let settings = asked.origin.run().unwrap();
        assert_eq!((asked.out, asked.resume, asked.overwrite), (PathBuf::from("r"), false, false));
        assert_eq!((settings.batch, settings.no_shuffle), (20, true));
        assert_eq!(settings.length, hebb_engine::settings::Length::Steps(7));
        assert_eq!(asked.origin.spec().unwrap().lr, 0.5);
    }

    #[test]
    fn resume_and_overwrite_shut_each_other_out() {
        let asked = asked(&["--resume", "--out", "s"], "overwrite = true\nout = 'r'").unwrap();
        assert_eq!((asked.out, asked.resume, asked.overwrite), (PathBuf::from("s"), true, false));
    }

    #[test]
    fn what_is_missing_is_a_usage_error_or_stands_in_the_file() {
        let error = |options: &[&str], file: &str| asked(options, file).err().unwrap();
        assert!(error(&[], "lr = 1").downcast_ref::<clap::Error>().is_some());
        assert!(error(&["--init-layers", "1"], "out = 'r'").downcast_ref::<clap::Error>().is_some());
        let named = error(&[], "out = 'r'\ninit-layers = 1").to_string();
        assert!(named.ends_with("line 2: key 'init-layers' needs a key 'init'"), "{named}");
        assert!(asked(&["--init-layers", "1"], "out = 'r'\ninit = 'f'").is_ok());
        assert!(asked(&["--init-layers", "1", "--resume"], "out = 'r'").is_ok());
    }
}
