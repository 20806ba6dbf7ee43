//! How values stand in run.toml and in a checkpoint's metadata: as one writes them on the command line.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// Anything that prints as it reads.
pub(crate) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// The inverse of [`serialize`].
pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// A rule as `rule` and, where it takes them, `epsilon` and `decay`.
pub(crate) mod rule {
    use super::{Deserialize, Deserializer, Error, Serializer};
    use hebb_spec::rule::Rule;
    use serde::Serialize;

    #[derive(Serialize, Deserialize)]
    struct Fields {
        rule: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        epsilon: Option<f32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        decay: Option<f32>,
    }

    pub(crate) fn serialize<S: Serializer>(rule: &Rule, serializer: S) -> Result<S::Ok, S::Error> {
        let epsilon = rule.takes_epsilon().then_some(rule.epsilon);
        let decay = rule.takes_decay().then_some(rule.decay);
        Fields { rule: rule.name.to_owned(), epsilon, decay }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rule, D::Error> {
        let Fields { rule, epsilon, decay } = Fields::deserialize(deserializer)?;
        let rule: Rule = rule.parse().map_err(D::Error::custom)?;
        if epsilon.is_some() && !rule.takes_epsilon() {
            return Err(D::Error::custom(format!("epsilon belongs to urfb, not to {}", rule.name)));
        }
        if decay.is_some() && !rule.takes_decay() {
            return Err(D::Error::custom(format!("decay belongs to kp, not to {}", rule.name)));
        }
        Ok(Rule { epsilon: epsilon.unwrap_or(rule.epsilon), decay: decay.unwrap_or(rule.decay), ..rule })
    }
}

/// A seed: TOML's integers end at 2⁶³ − 1, so a larger one is written as text.
pub(crate) mod seed {
    use super::{Deserialize, Deserializer, Error, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seed {
        Number(u64),
        Text(String),
    }

    pub(crate) fn serialize<S: Serializer>(seed: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(*seed) {
            Ok(seed) => serializer.serialize_i64(seed),
            Err(_) => serializer.collect_str(seed),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        match Seed::deserialize(deserializer)? {
            Seed::Number(seed) => Ok(seed),
            Seed::Text(text) => text.parse().map_err(D::Error::custom),
        }
    }
}

/// Layers as `1,2`.
pub(crate) mod layers {
    use super::{Deserialize, Deserializer, Error, Serializer};

    pub(crate) fn write(layers: &[u32]) -> String {
        layers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
    }

    pub(crate) fn read(text: &str) -> Result<Vec<u32>, String> {
        let layer = |part: &str| part.trim().parse().map_err(|_| format!("'{part}' is no layer"));
        text.split(',').filter(|part| !part.trim().is_empty()).map(layer).collect()
    }

    pub(crate) fn serialize<S: Serializer>(layers: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&write(layers))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
        read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Untied layers as `none`, `all` or `1,2`.
pub(crate) mod untied {
    use super::{Deserialize, Deserializer, Error, Serializer, layers};
    use hebb_spec::network::Untied;

    pub(crate) fn read(text: &str) -> Result<Untied, String> {
        match text {
            "none" => Ok(Untied::AsWritten),
            "all" => Ok(Untied::All),
            _ => layers::read(text).map(Untied::Layers),
        }
    }

    pub(crate) fn serialize<S: Serializer>(untied: &Untied, serializer: S) -> Result<S::Ok, S::Error> {
        match untied {
            Untied::AsWritten => serializer.serialize_str("none"),
            Untied::All => serializer.serialize_str("all"),
            Untied::Layers(list) => layers::serialize(list, serializer),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Untied, D::Error> {
        read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A share that stands in a file only where it is not all.
pub(crate) mod share {
    pub(crate) const fn all() -> f32 {
        1.0
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
    pub(crate) fn is_all(share: &f32) -> bool {
        *share == 1.0
    }
}
