//! Settings by name: one list of fields a kind of thing, which options, config files, run.toml, checkpoint metadata and
//! the library share.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most characters of a typed text that an error shows.
pub const SHOWN: usize = 80;

/// A typed text as an error shows it: all, or its beginning.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A text that names nothing that there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} '{text}': known are {known}")]
pub struct UnknownName {
    what: &'static str,
    text: String,
    known: String,
}

impl UnknownName {
    /// `text` names no `what`; `known` are the names that do.
    pub fn new(what: &'static str, text: &str, known: &[&str]) -> Self {
        Self { what, text: short(text), known: known.join(", ") }
    }
}

/// A setting's value, as a file holds it. On the command line every value is a text.
#[derive(Debug, Clone)]
pub enum Value {
    /// A text, or a number written as one.
    Text(String),
    /// A whole number.
    Integer(u64),
    /// A number.
    Float(f32),
    /// On or off.
    Switch(bool),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Integer(a), Value::Integer(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Switch(a), Value::Switch(b)) => a == b,
            // A file may write 1.0 as 1.
            (Value::Integer(a), Value::Float(b)) | (Value::Float(b), Value::Integer(a)) => *a as f32 == *b,
            _ => false,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Integer(number) => write!(f, "{number}"),
            Value::Float(number) => write!(f, "{number:?}"),
            Value::Switch(on) => write!(f, "{on}"),
        }
    }
}

impl Value {
    /// A text; numbers are none.
    pub fn text(&self) -> Result<&str, String> {
        match self {
            Value::Text(text) => Ok(text),
            _ => Err("write a text".to_owned()),
        }
    }

    /// Something that is read from a text.
    pub fn parse<T: std::str::FromStr<Err: fmt::Display>>(&self) -> Result<T, String> {
        self.text()?.parse().map_err(|error: T::Err| error.to_string())
    }

    /// A finite number for which `allowed` holds; `range` says which those are, as in "above 0".
    pub fn float(&self, allowed: impl Fn(f32) -> bool, range: &str) -> Result<f32, String> {
        let number = match self {
            Value::Text(text) => text.trim().parse().ok(),
            Value::Integer(number) => Some(*number as f32),
            Value::Float(number) => Some(*number),
            Value::Switch(_) => None,
        };
        number
            .filter(|&number: &f32| number.is_finite() && allowed(number))
            .ok_or_else(|| format!("write a number {range}"))
    }

    /// A whole number from `least` to `most`.
    pub fn integer(&self, least: u64, most: u64) -> Result<u64, String> {
        let number = match self {
            Value::Text(text) => text.trim().parse().ok(),
            Value::Integer(number) => Some(*number),
            Value::Float(_) | Value::Switch(_) => None,
        };
        let range = || match most {
            u64::MAX => format!("write a whole number of {least} or more"),
            _ => format!("write a whole number from {least} to {most}"),
        };
        number.filter(|number| (least..=most).contains(number)).ok_or_else(range)
    }

    /// On or off.
    pub fn switch(&self) -> Result<bool, String> {
        match self {
            Value::Switch(on) => Ok(*on),
            Value::Text(text) if text == "true" => Ok(true),
            Value::Text(text) if text == "false" => Ok(false),
            _ => Err("it is a switch: write true or false".to_owned()),
        }
    }

    /// Layers, as [`layers`] reads them; a single one may stand as a number.
    pub fn layers(&self) -> Result<Vec<u32>, String> {
        match self {
            Value::Integer(layer) => layers(&layer.to_string()),
            _ => layers(self.text()?),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Text(text) => serializer.serialize_str(text),
            Value::Integer(number) => serializer.serialize_u64(*number),
            Value::Float(number) => serializer.serialize_f32(*number),
            Value::Switch(on) => serializer.serialize_bool(*on),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a text, a number, true or false")]
        enum Any {
            Switch(bool),
            Integer(u64),
            Float(f64),
            Text(String),
        }
        Ok(match Any::deserialize(deserializer)? {
            Any::Switch(on) => Value::Switch(on),
            Any::Integer(number) => Value::Integer(number),
            Any::Float(number) => Value::Float(number as f32),
            Any::Text(text) => Value::Text(text),
        })
    }
}

/// Values by name, in the order in which they are written.
#[derive(Debug, Clone, Default)]
pub struct Table(pub Vec<(String, Value)>);

impl PartialEq for Table {
    /// The order does not matter.
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl Table {
    /// The value of a name. `-` and `_` are alike: metadata are written with the one, files of options with the other.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let is_key = |other: &str| {
            other.len() == key.len()
                && other.bytes().zip(key.bytes()).all(|(a, b)| a == b || matches!((a, b), (b'-', b'_') | (b'_', b'-')))
        };
        self.0.iter().find(|(other, _)| is_key(other)).map(|(_, value)| value)
    }

