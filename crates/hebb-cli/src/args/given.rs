//! Options that are settings: made from the settings' own lists, and kept as a table of those that were given.

use std::fmt::Debug;
use std::marker::PhantomData;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use hebb_engine::settings;
use hebb_spec::settings::{Field, Table, Value};
use hebb_systems::layered;

use crate::fields::{all, check_model, check_run, names};
use crate::merge::rival;

/// The help's headings, in order.
const GROUPS: [&str; 4] = ["Network", "Rule", "Data", "Running"];

/// Which settings a command takes.
pub trait Takes: Clone + Debug {
    /// Help of the command's own.
    const HELP: &'static [(&'static str, &'static str)] = &[];

    /// Whether one is taken.
    fn takes(key: &str) -> bool;
}

/// All that a training takes.
#[derive(Debug, Clone)]
pub enum TrainKeys {}

impl Takes for TrainKeys {
    fn takes(_: &str) -> bool {
        true
    }
}

/// What lays a network out and says how it learns: all of the model's.
#[derive(Debug, Clone)]
pub enum LayoutKeys {}

impl Takes for LayoutKeys {
    fn takes(key: &str) -> bool {
        layered::FIELDS.iter().any(|field| field.key == key)
    }
}

const EVAL: [&str; 9] = ["net", "untied", "connectivity", "loss", "mu", "slope", "preset", "data", "validation"];

/// What an evaluation takes.
#[derive(Debug, Clone)]
pub enum EvalKeys {}

impl Takes for EvalKeys {
    const HELP: &'static [(&'static str, &'static str)] = &[
        (
            "net",
            "Network of a file without metadata of hebb, by name or notation; all options of network and rule are for such \
             files only",
        ),
        (
            "data",
            "Data set (see `hebb data list`) [default: the one in the run.toml of the checkpoint's run, beside it]",
        ),
    ];

    fn takes(key: &str) -> bool {
        EVAL.contains(&key)
    }
}

const INIT: [&str; 8] = ["net", "untied", "untied-start", "connectivity", "rule", "preset", "track-r1", "seed"];

/// What the draw of a start takes.
#[derive(Debug, Clone)]
pub enum InitKeys {}

impl Takes for InitKeys {
    const HELP: &'static [(&'static str, &'static str)] = &[
        (
            "rule",
            "Draw what this rule needs: no R for bp, B for dfa and drtp [default: R, with a mask of its own where sparse]",
        ),
        (
            "preset",
            "Numbers and conventions: sets the start of untied layers and whether a sparse network's output is sparse \
             [default: as-run]",
        ),
        ("track-r1", "Draw an R for layer 1, too"),
        ("seed", "Seed of W, R, B and masks [default: 1]"),
    ];

    fn takes(key: &str) -> bool {
        INIT.contains(&key)
    }
}

/// The settings that were given as options of a command: texts, and switches that are on.
#[derive(Debug, Clone)]
pub struct Given<T> {
    /// Each under its key.
    pub table: Table,
    of: PhantomData<T>,
}

impl<T: Takes> Args for Given<T> {
    fn augment_args(command: Command) -> Command {
        let own = |key, help| T::HELP.iter().find(|(other, _)| *other == key).map_or(help, |(_, own)| *own);
        let of_run = settings::FIELDS.iter().filter(|field| T::takes(field.key)).map(|field| {
            let read = |text: &str| check_run(field, &Value::Text(text.to_owned())).map(|()| text.to_owned());
            (field.group, arg(field, own(field.key, field.help), read))
        });
        let of_model = layered::FIELDS.iter().filter(|field| T::takes(field.key)).map(|field| {
            let read = |text: &str| check_model(field, &Value::Text(text.to_owned())).map(|()| text.to_owned());
            (field.group, arg(field, own(field.key, field.help), read))
        });
        let mut args: Vec<(&str, Arg)> = of_run.chain(of_model).collect();
        args.sort_by_key(|(group, _)| GROUPS.iter().position(|other| other == group));
        command.args(args.into_iter().map(|(_, arg)| arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// A setting as an option.
fn arg<F, R>(field: &'static Field<F>, help: &'static str, read: R) -> Arg
where
    R: Fn(&str) -> Result<String, String> + Clone + Send + Sync + 'static,
{
    let arg = Arg::new(field.key).long(field.key).help(help).help_heading(field.group);
    let arg = arg.conflicts_with_all(rival(field.key));
    if field.value.is_empty() {
        return arg.action(ArgAction::SetTrue);
    }
    let names = names(field);
    if !names.is_empty() {
        return arg.value_name("NAME").value_parser(PossibleValuesParser::new(names));
    }
    arg.value_name(field.value).allow_negative_numbers(matches!(field.value, "F" | "N" | "LAYERS")).value_parser(read)
}

impl<T: Takes> FromArgMatches for Given<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut given = Self { table: Table::default(), of: PhantomData };
        given.update_from_arg_matches(matches)?;
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for (key, value) in all().filter(|(key, _)| T::takes(key)) {
            let given = match value.is_empty() {
                true => matches.get_flag(key).then_some(Value::Switch(true)),
                false => matches.get_one::<String>(key).map(|text| Value::Text(text.clone())),
            };
            if let Some(value) = given {
                self.table.set(key, value);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::keys;
    use clap::Parser;

    #[derive(Parser)]
    struct Line<T: Takes> {
        #[command(flatten)]
        given: Given<T>,
    }

    fn read<T: Takes>(options: &[&str]) -> Result<Table, String> {
        let line = Line::<T>::try_parse_from([&["hebb"], options].concat());
        line.map(|line| line.given.table).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_given_stands_in_the_table_and_nothing_else() {
        let table = read::<TrainKeys>(&["--lr", ".5", "--no-shuffle", "--seed", "3"]).unwrap();
        assert_eq!(table.0.len(), 3);
        assert_eq!(table.get("lr"), Some(&Value::Text(".5".to_owned())));
        assert_eq!(table.get("no-shuffle"), Some(&Value::Switch(true)));
        assert!(read::<TrainKeys>(&[]).unwrap().0.is_empty());
    }

    #[test]
    fn a_command_takes_its_own_settings_only() {
        assert!(read::<InitKeys>(&["--lr", "1"]).unwrap_err().contains("unexpected argument '--lr'"));
        assert!(read::<LayoutKeys>(&["--lr", "1", "--freeze", "1"]).is_ok());
        for key in EVAL.iter().chain(&INIT) {
            assert!(keys().any(|known| known == *key), "{key}");
        }
    }

    #[test]
    fn what_is_wrong_is_a_usage_error_as_clap_words_it() {
        let error = |options: &[&str]| read::<TrainKeys>(options).unwrap_err();
        assert!(error(&["--lr", "-1"]).contains("invalid value '-1' for '--lr <F>': write a number of 0 or more"));
        let near = error(&["--loss", "softmx"]);
        assert!(near.contains("[possible values: hinge, softmax]") && near.contains("'softmax'"), "{near}");
        assert!(error(&["--epochs", "1", "--steps", "1"]).contains("cannot be used with"));
    }
}
