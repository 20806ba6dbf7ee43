//! Options that are settings: made from the settings' own lists, and kept as a table of those that were given.

use std::fmt::Debug;
use std::marker::PhantomData;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use hebb_spec::settings::{Table, Value};
use hebb_systems::layered;

use crate::fields::{Setting, of_layered};
use crate::merge::rival;

/// The help's headings, in order.
const GROUPS: [&str; 6] = ["Network", "Connection", "Neurons", "Rule", "Data", "Running"];

/// Which settings a command takes.
pub trait Takes: Clone + Debug {
    /// They, in the order of files.
    fn settings() -> Vec<Setting>;
}

/// All that a training takes.
#[derive(Debug, Clone)]
pub enum TrainKeys {}

impl Takes for TrainKeys {
    fn settings() -> Vec<Setting> {
        of_layered()
    }
}

/// What lays a network out and says how it learns: all of the model's.
#[derive(Debug, Clone)]
pub enum LayoutKeys {}

impl Takes for LayoutKeys {
    fn settings() -> Vec<Setting> {
        let is_models = |key| layered::FIELDS.iter().any(|field| field.key == key);
        of_layered().into_iter().filter(|setting| is_models(setting.key)).collect()
    }
}

/// Some settings, with help of the command's own.
fn some(keys: &[&str], help: &[(&str, &'static str)]) -> Vec<Setting> {
    let own = |setting: Setting| match help.iter().find(|(key, _)| *key == setting.key) {
        Some((_, own)) => setting.with_help(own),
        None => setting,
    };
    of_layered().into_iter().filter(|setting| keys.contains(&setting.key)).map(own).collect()
}

const EVAL: [&str; 10] =
    ["net", "untied", "connectivity", "loss", "mu", "activation", "slope", "preset", "data", "validation"];

const EVAL_HELP: [(&str, &str); 2] = [
    (
        "net",
        "Network of a file without metadata of hebb, by name or notation; all options of network and rule are for such files \
         only",
    ),
    ("data", "Data set (see `hebb data list`) [default: the one in the run.toml of the checkpoint's run, beside it]"),
];

/// What an evaluation takes.
#[derive(Debug, Clone)]
pub enum EvalKeys {}

impl Takes for EvalKeys {
    fn settings() -> Vec<Setting> {
        some(&EVAL, &EVAL_HELP)
    }
}

const ACTIVATIONS: [&str; 8] = ["net", "untied", "connectivity", "activation", "slope", "preset", "data", "validation"];
const PREDICT: [&str; 7] = ["net", "untied", "connectivity", "loss", "activation", "slope", "preset"];
const FILTERS: [&str; 2] = ["net", "untied"];
const WITHOUT_METADATA: (&str, &str) = (
    "net",
    "Network of a file without metadata of hebb, by name or notation; all options of network and images are for such files \
     only",
);

/// What activations take.
#[derive(Debug, Clone)]
pub enum ActivationsKeys {}

impl Takes for ActivationsKeys {
    fn settings() -> Vec<Setting> {
        some(&ACTIVATIONS, &EVAL_HELP)
    }
}

/// What a prediction takes.
#[derive(Debug, Clone)]
pub enum PredictKeys {}

impl Takes for PredictKeys {
    fn settings() -> Vec<Setting> {
        some(&PREDICT, &[WITHOUT_METADATA])
    }
}

/// What tells which filters there are.
#[derive(Debug, Clone)]
pub enum FiltersKeys {}

impl Takes for FiltersKeys {
    fn settings() -> Vec<Setting> {
        some(&FILTERS, &[WITHOUT_METADATA])
    }
}

const INIT: [&str; 8] = ["net", "untied", "untied-start", "connectivity", "rule", "preset", "track-r1", "seed"];

/// What the draw of a start takes.
#[derive(Debug, Clone)]
pub enum InitKeys {}

impl Takes for InitKeys {
    fn settings() -> Vec<Setting> {
        let help = [
            (
                "rule",
                "Draw what this rule needs: no R for bp, B for dfa and drtp [default: R, with a mask of its own where \
                 sparse]",
            ),
            (
                "preset",
                "Numbers and conventions: sets the start of untied layers and whether a sparse network's output is sparse \
                 [default: as-run]",
            ),
            ("track-r1", "Draw an R for layer 1, too"),
            ("seed", "Seed of W, R, B and masks [default: 1]"),
        ];
        some(&INIT, &help)
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
        let mut settings = T::settings();
        settings.sort_by_key(|setting| GROUPS.iter().position(|group| *group == setting.group));
        let keys: Vec<&str> = settings.iter().map(|setting| setting.key).collect();
        command.args(settings.into_iter().map(|setting| {
            let rival = rival(setting.key).filter(|rival| keys.contains(rival));
            arg(setting, rival)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// A setting as an option.
fn arg(setting: Setting, rival: Option<&'static str>) -> Arg {
    let Setting { key, value, group, help, .. } = setting;
    let arg = Arg::new(key).long(key).help(help).help_heading(group).conflicts_with_all(rival);
    if value.is_empty() {
        return arg.action(ArgAction::SetTrue);
    }
    if !setting.names.is_empty() {
        return arg.value_name("NAME").value_parser(PossibleValuesParser::new(setting.names));
    }
    let read = move |text: &str| setting.check(&Value::Text(text.to_owned())).map(|()| text.to_owned());
    arg.value_name(value).allow_negative_numbers(matches!(value, "F" | "F,F,…" | "N" | "LAYERS")).value_parser(read)
}

impl<T: Takes> FromArgMatches for Given<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut given = Self { table: Table::default(), of: PhantomData };
        given.update_from_arg_matches(matches)?;
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for Setting { key, value, .. } in T::settings() {
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
        for key in EVAL.iter().chain(&INIT).chain(&ACTIVATIONS).chain(&PREDICT).chain(&FILTERS) {
            assert!(keys().any(|known| known == *key), "{key}");
        }
    }

    #[test]
    fn what_is_wrong_is_a_usage_error_as_clap_words_it() {
        let error = |options: &[&str]| read::<TrainKeys>(options).unwrap_err();
        assert!(error(&["--lr", "-1"]).contains("invalid value '-1' for '--lr <F>': write a number of 0 or more"));
        let near = error(&["--loss", "softmx"]);
        assert!(near.contains("[possible values: hinge, softmax, quadratic]") && near.contains("'softmax'"), "{near}");
        assert!(error(&["--epochs", "1", "--steps", "1"]).contains("cannot be used with"));
    }
}
