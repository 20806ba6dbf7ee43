//! The settings of a connection of the family by name.

use hebb_spec::settings::{self, Field, SettingError, Table, Value};

use super::spec::{Contest, HebbianSpec};

const CONNECTION: &str = "Connection";
const RULE: &str = "Rule";

/// Most units.
const MOST_UNITS: u64 = 65_536;

/// Every setting, in the order of files.
pub const FIELDS: &[Field<HebbianSpec>] = &[
    Field {
        key: "rule",
        value: "hebb|hebb-decay|instar|outstar|pair|oja|oja-subspace",
        group: RULE,
        help: "Learning rule: Hebb's (hebb), with linear decay (hebb-decay), with a decay by the unit's own activity (instar), \
               a feedback connection with a decay by the input's (outstar), both at once (pair), Oja's of one unit (oja) or \
               of the space of the leading components (oja-subspace) [default: oja-subspace]",
        set: |spec, value| {
            spec.rule = value.parse()?;
            Ok(())
        },
        get: |spec| Some(Value::Text(spec.rule.name.to_owned())),
    },
    Field {
        key: "units",
        value: "N",
        group: CONNECTION,
        help: "Units k [default: 1]",
        set: |spec, value| {
            spec.units = Some(value.integer(1, MOST_UNITS)? as u32);
            Ok(())
        },
        get: |spec| spec.units.map(|units| Value::Integer(u64::from(units))),
    },
    Field {
        key: "recurrent",
        value: "",
        group: CONNECTION,
        help: "Connect the inputs among themselves, all to all, instead of to other units",
        set: |spec, value| {
            spec.recurrent = value.switch()?;
            Ok(())
        },
        get: |spec| spec.recurrent.then_some(Value::Switch(true)),
    },
    Field {
        key: "compete",
        value: "none|winner|softmax",
        group: CONNECTION,
        help: "How units compete: not, the largest is 1 and all others 0 (winner), or softmax [default: none]",
        set: |spec, value| {
            spec.compete = value.parse()?;
            Ok(())
        },
        get: |spec| (spec.compete != Contest::None).then(|| Value::Text(spec.compete.to_string())),
    },
    Field {
        key: "sharpness",
        value: "F",
        group: CONNECTION,
        help: "What softmax multiplies W x by, above 0 [default: 1]",
        set: |spec, value| {
            spec.sharpness = Some(value.float(|sharpness| sharpness > 0.0, "above 0")?);
            Ok(())
        },
        get: |spec| spec.sharpness.map(Value::Float),
    },
    Field {
        key: "lr",
        value: "F",
        group: RULE,
        help: "Learning rate η, of the mean over a batch, above 0 [default: 0.1]",
        set: |spec, value| {
            spec.lr = value.float(|lr| lr > 0.0, "above 0")?;
            Ok(())
        },
        get: |spec| Some(Value::Float(spec.lr)),
    },
    Field {
        key: "gamma",
        value: "F",
        group: RULE,
        help: "γ of hebb-decay, τẆ = ⟨y xᵀ⟩ − γW, above 0 [default: 1]",
        set: |spec, value| {
            spec.gamma = Some(value.float(|gamma| gamma > 0.0, "above 0")?);
            Ok(())
        },
        get: |spec| spec.gamma.map(Value::Float),
    },
    Field {
        key: "halving",
        value: "N",
        group: RULE,
        help: "Steps after which η has fallen to its half: η / (1 + step / N) [default: η stays]",
        set: |spec, value| {
            spec.halving = Some(value.integer(1, u64::from(u32::MAX))? as u32);
            Ok(())
        },
        get: |spec| spec.halving.map(|steps| Value::Integer(u64::from(steps))),
    },
];

impl HebbianSpec {
    /// The description in a table of settings; what it lacks is as by default. Other keys are not looked at.
    pub fn from_table(table: &Table) -> Result<Self, SettingError> {
        let mut spec = Self::default();
        settings::read(FIELDS, &mut spec, table)?;
        Ok(spec)
    }

    /// Whether every number is in its range, whoever set it.
    pub(super) fn check(&self) -> Result<(), SettingError> {
        // A rule of a program's own has a name that is no setting's.
        for field in FIELDS.iter().filter(|field| field.key != "rule") {
            if let Some(value) = (field.get)(self) {
                let fail = |problem| SettingError { key: field.key.to_owned(), value: value.to_string(), problem };
                (field.set)(&mut Self::default(), &value).map_err(fail)?;
            }
        }
        Ok(())
    }

    /// Its settings, as files hold them.
    pub fn table(&self) -> Table {
        settings::write(FIELDS, self)
    }
}
