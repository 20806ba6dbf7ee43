//! What a checkpoint knows about its weights: all that evaluation and a resume need. No time and no path stand in it,
//! so the same run writes the same bytes anywhere.

use std::fmt;

use hebb_spec::settings::{Table, Value};
use hebb_spec::system::{Sums, System};
use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The JSON under the metadata key `hebb`: the system's own keys, then the run's.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    /// What the weights are of, in the system's own words.
    pub system: Table,
    /// Seed of the start, the order and all that is drawn.
    pub seed: u64,
    /// What trained them; absent from a start.
    pub training: Option<Training>,
    /// How far the training is.
    pub progress: Progress,
}

/// What the weights were trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Training {
    /// The data's name, without a place.
    pub data: String,
    /// Training records kept for validation, the last ones.
    pub validation: usize,
    /// Images in a batch.
    pub batch: u32,
}

/// How far a training is: counts of what is done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// Epochs done.
    pub epoch: u32,
    /// Steps done since the start.
    pub step: u32,
    /// Steps done of the epoch in progress; 0 at an epoch's end.
    pub epoch_step: u32,
    /// What these steps found.
    pub sums: Sums,
    /// The best epoch so far; none without validation.
    pub best: Option<Best>,
}

impl Progress {
    /// Nothing done yet.
    pub fn start(system: &dyn System) -> Self {
        Self { sums: Sums::zero(&system.amounts()), ..Self::default() }
    }
}

/// The epoch with the lowest score, the first of equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Best {
    /// Epochs done by then.
    pub epoch: u32,
    /// Its score: the system's count over the validation records. The key is that of version 0.1.
    #[serde(rename = "wrong")]
    pub score: u64,
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.system.0 {
            map.serialize_entry(key, value)?;
        }
        map.serialize_entry("seed", &self.seed)?;
        if let Some(training) = &self.training {
            map.serialize_entry("training", training)?;
        }
        let Progress { epoch, step, epoch_step, sums, best } = &self.progress;
        for (key, count) in [("epoch", epoch), ("step", step), ("epoch_step", epoch_step)] {
            map.serialize_entry(key, count)?;
        }
        map.serialize_entry("sums", sums)?;
        if let Some(best) = best {
            map.serialize_entry("best", best)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Metadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("metadata of hebb")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
        let (mut system, mut seed, mut training) = (Table::default(), None, None);
        let (mut epoch, mut step, mut progress) = (None, None, Progress::default());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "seed" => seed = Some(map.next_value()?),
                "training" => training = map.next_value()?,
                "epoch" => epoch = Some(map.next_value()?),
                "step" => step = Some(map.next_value()?),
                "epoch_step" => progress.epoch_step = map.next_value()?,
                "sums" => progress.sums = map.next_value()?,
                "best" => progress.best = map.next_value()?,
                _ => match map.next_value::<Any>()? {
                    Any::Value(value) => system.set(&key, value),
                    // Of a later version: no setting of ours.
                    Any::Other(_) => {}
                },
            }
        }
        let seed = seed.ok_or_else(|| de::Error::missing_field("seed"))?;
        progress.epoch = epoch.ok_or_else(|| de::Error::missing_field("epoch"))?;
        progress.step = step.ok_or_else(|| de::Error::missing_field("step"))?;
        Ok(Metadata { system, seed, training, progress })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Any {
    Value(Value),
    Other(IgnoredAny),
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::system::Amount;

    fn example() -> Metadata {
        let value = |text: &str| Value::Text(text.to_owned());
        let system = [("net", value("Output")), ("slope", Value::Float(0.7)), ("track_r1", Value::Switch(true))];
        let amounts = vec![("loss".to_owned(), Amount::Real(0.1 + 0.2)), ("wrong".to_owned(), Amount::Count(7))];
        Metadata {
            system: Table(system.map(|(key, value)| (key.to_owned(), value)).to_vec()),
            seed: u64::MAX,
            training: Some(Training { data: "tiny".to_owned(), validation: 3, batch: 4 }),
            progress: Progress {
                epoch: 2,
                step: 25,
                epoch_step: 5,
                sums: Sums { images: 20, amounts },
                best: Some(Best { epoch: 1, score: 2 }),
            },
        }
    }

    #[test]
    fn metadata_read_back_to_the_last_bit() {
        let mut metadata = example();
        for at in 1..2000 {
            metadata.progress.sums.amounts[0].1 = Amount::Real(1e3 / f64::from(at));
            let text = serde_json::to_string(&metadata).unwrap();
            assert_eq!(serde_json::from_str::<Metadata>(&text).unwrap(), metadata);
        }
    }

    #[test]
    fn the_file_is_that_of_version_0_1() {
        let wanted = r#"{"net":"Output","slope":0.7,"track_r1":true,"seed":18446744073709551615,"training":{"data":"tiny","validation":3,"batch":4},"epoch":2,"step":25,"epoch_step":5,"sums":{"images":20,"loss":0.30000000000000004,"wrong":7},"best":{"epoch":1,"wrong":2}}"#;
        assert_eq!(serde_json::to_string(&example()).unwrap(), wanted);
        let least = r#"{"net":"Output","mu":1,"seed":1,"epoch":0,"step":0,"later":{"a":[1]}}"#;
        let metadata: Metadata = serde_json::from_str(least).unwrap();
        assert_eq!((metadata.progress, metadata.system.0.len()), (Progress::default(), 2));
        let error = serde_json::from_str::<Metadata>(r#"{"net":"Output","epoch":0,"step":0}"#).unwrap_err();
        assert!(error.to_string().starts_with("missing field `seed`"), "{error}");
    }
}
