//! Every setting that an option or a file may give: the fields of what learns and the run's. Nothing else declares them.

use std::sync::Arc;

use hebb::Choice;
use hebb_data::patterns::{self, PatternSpec};
use hebb_engine::settings::{self, RunSettings};
use hebb_spec::settings::{Field, Value};
use hebb_systems::layered::{self, ModelSpec, Rule};
use hebb_systems::microcircuit::{self, Dynamics, Microcircuit};

/// The run's setting that only the command line can judge: the engine knows no device.
pub const DEVICE: &str = "device";

/// Tells whether a setting may have a value; the error says what to write.
type Judge = dyn Fn(&Value) -> Result<(), String> + Send + Sync;

/// A setting, whatever it is one of: what options and files know of it.
#[derive(Clone)]
pub struct Setting {
    /// The name.
    pub key: &'static str,
    /// What the value is called in the help; empty for a switch.
    pub value: &'static str,
    /// The help's heading.
    pub group: &'static str,
    /// The help.
    pub help: &'static str,
    /// The names that it takes, where it takes nothing else.
    pub names: Vec<&'static str>,
    judge: Arc<Judge>,
}

impl Setting {
    /// A field, judged by itself.
    pub fn of<T: Default>(field: &'static Field<T>) -> Self {
        Self::judged(field, |field, value| (field.set)(&mut T::default(), value))
    }

    fn judged<T>(field: &'static Field<T>, judge: fn(&Field<T>, &Value) -> Result<(), String>) -> Self {
        let Field { key, value, group, help, .. } = *field;
        Self { key, value, group, help, names: names(field), judge: Arc::new(move |value| judge(field, value)) }
    }

    /// The same with other help.
    pub fn with_help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    /// Whether a value is one that it may have at all; the error says what to write.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        (self.judge)(value)
    }
}

/// The settings of a run.
pub fn of_run() -> impl Iterator<Item = Setting> {
    settings::FIELDS.iter().map(|field| Setting::judged(field, check_run))
}

/// The settings of a layered network and its run, in the order of files.
pub fn of_layered() -> Vec<Setting> {
    let of_model = layered::FIELDS.iter().map(|field| Setting::judged(field, check_model));
    of_model.chain(of_run()).collect()
}

/// Keys of the settings of a layered network and its run.
pub fn keys() -> impl Iterator<Item = &'static str> {
    let of_model = layered::FIELDS.iter().map(|field| field.key);
    of_model.chain(settings::FIELDS.iter().map(|field| field.key))
}

/// The settings of a network of microcircuits and of what it learns, without those of its run.
pub fn of_microcircuit() -> Vec<Setting> {
    let of_circuit = microcircuit::FIELDS.iter().map(|field| Setting::judged(field, check_circuit));
    let of_patterns = patterns::FIELDS.iter().map(|field| Setting::judged(field, check_patterns));
    of_circuit.chain(of_patterns).collect()
}

/// Whether a value is one that a field of a microcircuit may have at all: under the dynamics that have such a setting.
fn check_circuit(field: &Field<Microcircuit>, value: &Value) -> Result<(), String> {
    let has = |circuit: &Microcircuit| (field.get)(circuit).is_some() || field.key == "learner";
    let mut owner = [Dynamics::TwoStep, Dynamics::Continuous].map(Microcircuit::of).into_iter().find(has);
    (field.set)(owner.get_or_insert_default(), value)
}

/// The same of a field of patterns: with a teacher.
fn check_patterns(field: &Field<PatternSpec>, value: &Value) -> Result<(), String> {
    (field.set)(&mut PatternSpec { teacher: Some([1; 3]), ..PatternSpec::default() }, value)
}

/// Whether a value is one that a field of the model may have at all; the error says what to write.
fn check_model(field: &Field<ModelSpec>, value: &Value) -> Result<(), String> {
    // A rule's own number is written under that rule alone. Whether it is the rule at hand is judged when that is known.
    let under = |rule| ModelSpec { rule, ..ModelSpec::default() };
    let mut owner = Rule::ALL.map(under).into_iter().find(|spec| (field.get)(spec).is_some()).unwrap_or_default();
    (field.set)(&mut owner, value)
}

/// The same of a field of the run.
fn check_run(field: &Field<RunSettings>, value: &Value) -> Result<(), String> {
    (field.set)(&mut RunSettings::default(), value)?;
    if field.key == DEVICE { value.parse::<Choice>().map(|_| ()) } else { Ok(()) }
}

/// The names that a setting takes, where it takes nothing else: told by how its value is called.
fn names<T>(field: &Field<T>) -> Vec<&'static str> {
    let are_names = field.value.contains('|') && !field.value.contains(char::is_uppercase);
    match field.key {
        _ if are_names => field.value.split('|').collect(),
        "rule" => Rule::names().to_vec(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn check(key: &str, value: &Value) -> Result<(), String> {
        of_layered().into_iter().find(|setting| setting.key == key).map_or(Ok(()), |setting| setting.check(value))
    }

    #[test]
    fn numbers_of_a_rule_are_read_as_under_that_rule() {
        assert_eq!(check("decay", &text("0.5")), Ok(()));
        assert_eq!(check("epsilon", &text("0.5")), Ok(()));
        assert_eq!(check("decay", &text("1")), Err("write a number from 0 up to but not 1".to_owned()));
        assert_eq!(check("epsilon", &text("2")), Err("write a number from 0 to 1".to_owned()));
    }

    #[test]
    fn devices_are_judged_and_other_keys_are_not() {
        assert!(check("device", &text("")).is_err() && check("device", &text("llvm")).is_ok());
        assert_eq!(check("batch", &text("0")), Err("write a whole number from 1 to 1048576".to_owned()));
        assert_eq!(check("out", &text("")), Ok(()));
    }

    #[test]
    fn names_are_known_and_each_of_them_reads() {
        for field in layered::FIELDS {
            let known = names(field);
            assert!(known.iter().all(|name| check_model(field, &text(name)).is_ok()), "{}", field.key);
            assert_eq!(
                known.is_empty(),
                !["untied-start", "rule", "loss", "activation", "preset", "statistics"].contains(&field.key)
            );
        }
        assert!(settings::FIELDS.iter().all(|field| names(field).is_empty()));
    }
}
