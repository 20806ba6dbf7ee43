//! What a training was asked for.

use anyhow::{Result, bail};

use crate::args::TrainArgs;
use crate::asked::{Asked, Options, usage};
use crate::config::SettingsFile;
use crate::fields::of_layered;
use crate::origin::Origin;

/// Reads the config file, if there is one.
pub fn read(args: &TrainArgs) -> Result<Asked> {
    let switches = ["tensorboard", "report"];
    let file = args.config.as_deref().map(|path| SettingsFile::config(path, &of_layered(), &switches)).transpose()?;
    let TrainArgs { out, given, resume, overwrite, tensorboard, report, cpu, json, .. } = args;
    let (resume, overwrite, tensorboard, report, given) = (*resume, *overwrite, *tensorboard, *report, &given.table);
    let options = Options { out, resume, overwrite, tensorboard, report, json: *json, cpu: *cpu, given };
    let asked = Asked::over(options, file, Origin::new)?;
    let all = asked.origin.table();
    // Of a run that is continued, run.toml may name the file.
    if !asked.resume && all.get("init-layers").is_some() && all.get("init").is_none() {
        if given.get("init-layers").is_some() {
            return Err(usage("--init-layers needs --init FILE"));
        }
        bail!("{} needs a key 'init'", asked.origin.place("init-layers"));
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;
    use std::path::PathBuf;

    fn asked(options: &[&str], file: &str) -> Result<Asked> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        std::fs::write(&path, file).unwrap();
        let config = ["hebb", "train", "--config", path.to_str().unwrap()];
        match Cli::try_parse_from(config.iter().chain(options)).unwrap().command {
            Command::Train(args) => read(&args),
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
    fn tensorboard_and_report_are_switches_of_the_line_or_the_file() {
        for (options, file, wanted) in [
            (&[][..], "out = 'r'", false),
            (&["--tensorboard"], "out = 'r'", true),
            (&[], "out = 'r'\ntensorboard = true", true),
            (&["--tensorboard"], "out = 'r'\ntensorboard = false", true),
        ] {
            assert_eq!(asked(options, file).unwrap().tensorboard, wanted, "{options:?} {file}");
        }
        assert!(asked(&["--report"], "out = 'r'").unwrap().report && !asked(&[], "out = 'r'").unwrap().report);
        assert!(asked(&[], "out = 'r'\nreport = true").unwrap().report);
        assert!(asked(&[], "out = 'r'\ntensorboard = 1").is_err());
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