    /// Adds a value, or replaces the one of this name.
    pub fn set(&mut self, key: &str, value: Value) {
        match self.0.iter_mut().find(|(other, _)| other == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Table;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of settings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table, A::Error> {
                let mut table = Table::default();
                while let Some(entry) = map.next_entry()? {
                    table.0.push(entry);
                }
                Ok(table)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// A setting of a `T`: its name everywhere, what it is, how it is read and written.
pub struct Field<T> {
    /// The name: `--key` on the command line, `key =` in a file.
    pub key: &'static str,
    /// What the value is called in the help; empty for a switch.
    pub value: &'static str,
    /// The help's heading.
    pub group: &'static str,
    /// The help.
    pub help: &'static str,
    /// Reads a value; the error says what to write.
    pub set: fn(&mut T, &Value) -> Result<(), String>,
    /// The value as it is written; none where it is the default and stands in no file.
    pub get: fn(&T) -> Option<Value>,
}

/// A setting that does not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} = {value}: {problem}")]
pub struct SettingError {
    /// The setting.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What is wrong, and what to write.
    pub problem: String,
}

/// Reads all of a table's values that are fields, in the fields' order.
pub fn read<T>(fields: &[Field<T>], into: &mut T, table: &Table) -> Result<(), SettingError> {
    for field in fields {
        if let Some(value) = table.get(field.key) {
            let fail = |problem| SettingError { key: field.key.to_owned(), value: value.to_string(), problem };
            (field.set)(into, value).map_err(fail)?;
        }
    }
    Ok(())
}

/// Writes all fields, in their order.
pub fn write<T>(fields: &[Field<T>], from: &T) -> Table {
    let entry = |field: &Field<T>| Some((field.key.to_owned(), (field.get)(from)?));
    Table(fields.iter().filter_map(entry).collect())
}

/// Weighted layers counted from 1, as `1`, `2,3` or `2-5`: sorted, each once.
pub fn layers(text: &str) -> Result<Vec<u32>, String> {
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|&layer| (1..=65_536).contains(&layer));
    let run = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some(first..=last)
    };
    let runs: Option<Vec<_>> = text.split(',').map(run).collect();
    let mut runs = runs
        .ok_or_else(|| format!("'{}' is no list of layers: count them from 1, as in 1 or 2,3 or 2-5", short(text)))?;
    runs.sort_unstable_by_key(|run| *run.start());
    // A short text may name all layers a thousand times: each is written down once.
    let (mut layers, mut next) = (Vec::new(), 0);
    for run in runs {
        layers.extend(next.max(*run.start())..=*run.end());
        next = next.max(run.end() + 1);
    }
    Ok(layers)
}

/// Layers as [`layers`] reads them.
pub fn layers_text(layers: &[u32]) -> String {
    layers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_shown_by_its_beginning() {
        assert_eq!(short(&"σ".repeat(80)), "σ".repeat(80));
        assert_eq!(short(&"σ".repeat(81)), format!("{}…", "σ".repeat(80)));
        assert!(layers(&"x".repeat(1000)).unwrap_err().chars().count() < 200);
    }

    #[derive(Default, Debug, PartialEq)]
    struct Pair {
        a: f32,
        b: bool,
    }

    const FIELDS: [Field<Pair>; 2] = [
        Field {
            key: "a-size",
            value: "F",
            group: "",
            help: "",
            set: |pair, value| {
                pair.a = value.float(|a| a > 0.0, "above 0")?;
                Ok(())
            },
            get: |pair| Some(Value::Float(pair.a)),
        },
        Field {
            key: "b",
            value: "",
            group: "",
            help: "",
            set: |pair, value| {
                pair.b = value.switch()?;
                Ok(())
            },
            get: |pair| pair.b.then_some(Value::Switch(true)),
        },
    ];

    #[test]
    fn fields_read_what_they_write_and_name_what_is_wrong() {
        let mut pair = Pair { a: 0.1, b: true };
        let table = write(&FIELDS, &pair);
        let mut again = Pair::default();
        read(&FIELDS, &mut again, &table).unwrap();
        assert_eq!(again, pair);
        pair.b = false;
        assert_eq!(write(&FIELDS, &pair).0.len(), 1);
        let wrong = Table(vec![("a_size".to_owned(), Value::Text("-1".to_owned()))]);
        assert_eq!(read(&FIELDS, &mut again, &wrong).unwrap_err().to_string(), "a-size = -1: write a number above 0");
    }

    #[test]
    fn tables_are_equal_in_any_order() {
        let table = |keys: [&str; 2]| Table(keys.iter().map(|key| ((*key).to_owned(), Value::Integer(1))).collect());
        assert_eq!(table(["a", "b"]), table(["b", "a"]));
        assert_ne!(table(["a", "b"]), table(["a", "c"]));
        assert_eq!(Value::Integer(1), Value::Float(1.0));
        assert_ne!(Value::Text("1".to_owned()), Value::Integer(1));
    }

    #[test]
    fn single_layers_lists_and_runs_read() {
        assert_eq!(layers("1"), Ok(vec![1]));
        assert_eq!(layers("4, 1-2,2"), Ok(vec![1, 2, 4]), "sorted, each once");
        assert_eq!(layers("2-4,1-6,3,9,5-7"), Ok(vec![1, 2, 3, 4, 5, 6, 7, 9]));
        let often = layers(&format!("{}1", "1-65536,".repeat(100))).unwrap();
        assert_eq!((often.len(), often.capacity() < 1 << 18), (65_536, true), "no more memory than it needs");
        assert_eq!(layers_text(&[2, 3]), "2,3");
        assert_eq!((Value::Integer(2).layers(), Value::Float(2.0).layers().is_err()), (Ok(vec![2]), true));
        for text in ["", "0", "x", "1,", ",1", "3-2", "1-", "-2", "1-2-3", "1.5", "0-2", "99999999999"] {
            assert!(layers(text).unwrap_err().starts_with(&format!("'{text}' is no list of layers")), "{text}");
        }
    }
}
