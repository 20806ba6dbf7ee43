//! One description of a connection of the family: what options, config files, run.toml and programs say of it.

use std::fmt;
use std::str::FromStr;

use hebb_spec::learning::Competition;
use hebb_spec::settings::{SettingError, UnknownName};

use super::{Hebbian, Rule};

/// How units compete, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Contest {
    /// They do not.
    #[default]
    None,
    /// The first of the largest is 1, all others are 0.
    Winner,
    /// Softmax over the units.
    Softmax,
}

impl Contest {
    const NAMED: [(&str, Self); 3] = [("none", Self::None), ("winner", Self::Winner), ("softmax", Self::Softmax)];
}

impl FromStr for Contest {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::NAMED.iter().find(|(name, _)| *name == text);
        let unknown = || UnknownName::new("competition", text, &Self::NAMED.map(|(name, _)| name));
        found.map(|(_, contest)| *contest).ok_or_else(unknown)
    }
}

impl fmt::Display for Contest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Contest::None => "none",
            Contest::Winner => "winner",
            Contest::Softmax => "softmax",
        })
    }
}

/// All that sets what a connection computes and how it learns, apart from its data.
#[derive(Debug, Clone, PartialEq)]
pub struct HebbianSpec {
    /// The rule.
    pub rule: Rule,
    /// Units, k; none: 1, and of a recurrent connection as many as inputs.
    pub units: Option<u32>,
    /// Whether the inputs are connected among themselves.
    pub recurrent: bool,
    /// How units compete.
    pub compete: Contest,
    /// What softmax multiplies W x by; none: 1.
    pub sharpness: Option<f32>,
    /// Learning rate η.
    pub lr: f32,
    /// γ of a decay that goes by no activity; none: 1.
    pub gamma: Option<f32>,
    /// Steps after which η has fallen to its half.
    pub halving: Option<u32>,
}

impl Default for HebbianSpec {
    fn default() -> Self {
        Self {
            rule: Rule::OJA_SUBSPACE,
            units: None,
            recurrent: false,
            compete: Contest::None,
            sharpness: None,
            lr: 0.1,
            gamma: None,
            halving: None,
        }
    }
}

/// A description that does not fit together. Its text begins with the setting at fault.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HebbianError {
    /// A number out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A setting without effect.
    #[error("{key} = {value}: it belongs to {of}, but {but}: leave one of them out")]
    Idle {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it belongs to.
        of: &'static str,
        /// What there is instead.
        but: String,
    },
    /// More units than there are directions to learn.
    #[error(
        "units = {units}: the inputs have {inputs} numbers, and no more directions can be unrolled: take fewer units"
    )]
    Units {
        /// Units.
        units: u32,
        /// Numbers of an input.
        inputs: u32,
    },
}

