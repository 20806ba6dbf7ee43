//! `--config FILE.toml`: options in a file, by their long names. They become options as if given on the command line,
//! so that they are read by the same parsers; an option given there wins.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command, CommandFactory, Parser};
use toml::{Table, Value};

use crate::args::Cli;

/// Options that a file cannot set.
const NOT_IN_FILES: [&str; 3] = ["config", "help", "verbose"];
/// The table in which a run.toml tells where it was made: no option, and no obstacle to reading the rest again.
const RECORD: &str = "record";
/// Options of which only one may be given: one on the command line shuts out the other in the file.
const RIVALS: [(&str, &str); 2] = [("epochs", "steps"), ("resume", "overwrite")];

/// Reads the command line and the config file that it names. A wrong command line ends the program, as clap does; a
/// wrong file is an error.
pub fn parse(argv: Vec<OsString>) -> Result<Cli> {
    let cli = with_file(argv)?;
    // Not clap's `requires`: it would judge the command line before the file has its say.
    if let crate::args::Command::Train(train) = &cli.command
        && train.running.init_layers.is_some()
        && train.running.init.is_none()
    {
        Cli::command().error(ErrorKind::MissingRequiredArgument, "--init-layers needs --init FILE").exit();
    }
    Ok(cli)
}

fn with_file(argv: Vec<OsString>) -> Result<Cli> {
    let Some((path, given)) = named_file(&argv) else { return Ok(Cli::parse_from(argv)) };
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read config {}", path.display()))?;
    let options = options(&text, &given).with_context(|| format!("config {}", path.display()))?;
    let cli = Cli::try_parse_from(argv.into_iter().chain(options.into_iter().map(OsString::from)));
    cli.or_else(|error| match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::ArgumentConflict => {
            Err(anyhow!(sentence(&error)).context(format!("config {}", path.display())))
        }
        _ => error.exit(),
    })
}

/// The config file and the options beside it, if the command line is right and names one.
fn named_file(argv: &[OsString]) -> Option<(PathBuf, ArgMatches)> {
    // What is required may yet come from the file.
    let lenient = Cli::command().mut_subcommand("train", |train| train.mut_args(|arg| arg.required(false)));
    let matches = lenient.try_get_matches_from(argv).ok()?;
    let (_, given) = matches.subcommand().filter(|(name, _)| *name == "train")?;
    let path = given.get_one::<PathBuf>("config")?.clone();
    Some((path, given.clone()))
}

/// The options of a file, as they would stand on the command line.
fn options(text: &str, given: &ArgMatches) -> Result<Vec<String>> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        anyhow!("line {line}: {}", error.message().replace('\n', " "))
    })?;
    let cli = Cli::command();
    let train = cli.find_subcommand("train").context("there is no command train")?;
    let known = keys(train);
    let is_given = |key: &str| given.value_source(&key.replace('-', "_")) == Some(ValueSource::CommandLine);
    let mut options = Vec::new();
    for (key, value) in table.iter().filter(|(key, value)| *key != RECORD || !value.is_table()) {
        let Some((_, is_flag)) = known.iter().find(|(name, _)| name == key) else {
            let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
            bail!("unknown key '{key}': known are {}", names.join(", "));
        };
        let rival = RIVALS.iter().find_map(|&(one, other)| match key.as_str() {
            key if key == one => Some(other),
            key if key == other => Some(one),
            _ => None,
        });
        if is_given(key) || rival.is_some_and(is_given) {
            continue;
        }
        match (value, is_flag) {
            (Value::Boolean(on), true) => options.extend(on.then(|| format!("--{key}"))),
            (_, true) => bail!("key '{key}' is a switch: write {key} = true or {key} = false"),
            (Value::String(text), false) => options.push(format!("--{key}={text}")),
            (Value::Integer(number), false) => options.push(format!("--{key}={number}")),
            (Value::Float(number), false) => options.push(format!("--{key}={number}")),
            (_, false) => bail!("key '{key}' needs a text or a number"),
        }
    }
    Ok(options)
}

/// The long names that a file may use, and whether each is a switch.
fn keys(train: &Command) -> Vec<(String, bool)> {
    let named = train.get_arguments().filter_map(|arg| {
        let name = arg.get_long().filter(|name| !NOT_IN_FILES.contains(name))?;
        Some((name.to_owned(), matches!(arg.get_action(), ArgAction::SetTrue)))
    });
    named.collect()
}

/// clap's first paragraph without its label, in one line.
fn sentence(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or(&text);
    first.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    /// The options that a file adds to a command line.
    fn added(file: &str, line: &str) -> Result<Vec<String>, String> {
        let argv: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let (_, given) = named_file(&argv).unwrap();
        options(file, &given).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_become_options_unless_given() {
        let file = "lr = 0.25\nnet = 'Output'\nbatch = 20\nno-shuffle = true\nresume = false\nout = 'r'";
        assert_eq!(
            added(file, "hebb train --config f --lr 0.5").unwrap(),
            ["--batch=20", "--net=Output", "--no-shuffle", "--out=r"]
        );
        assert_eq!(added("epochs = 3", "hebb train --config f --steps 7").unwrap(), [""; 0]);
        assert_eq!(added("init-layers = '2'", "hebb -v train --config f --init-layers 1").unwrap(), [""; 0]);
    }

    #[test]
    fn a_runs_own_record_is_passed_over() {
        assert_eq!(added("seed = '7'\n[record]\nhebb = '1'", "hebb train --config f").unwrap(), ["--seed=7"]);
    }

    #[test]
    fn wrong_files_say_what_and_where() {
        let error = |file: &str| added(file, "hebb train --config f").unwrap_err();
        assert!(error("lrr = 1").starts_with("unknown key 'lrr': known are out, net, untied"));
        assert!(error("config = 'x'").starts_with("unknown key 'config'"));
        assert!(error("[record2]").starts_with("unknown key 'record2'"));
        assert_eq!(error("lr = [1]"), "key 'lr' needs a text or a number");
        assert_eq!(error("resume = 1"), "key 'resume' is a switch: write resume = true or resume = false");
        assert!(error("lr = 1\nseed = = 2").starts_with("line 2: "), "{}", error("lr = 1\nseed = = 2"));
    }

    #[test]
    fn other_commands_name_no_file() {
        let argv = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(named_file(&argv("hebb train --out x")).is_none());
        assert!(named_file(&argv("hebb nets")).is_none());
        assert!(named_file(&argv("hebb train --config f --nonsense")).is_none(), "clap tells of it");
        let (path, _) = named_file(&argv("hebb train --config f")).unwrap();
        assert_eq!(path.as_os_str(), OsStr::new("f"));
    }
}
