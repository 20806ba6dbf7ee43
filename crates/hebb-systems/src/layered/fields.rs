//! The settings of a model by name: the one list that options, config files, run.toml and checkpoints read and write.

use hebb_spec::settings::{self, Field, SettingError, Table, Value, layers_text};

use super::model::Activation;
use super::network::Untied;
use super::rule::Rule;
use super::spec::{Detail, ModelSpec};

const NETWORK: &str = "Network";
const RULE: &str = "Rule";
const RUNNING: &str = "Running";

fn text(value: &impl ToString) -> Option<Value> {
    Some(Value::Text(value.to_string()))
}

/// Every setting, in the order of files. The rule comes before its own numbers.
pub const FIELDS: &[Field<ModelSpec>] = &[
    Field {
        key: "net",
        value: "NAME|NOTATION",
        group: NETWORK,
        help: "A named network (see `hebb nets`) or a notation, as in \"Conv 32 5x5; Maxpool 3; Drop .8; Full 500; \
               Output\" [default: simpnet]",
        set: |spec, value| {
            spec.net = value.text()?.to_owned();
            Ok(())
        },
        get: |spec| text(&spec.net),
    },
    Field {
        key: "untied",
        value: "all|none|LAYERS",
        group: NETWORK,
        help: "Give these layers a filter of their own at each place: all convolutions, none, or weighted layers counted \
               from 1, as in 1 or 2,3 or 2-5; beside those that the notation writes as Local [default: none]",
        set: |spec, value| {
            spec.untied = match value {
                Value::Text(text) if text == "all" => Untied::All,
                Value::Text(text) if text == "none" => Untied::AsWritten,
                list => Untied::Layers(list.layers().map_err(
                    |_| "it is neither all nor none nor a list of layers: count them from 1, as in 1 or 2,3 or 2-5",
                )?),
            };
            Ok(())
        },
        get: |spec| match &spec.untied {
            Untied::AsWritten => None,
            Untied::All => text(&"all"),
            Untied::Layers(list) => text(&layers_text(list)),
        },
    },
    Field {
        key: "untied-start",
        value: "tied|independent",
        group: NETWORK,
        help: "Whether all places of an untied layer start with one filter, that of the tied layer, or each draws its own \
               [default: tied under as-run, independent under paper]",
        set: |spec, value| {
            spec.untied_start = Some(value.parse()?);
            Ok(())
        },
        get: |spec| spec.untied_start.as_ref().and_then(text),
    },
    Field {
        key: "connectivity",
        value: "F",
        group: NETWORK,
        help: "Share of each layer's connections that there are, above 0, up to 1, by fixed random masks for W and for R; \
               the output layer stays dense under as-run [default: 1]",
        set: |spec, value| {
            spec.connectivity = value.float(|share| share > 0.0 && share <= 1.0, "above 0, and at most 1")?;
            Ok(())
        },
        get: |spec| (spec.connectivity != 1.0).then_some(Value::Float(spec.connectivity)),
    },
    Field {
        key: "rule",
        value: "NAME",
        group: RULE,
        help: "Learning rule: back-propagation (bp), random feedback that is fixed (frfb), updated (urfb) or updated with \
               decay (kp), feedback with W's signs and uniform, fixed or newly drawn magnitudes (usf, frsf, brsf), direct \
               feedback of the output's δ (dfa) or of the label (drtp) [default: urfb]",
        set: |spec, value| {
            spec.rule = value.parse::<Rule>()?;
            Ok(())
        },
        get: |spec| text(&spec.rule.name),
    },
    Field {
        key: "epsilon",
        value: "F",
        group: RULE,
        help: "Share ε of W's increment that R gets, from 0 to 1; urfb only [default: 1]",
        set: |spec, value| {
            belongs(spec.rule.takes_epsilon(), Rule::URFB, spec.rule)?;
            spec.rule.epsilon = value.float(|share| (0.0..=1.0).contains(&share), "from 0 to 1")?;
            Ok(())
        },
        get: |spec| spec.rule.takes_epsilon().then_some(Value::Float(spec.rule.epsilon)),
    },
    Field {
        key: "decay",
        value: "F",
        group: RULE,
        help: "Share of W and R that each step takes away, from 0 up to but not 1; kp only [default: 0.001]",
        set: |spec, value| {
            belongs(spec.rule.takes_decay(), Rule::KP, spec.rule)?;
            spec.rule.decay = value.float(|share| (0.0..1.0).contains(&share), "from 0 up to but not 1")?;
            Ok(())
        },
        get: |spec| spec.rule.takes_decay().then_some(Value::Float(spec.rule.decay)),
    },
    Field {
        key: "loss",
        value: "hinge|softmax|quadratic",
        group: RULE,
        help: "Loss at the output layer; quadratic: ½ |y − x|², y the label's one-hot code [default: hinge]",
        set: |spec, value| {
            spec.loss = value.parse()?;
            Ok(())
        },
        get: |spec| text(&spec.loss),
    },
    Field {
        key: "mu",
        value: "F",
        group: RULE,
        help: "The hinge loss's balancing factor μ, 0 or more [default: 1/(classes − 1); 10/99 under as-run with 100 \
               classes]",
        set: |spec, value| {
            spec.mu = Some(value.float(|mu| mu >= 0.0, "of 0 or more")?);
            Ok(())
        },
        get: |spec| spec.mu.map(Value::Float),
    },
    Field {
        key: "activation",
        value: "clip|identity",
        group: RULE,
        help: "σ of the hidden layers: clip(slope · h, −1, 1), or h itself [default: clip]",
        set: |spec, value| {
            spec.activation = value.parse()?;
            Ok(())
        },
        get: |spec| (spec.activation != Activation::Clip).then(|| Value::Text(spec.activation.to_string())),
    },
    Field {
        key: "slope",
        value: "F",
        group: RULE,
        help: "Slope of σ(h) = clip(slope · h, −1, 1), above 0 [default: 0.5 under as-run, 1 under paper]",
        set: |spec, value| {
            spec.slope = Some(value.float(|slope| slope > 0.0, "above 0")?);
            Ok(())
        },
        get: |spec| spec.slope.map(Value::Float),
    },
    Field {
        key: "lr",
        value: "F",
        group: RULE,
        help: "Learning rate η, 0 or more [default: 0.1]",
        set: |spec, value| {
            spec.lr = value.float(|lr| lr >= 0.0, "of 0 or more")?;
            Ok(())
        },
        get: |spec| Some(Value::Float(spec.lr)),
    },
    Field {
        key: "preset",
        value: "as-run|paper",
        group: RULE,
        help: "Numbers and conventions: what the author ran, or the paper's text; sets slope, μ, pool windows and ties, the \
               start of untied layers and whether a sparse network's output is sparse [default: as-run]",
        set: |spec, value| {
            spec.preset = value.parse()?;
            Ok(())
        },
        get: |spec| text(&spec.preset),
    },
    Field {
        key: "freeze",
        value: "LAYERS",
        group: RUNNING,
        help: "Weighted layers that keep their W and R, counted from 1, as in 1 or 2,3 or 2-5 [default: none]",
        set: |spec, value| {
            spec.freeze = value.layers()?;
            Ok(())
        },
        get: |spec| (!spec.freeze.is_empty()).then(|| Value::Text(layers_text(&spec.freeze))),
    },
    Field {
        key: "track-r1",
        value: "",
        group: RUNNING,
        help: "Give layer 1 an R too, which learns as the rule says and sends nothing",
        set: |spec, value| {
            spec.track_r1 = value.switch()?;
            Ok(())
        },
        get: |spec| spec.track_r1.then_some(Value::Switch(true)),
    },
    Field {
        key: "statistics",
        value: "basic|full",
        group: RUNNING,
        help: "What is told of each layer: how W and R compare and how many units are saturated (basic); also the angle \
               between the δ that the rule sends and back-propagation's (full) [default: basic]",
        set: |spec, value| {
            spec.statistics = match value.text()? {
                "basic" => Detail::Basic,
                "full" => Detail::Full,
                _ => return Err("write basic or full".to_owned()),
            };
            Ok(())
        },
        get: |spec| (spec.statistics == Detail::Full).then(|| Value::Text("full".to_owned())),
    },
];