impl HebbianSpec {
    /// The connection for inputs of so many numbers.
    pub fn build(&self, inputs: u32) -> Result<Hebbian, HebbianError> {
        self.check()?;
        let rule = format!("the rule is {}", self.rule.name);
        let idle = |key, value: &dyn fmt::Display, of, but: &str| {
            Err(HebbianError::Idle { key, value: value.to_string(), of, but: but.to_owned() })
        };
        let (one, unrolls) = (self.rule == Rule::OJA, self.rule.unrolls());
        match (self.units, self.recurrent) {
            (Some(units), true) => return idle("units", &units, "a connection to other units", "it is recurrent"),
            (Some(units), false) if one && units != 1 => return idle("units", &units, "rules of several units", &rule),
            _ => {}
        }
        if self.recurrent && unrolls {
            return idle("recurrent", &true, "rules of x and y alone", &rule);
        }
        if self.compete != Contest::None && self.recurrent {
            return idle("compete", &self.compete, "a connection to other units", "it is recurrent");
        }
        if self.compete != Contest::None && unrolls {
            return idle("compete", &self.compete, "rules of x and y alone", &rule);
        }
        if let Some(sharpness) = self.sharpness.filter(|_| self.compete != Contest::Softmax) {
            let but = format!("the competition is {}", self.compete);
            return idle("sharpness", &sharpness, "softmax", &but);
        }
        if let Some(gamma) = self.gamma.filter(|_| !self.rule.takes_gamma()) {
            return idle("gamma", &gamma, Rule::HEBB_DECAY.name, &rule);
        }
        let units = if self.recurrent { inputs } else { self.units.unwrap_or(1) };
        if unrolls && units > inputs {
            return Err(HebbianError::Units { units, inputs });
        }
        let competition = match self.compete {
            Contest::None => None,
            Contest::Winner => Some(Competition::Winner),
            Contest::Softmax => Some(Competition::Softmax { sharpness: self.sharpness.unwrap_or(1.0) }),
        };
        Ok(Hebbian {
            inputs,
            units,
            rule: self.rule,
            recurrent: self.recurrent,
            competition,
            lr: self.lr,
            gamma: self.gamma.unwrap_or(1.0),
            halving: self.halving,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::settings::{Table, Value};

    fn read(settings: &[(&str, &str)]) -> Result<HebbianSpec, String> {
        let table = settings.iter().map(|&(key, value)| (key.to_owned(), Value::Text(value.to_owned()))).collect();
        HebbianSpec::from_table(&Table(table)).map_err(|error| error.to_string())
    }

    fn build(settings: &[(&str, &str)]) -> Result<Hebbian, String> {
        read(settings)?.build(6).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_read_back_as_they_were() {
        let all = [
            ("rule", "instar"),
            ("units", "4"),
            ("compete", "softmax"),
            ("sharpness", "3.5"),
            ("lr", "0.25"),
            ("halving", "20"),
        ];
        let spec = read(&all).unwrap();
        assert_eq!(spec.table().0.len(), all.len());
        assert_eq!(HebbianSpec::from_table(&spec.table()), Ok(spec.clone()));
        let wanted = Hebbian {
            competition: Some(Competition::Softmax { sharpness: 3.5 }),
            halving: Some(20),
            ..Hebbian::new(6, 4, Rule::INSTAR, 0.25)
        };
        assert_eq!(spec.build(6), Ok(wanted));
        assert_eq!(read(&[]).unwrap().table().0.len(), 2, "what is as by default is left out");
        let recurrent = build(&[("rule", "hebb-decay"), ("recurrent", "true"), ("gamma", "2")]).unwrap();
        assert_eq!(recurrent, Hebbian { gamma: 2.0, ..Hebbian::recurrent(6, Rule::HEBB_DECAY, 0.1) });
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error = |settings: &[(&str, &str)]| build(settings).unwrap_err();
        let but = |rest: &str| format!(", but {rest}: leave one of them out");
        for (settings, wanted) in [
            (
                &[("rule", "oja"), ("units", "2")][..],
                "units = 2: it belongs to rules of several units, but the rule is oja",
            ),
            (&[("rule", "hebb"), ("gamma", "1")], "gamma = 1: it belongs to hebb-decay, but the rule is hebb"),
            (
                &[("rule", "hebb"), ("sharpness", "1")],
                "sharpness = 1: it belongs to softmax, but the competition is none",
            ),
            (
                &[("compete", "winner")],
                "compete = winner: it belongs to rules of x and y alone, but the rule is oja-subspace",
            ),
            (
                &[("recurrent", "true")],
                "recurrent = true: it belongs to rules of x and y alone, but the rule is oja-subspace",
            ),
        ] {
            assert_eq!(error(settings), format!("{wanted}: leave one of them out"));
        }
        let recurrent = [("rule", "hebb"), ("recurrent", "true")];
        let with = |key, value| error(&[&recurrent[..], &[(key, value)]].concat());
        assert!(with("units", "3").ends_with(&but("it is recurrent")));
        assert!(with("compete", "winner").ends_with(&but("it is recurrent")));
        assert!(error(&[("units", "7")]).starts_with("units = 7: the inputs have 6 numbers"));
        assert!(error(&[("rule", "ojaa")]).starts_with("rule = ojaa: unknown rule 'ojaa': known are hebb, hebb-decay"));
        for (key, value) in [("lr", "-1"), ("gamma", "0"), ("sharpness", "nan"), ("units", "0"), ("halving", "0")] {
            assert!(error(&[(key, value)]).starts_with(&format!("{key} = {value}: write a ")), "{key}");
        }
        let spec = HebbianSpec { lr: f32::INFINITY, ..HebbianSpec::default() };
        assert_eq!(spec.build(3).unwrap_err().to_string(), "lr = inf: write a number above 0");
    }
}
