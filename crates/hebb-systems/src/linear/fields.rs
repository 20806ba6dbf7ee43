//! The settings of a linear network by name.

use hebb_spec::settings::{self, Field, SettingError, Table, UnknownName, Value, short};

use super::Linear;
use crate::layered::Rule;

const NETWORK: &str = "Network";
const RULE: &str = "Rule";

/// Most units of a layer, and most numbers of its weights: what one buffer holds on any device.
const MOST_UNITS: u32 = 65_536;
/// Most layers.
const MOST_LAYERS: usize = 100;

/// Every setting, in the order of files. The rule comes before its ε.
pub const FIELDS: &[Field<Linear>] = &[
    Field {
        key: "sizes",
        value: "N-N-…",
        group: NETWORK,
        help: "Units of the input and of each layer [default: 40-100-100-10]",
        set: |linear, value| {
            linear.sizes = sizes(value.text()?)?;
            Ok(())
        },
        get: |linear| Some(Value::Text(linear.sizes.iter().map(u32::to_string).collect::<Vec<_>>().join("-"))),
    },
    Field {
        key: "target-sd",
        value: "F",
        group: NETWORK,
        help: "Standard deviation of the normal entries of the matrices whose product is the target T, drawn from the seed, \
               above 0 [default: 0.2]",
        set: |linear, value| {
            linear.target_sd = value.float(|sd| sd > 0.0, "above 0")?;
            Ok(())
        },
        get: |linear| Some(Value::Float(linear.target_sd)),
    },
    Field {
        key: "start-sd",
        value: "F",
        group: NETWORK,
        help: "Standard deviation of the random start, uniform: of R, while W starts as 0; of W under bp; above 0 \
               [default: 0.12]",
        set: |linear, value| {
            linear.start_sd = value.float(|sd| sd > 0.0, "above 0")?;
            Ok(())
        },
        get: |linear| Some(Value::Float(linear.start_sd)),
    },
    Field {
        key: "rule",
        value: "bp|frfb|urfb",
        group: RULE,
        help: "Learning rule: back-propagation (bp), random feedback that is fixed (frfb) or takes a share of each increment \
               (urfb) [default: urfb]",
        set: |linear, value| {
            let name = value.text()?;
            let found = Linear::RULES.into_iter().find(|rule| rule.name == name);
            linear.rule = found
                .ok_or_else(|| UnknownName::new("rule", name, &Linear::RULES.map(|rule| rule.name)).to_string())?;
            Ok(())
        },
        get: |linear| Some(Value::Text(linear.rule.name.to_owned())),
    },
    Field {
        key: "epsilon",
        value: "F",
        group: RULE,
        help: "Share ε of W's increment that R gets, from 0 to 1; urfb only [default: 1]",
        set: |linear, value| {
            if !linear.rule.takes_epsilon() {
                let (owner, rule) = (Rule::URFB.name, linear.rule.name);
                return Err(format!("it belongs to {owner}, but the rule is {rule}: leave one of them out"));
            }
            linear.rule.epsilon = value.float(|share| (0.0..=1.0).contains(&share), "from 0 to 1")?;
            Ok(())
        },
        get: |linear| linear.rule.takes_epsilon().then_some(Value::Float(linear.rule.epsilon)),
    },
    Field {
        key: "lr",
        value: "F",
        group: RULE,
        help: "Length of a step, η: what the sum over all records is multiplied by, above 0 [default: 0.001]",
        set: |linear, value| {
            linear.lr = value.float(|lr| lr > 0.0, "above 0")?;
            Ok(())
        },
        get: |linear| Some(Value::Float(linear.lr)),
    },
];

/// Sizes as `40-100-100-10`.
fn sizes(text: &str) -> Result<Vec<u32>, String> {
    let size = |part: &str| part.trim().parse::<u32>().ok().filter(|&units| (1..=MOST_UNITS).contains(&units));
    let sizes: Option<Vec<u32>> = text.split('-').map(size).collect();
    let fits = |sizes: &Vec<u32>| {
        (2..=MOST_LAYERS + 1).contains(&sizes.len())
            && sizes.windows(2).all(|pair| u64::from(pair[0]) * u64::from(pair[1]) <= u64::from(u32::MAX / 4))
    };
    sizes.filter(fits).ok_or_else(|| {
        format!(
            "'{}' are no sizes: write the units of the input and of each layer, each from 1 to {MOST_UNITS}, as in 40-100-100-10",
            short(text)
        )
    })
}

impl Linear {
    /// The network in a table of settings; what it lacks is as by default. Other keys are not looked at.
    pub fn from_table(table: &Table) -> Result<Self, SettingError> {
        let mut linear = Self::default();
        settings::read(FIELDS, &mut linear, table)?;
        Ok(linear)
    }

    /// Its settings, as files hold them.
    pub fn table(&self) -> Table {
        settings::write(FIELDS, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Linear, String> {
        let table = settings.iter().map(|&(key, value)| (key.to_owned(), Value::Text(value.to_owned()))).collect();
        Linear::from_table(&Table(table)).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_read_back_as_they_were() {
        let linear = read(&[("sizes", "3-4-2"), ("epsilon", "0.25"), ("lr", "0.5"), ("start-sd", "1")]).unwrap();
        assert_eq!((&linear.sizes[..], linear.rule), (&[3, 4, 2][..], Rule::urfb(0.25)));
        assert_eq!(Linear::from_table(&linear.table()), Ok(linear));
        assert_eq!(read(&[("rule", "bp")]).unwrap().table().get("epsilon"), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |key: &str, value: &str| read(&[(key, value)]).unwrap_err();
        for wrong in ["", "4", "0-3", "3--2", "3-x", "70000-2", "65536-65536", &"2-".repeat(200)] {
            assert!(error("sizes", wrong).contains("are no sizes: write the units"), "{wrong}");
        }
        assert_eq!(error("rule", "kp"), "rule = kp: unknown rule 'kp': known are bp, frfb, urfb");
        let both = read(&[("rule", "bp"), ("epsilon", "1")]).unwrap_err();
        assert_eq!(both, "epsilon = 1: it belongs to urfb, but the rule is bp: leave one of them out");
        for (key, value) in [("lr", "0"), ("start-sd", "-1"), ("target-sd", "nan"), ("epsilon", "2")] {
            assert!(error(key, value).starts_with(&format!("{key} = {value}: write a number ")), "{key}");
        }
    }
}