impl ModelSpec {
    /// The description in a table of settings; what it lacks is as by default. Other keys are not looked at.
    pub fn from_table(table: &Table) -> Result<Self, SettingError> {
        let mut spec = Self::default();
        settings::read(FIELDS, &mut spec, table)?;
        Ok(spec)
    }

    /// Its settings, as files hold them: none of those that are as by default and may be left out.
    pub fn table(&self) -> Table {
        settings::write(FIELDS, self)
    }

    /// Whether every number is in its range, whoever set it.
    pub(super) fn check(&self) -> Result<(), SettingError> {
        // A rule of a program's own has a name that is no setting's, and numbers all the same.
        let is_own = |key: &str| matches!(key, "rule" | "epsilon" | "decay");
        for field in FIELDS.iter().filter(|field| !is_own(field.key)) {
            if let Some(value) = (field.get)(self) {
                let fail = |problem| SettingError { key: field.key.to_owned(), value: value.to_string(), problem };
                (field.set)(&mut Self::default(), &value).map_err(fail)?;
            }
        }
        let (epsilon, decay) = (self.rule.epsilon, self.rule.decay);
        let number = |key: &str, value: f32, fits: bool, problem: &str| match fits {
            true => Ok(()),
            false => Err(SettingError { key: key.to_owned(), value: value.to_string(), problem: problem.to_owned() }),
        };
        number("epsilon", epsilon, (0.0..=1.0).contains(&epsilon), "write a number from 0 to 1")?;
        number("decay", decay, (0.0..1.0).contains(&decay), "write a number from 0 up to but not 1")
    }
}

fn belongs(fits: bool, owner: Rule, rule: Rule) -> Result<(), String> {
    let wrong = || format!("it belongs to {}, but the rule is {}: leave one of them out", owner.name, rule.name);
    if fits { Ok(()) } else { Err(wrong()) }
}
