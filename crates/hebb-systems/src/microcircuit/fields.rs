//! The settings of a network of microcircuits by name.

mod kinds;

use hebb_spec::settings::{self, Field, SettingError, Table, UnknownName, Value};
use hebb_spec::transfer::TransferFunction;

use super::{Learner, Microcircuit};
use kinds::{
    always, circuits, continuous, number, numbers, of_softplus, random, sizes, softplus, two_step, two_step_circuits,
};

const NETWORK: &str = "Network";
const NEURONS: &str = "Neurons";
const RULE: &str = "Rule";

/// Most units of a layer, of all networks.
pub(super) const MOST_UNITS: u32 = 65_536;
/// Most of Euler's steps a pattern.
const MOST_STEPS: u64 = 1_000_000;

/// Every setting, in the order of files. The dynamics come first: they set all the rest to what the paper has for them.
pub const FIELDS: &[Field<Microcircuit>] = &[
    Field {
        key: "dynamics",
        value: "continuous|two-step",
        group: NETWORK,
        help: "How activity evolves: by Euler's steps (continuous), or once up and once down (two-step), with what the paper \
               has for figure S1 and for figure 3 as the defaults of all that follows [default: continuous]",
        set: |circuit, value| {
            let of = Microcircuit::of(value.parse()?);
            let Microcircuit { source, batch, record, .. } = *circuit;
            *circuit = Microcircuit { source, batch, record, ..of };
            Ok(())
        },
        get: |circuit| Some(Value::Text(circuit.dynamics.to_string())),
    },
    Field {
        key: "sizes",
        value: "N-N-…",
        group: NETWORK,
        help: "Pyramidal cells of the input and of each layer [default: 30-20-10; two-step 784-500-500-10]",
        set: |circuit, value| {
            circuit.sizes = sizes(value.text()?)?;
            Ok(())
        },
        get: |circuit| Some(Value::Text(circuit.sizes.iter().map(u32::to_string).collect::<Vec<_>>().join("-"))),
    },
    Field {
        key: "networks",
        value: "N",
        group: NETWORK,
        help: "Networks side by side, each with weights, patterns and noise of its own; continuous [default: 1]",
        set: |circuit, value| {
            continuous(circuit)?;
            let networks = value.integer(1, MOST_UNITS.into())? as u32;
            circuit.networks = networks;
            Ok(())
        },
        get: |circuit| continuous(circuit).is_ok().then_some(Value::Integer(circuit.networks.into())),
    },
    Field {
        key: "learner",
        value: "microcircuit|bp",
        group: RULE,
        help: "What brings errors to hidden layers: dendrites and interneurons (microcircuit), or back-propagation through the \
               same network (bp, two-step) [default: microcircuit]",
        set: |circuit, value| {
            circuit.learner = value.parse()?;
            match circuit.learner {
                Learner::Microcircuit => Ok(()),
                Learner::Bp => two_step(circuit),
            }
        },
        get: |circuit| two_step(circuit).is_ok().then(|| Value::Text(circuit.learner.to_string())),
    },
    Field {
        key: "transfer",
        value: "softplus|logistic",
        group: NEURONS,
        help: "Transfer function φ: γ log(1 + exp(β(u − θ))) (softplus) or 1 / (1 + exp(−u)) (logistic) [default: softplus; \
               two-step logistic]",
        set: |circuit, value| {
            let known = ["softplus", "logistic"];
            circuit.transfer = match value.text()? {
                "softplus" => TransferFunction::Softplus { gamma: 1.0, beta: 1.0, theta: 0.0 },
                "logistic" => TransferFunction::Logistic,
                other => return Err(UnknownName::new("transfer function", other, &known).to_string()),
            };
            Ok(())
        },
        get: |circuit| Some(Value::Text(circuit.transfer.to_string())),
    },
    Field {
        key: "gamma",
        value: "F",
        group: NEURONS,
        help: "γ of softplus, above 0 [default: 1]",
        set: |circuit, value| {
            *softplus(circuit)?[0] = value.float(|gamma| gamma > 0.0, "above 0")?;
            Ok(())
        },
        get: |circuit| of_softplus(circuit, 0),
    },
    Field {
        key: "beta",
        value: "F",
        group: NEURONS,
        help: "β of softplus, above 0 [default: 1]",
        set: |circuit, value| {
            *softplus(circuit)?[1] = value.float(|beta| beta > 0.0, "above 0")?;
            Ok(())
        },
        get: |circuit| of_softplus(circuit, 1),
    },
    Field {
        key: "theta",
        value: "F",
        group: NEURONS,
        help: "θ of softplus [default: 0]",
        set: |circuit, value| {
            *softplus(circuit)?[2] = value.float(|_| true, "such as 3")?;
            Ok(())
        },
        get: |circuit| of_softplus(circuit, 2),
    },
    number!(
        "start-up",
        NETWORK,
        start_up,
        always,
        |bound| bound >= 0.0,
        "of 0 or more",
        "Start of the weights up, uniform in ± this [default: 1; two-step 0.1]"
    ),
    number!(
        "start-down",
        NETWORK,
        start_down,
        circuits,
        |bound| bound >= 0.0,
        "of 0 or more",
        "Start of the weights down, uniform in ± this [default: 1]"
    ),
    Field {
        key: "self-predicting",
        value: "true|false",
        group: NETWORK,
        help: "Whether the weights to and from interneurons start where these foretell the layer above, which silences apical \
               dendrites: equations (12) and (11) [default: false; two-step true]",
        set: |circuit, value| {
            circuits(circuit)?;
            circuit.self_predicting = value.switch()?;
            Ok(())
        },
        get: |circuit| circuits(circuit).is_ok().then_some(Value::Switch(circuit.self_predicting)),
    },
    number!(
        "start-ip",
        NETWORK,
        start_ip,
        random,
        |bound| bound >= 0.0,
        "of 0 or more",
        "Start of the weights from pyramidal cells to interneurons, uniform in ± this [default: 1]"
    ),
    number!(
        "start-pi",
        NETWORK,
        start_pi,
        random,
        |bound| bound >= 0.0,
        "of 0 or more",
        "Start of the weights from interneurons to apical dendrites, uniform in ± this [default: 1]"
    ),
    number!(
        "lambda-output",
        NEURONS,
        lambda_output,
        two_step,
        |share| (0.0..1.0).contains(&share),
        "from 0 up to but not 1",
        "How far the output is nudged, λ_N; two-step [default: 0.1]"
    ),
    number!(
        "lambda-inter",
        NEURONS,
        lambda_inter,
        two_step_circuits,
        |share| (0.0..1.0).contains(&share),
        "from 0 up to but not 1",
        "How far interneurons are nudged, λ_I; two-step [default: 0.1]"
    ),
    numbers!(
        "lambda-hidden",
        NEURONS,
        lambda_hidden,
        two_step_circuits,
        |share| (0.0..1.0).contains(&share),
        "from 0 up to but not 1",
        "The apical dendrite's share in a soma of a hidden layer, one number or one for each; two-step [default: 0.3]"
    ),
    numbers!(
        "lr-up",
        RULE,
        lr_up,
        always,
        |rate| rate >= 0.0,
        "of 0 or more",
        "Learning rate of the weights up, equation (7), one number or one for each layer from the input; 0: fixed [default: 0; \
         two-step 0.001 over each λ from the layer to the output]"
    ),
    numbers!(
        "lr-ip",
        RULE,
        lr_ip,
        circuits,
        |rate| rate >= 0.0,
        "of 0 or more",
        "Learning rate of the weights from pyramidal cells to interneurons, equation (8), one number or one for each hidden \
         layer [default: 0.0002375; two-step twice that of the weights up from the same layer]"
    ),
    numbers!(
        "lr-pi",
        RULE,
        lr_pi,
        circuits,
        |rate| rate >= 0.0,
        "of 0 or more",
        "Learning rate of the weights from interneurons to apical dendrites, equation (9) [default: 0.0005; two-step 0]"
    ),
    numbers!(
        "lr-down",
        RULE,
        lr_down,
        circuits,
        |rate| rate >= 0.0,
        "of 0 or more",
        "Learning rate of the weights down, equation (10), one number or one for each hidden layer that they lead to \
         [default: 0]"
    ),
    Field {
        key: "input",
        value: "rates|potentials",
        group: NEURONS,
        help: "What a pattern sets, filtered: the input's rates, or its potentials, whose φ the rates are; continuous \
               [default: potentials]",
        set: |circuit, value| {
            continuous(circuit)?;
            circuit.input = value.parse()?;
            Ok(())
        },
        get: |circuit| continuous(circuit).is_ok().then(|| Value::Text(circuit.input.to_string())),
    },
    Field {
        key: "taught",
        value: "",
        group: NEURONS,
        help: "Nudge the output towards its target, with conductance g_som; continuous",
        set: |circuit, value| {
            continuous(circuit)?;
            circuit.taught = value.switch()?;
            Ok(())
        },
        get: |circuit| circuit.taught.then_some(Value::Switch(true)),
    },
    number!(
        "g-apical",
        NEURONS,
        g_apical,
        continuous,
        |g| g >= 0.0,
        "of 0 or more",
        "Conductance from apical dendrite to soma, g_A; continuous [default: 0.8]"
    ),
    number!(
        "g-basal",
        NEURONS,
        g_basal,
        continuous,
        |g| g > 0.0,
        "above 0",
        "Conductance from basal dendrite to soma, g_B; continuous [default: 1]"
    ),
    number!(
        "g-dendrite",
        NEURONS,
        g_dendrite,
        continuous,
        |g| g > 0.0,
        "above 0",
        "Conductance from an interneuron's dendrite to its soma, g_D; continuous [default: 1]"
    ),
    number!(
        "g-leak",
        NEURONS,
        g_leak,
        continuous,
        |g| g >= 0.0,
        "of 0 or more",
        "Leak conductance, g_lk; continuous [default: 0.1]"
    ),
    number!(
        "g-soma",
        NEURONS,
        g_soma,
        continuous,
        |g| g >= 0.0,
        "of 0 or more",
        "Conductance by which interneurons and a taught output are nudged, g_som; continuous [default: 0.8]"
    ),
    number!(
        "dt",
        NEURONS,
        dt,
        continuous,
        |dt| dt > 0.0,
        "above 0",
        "Length of Euler's step; continuous [default: 0.1]"
    ),
    Field {
        key: "pattern-steps",
        value: "N",
        group: NEURONS,
        help: "Euler's steps a pattern; continuous [default: 1000]",
        set: |circuit, value| {
            continuous(circuit)?;
            circuit.pattern_steps = value.integer(1, MOST_STEPS)? as u32;
            Ok(())
        },
        get: |circuit| continuous(circuit).is_ok().then_some(Value::Integer(circuit.pattern_steps.into())),
    },
    number!(
        "tau-input",
        NEURONS,
        tau_input,
        continuous,
        |tau| tau > 0.0,
        "above 0",
        "Time constant of the input's filter, τ_0; continuous [default: 3]"
    ),
    number!(
        "tau-weights",
        RULE,
        tau_weights,
        continuous,
        |tau| tau > 0.0,
        "above 0",
        "Time constant by which changes of weights are filtered, τ_w; continuous [default: 30]"
    ),
    number!(
        "sigma",
        NEURONS,
        sigma,
        continuous,
        |sigma| sigma >= 0.0,
        "of 0 or more",
        "Strength of the white noise at each soma, σ; continuous [default: 0.1]"
    ),
];

impl Microcircuit {
    /// The network in a table of settings; what it lacks is as by default for its dynamics. Other keys are not looked at.
    /// What comes in must still be said: `source`, and of continuous dynamics `batch`.
    pub fn from_table(table: &Table) -> Result<Self, SettingError> {
        let mut circuit = Self::default();
        settings::read(FIELDS, &mut circuit, table)?;
        Ok(circuit.written_out())
    }

    /// Its settings, as files hold them.
    pub fn table(&self) -> Table {
        settings::write(FIELDS, &self.clone().written_out())
    }
}
