//! Every setting that an option or a file may give: the model's fields and the run's. Nothing else declares them.

use hebb::Choice;
use hebb_engine::settings::{self, RunSettings};
use hebb_spec::settings::{Field, Value};
use hebb_systems::layered::{self, ModelSpec, Rule};

/// The run's setting that only the command line can judge: the engine knows no device.
pub const DEVICE: &str = "device";

/// Each setting's key and what its value is called, which is nothing for a switch; in the order of files.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let model = layered::FIELDS.iter().map(|field| (field.key, field.value));
    model.chain(settings::FIELDS.iter().map(|field| (field.key, field.value)))
}

/// Keys of all settings.
pub fn keys() -> impl Iterator<Item = &'static str> {
    all().map(|(key, _)| key)
}

/// Whether a value is one that its setting may have at all; the error says what to write.
pub fn check(key: &str, value: &Value) -> Result<(), String> {
    if let Some(field) = layered::FIELDS.iter().find(|field| field.key == key) {
        return check_model(field, value);
    }
    settings::FIELDS.iter().find(|field| field.key == key).map_or(Ok(()), |field| check_run(field, value))
}

/// The same of a field of the model.
pub fn check_model(field: &Field<ModelSpec>, value: &Value) -> Result<(), String> {
    // A rule's own number is written under that rule alone. Whether it is the rule at hand is judged when that is known.
    let under = |rule| ModelSpec { rule, ..ModelSpec::default() };
    let mut owner = Rule::ALL.map(under).into_iter().find(|spec| (field.get)(spec).is_some()).unwrap_or_default();
    (field.set)(&mut owner, value)
}

/// The same of a field of the run.
pub fn check_run(field: &Field<RunSettings>, value: &Value) -> Result<(), String> {
    (field.set)(&mut RunSettings::default(), value)?;
    if field.key == DEVICE { value.parse::<Choice>().map(|_| ()) } else { Ok(()) }
}

/// The names that a setting takes, where it takes nothing else: told by how its value is called.
pub fn names<T>(field: &Field<T>) -> Vec<&'static str> {
    let are_names = field.value.contains('|') && !field.value.contains(char::is_uppercase);
    match field.key {
        "rule" => Rule::names().to_vec(),
        _ if are_names => field.value.split('|').collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
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
                !["untied-start", "rule", "loss", "preset", "statistics"].contains(&field.key)
            );
        }
        assert!(settings::FIELDS.iter().all(|field| names(field).is_empty()));
    }
}
