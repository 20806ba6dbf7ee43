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

/// A rule as `rule` and, for urfb, `epsilon`.
pub(crate) mod rule {
    use super::{Deserialize, Deserializer, Error, Serializer};
    use hebb_spec::rule::Rule;
    use serde::Serialize;

    #[derive(Serialize, Deserialize)]
    struct Fields {
        rule: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        epsilon: Option<f32>,
    }

    pub(crate) fn serialize<S: Serializer>(rule: &Rule, serializer: S) -> Result<S::Ok, S::Error> {
        let epsilon = if let Rule::Urfb { epsilon } = rule { Some(*epsilon) } else { None };
        Fields { rule: rule.name().to_owned(), epsilon }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rule, D::Error> {
        let Fields { rule, epsilon } = Fields::deserialize(deserializer)?;
        match (rule.parse().map_err(D::Error::custom)?, epsilon) {
            (Rule::Urfb { .. }, Some(epsilon)) => Ok(Rule::Urfb { epsilon }),
            (rule, None) => Ok(rule),
            (rule, Some(_)) => Err(D::Error::custom(format!("epsilon belongs to urfb, not to {}", rule.name()))),
        }
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

    pub(crate) fn serialize<S: Serializer>(layers: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&layers.iter().map(u32::to_string).collect::<Vec<_>>().join(","))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let layer = |part: &str| part.trim().parse().map_err(|_| D::Error::custom(format!("'{part}' is no layer")));
        text.split(',').filter(|part| !part.trim().is_empty()).map(layer).collect()
    }
}
