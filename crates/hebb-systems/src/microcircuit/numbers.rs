//! What settings come to, in f64: rates by layer, coefficients of Euler's step; and whether settings go together.

use hebb_spec::settings::{SettingError, Value};

use super::fields::MOST_UNITS;
use super::{Dynamics, FIELDS, Learner, Microcircuit, Source};

/// The rate on which figure 3's are built: that of the output layer is this over λ_N.
const RATE: f64 = 0.001;

/// A list's number of one of `count` places.
fn one_of(list: &[f32], at: u32) -> f64 {
    let place = if list.len() == 1 { 0 } else { at as usize };
    list.get(place).copied().map_or(0.0, f64::from)
}

impl Microcircuit {
    /// λ_k: of a hidden layer the apical dendrite's share, of the output how far it is nudged.
    pub(crate) fn lambda(&self, layer: u32) -> f64 {
        if layer == self.layers() { self.lambda_output.into() } else { one_of(&self.lambda_hidden, layer - 1) }
    }

    /// η of W{k}. Figure 3's: η_N = 0.001 / λ_N, and η_k = η_{k+1} / λ_k, for each dendrite on the way takes its λ of the
    /// error; back-propagation loses that of the output alone.
    pub fn rate_up(&self, layer: u32) -> f64 {
        if !self.lr_up.is_empty() {
            return one_of(&self.lr_up, layer - 1);
        }
        let lost = |layer| match self.learner {
            Learner::Bp if layer < self.layers() => 1.0,
            _ => self.lambda(layer),
        };
        (layer..=self.layers()).map(lost).fold(RATE, |rate, lost| if lost > 0.0 { rate / lost } else { rate })
    }

    /// η of IP{k}: figure 3's is twice that of W{k+1}.
    pub fn rate_ip(&self, layer: u32) -> f64 {
        if self.lr_ip.is_empty() { 2.0 * self.rate_up(layer + 1) } else { one_of(&self.lr_ip, layer - 1) }
    }

    /// η of PI{k}.
    pub fn rate_pi(&self, layer: u32) -> f64 {
        one_of(&self.lr_pi, layer - 1)
    }

    /// η of R{k}.
    pub fn rate_down(&self, layer: u32) -> f64 {
        one_of(&self.lr_down, layer.saturating_sub(2))
    }

    /// The same with what was left empty written out.
    pub(super) fn written_out(mut self) -> Self {
        if self.lr_up.is_empty() {
            self.lr_up = (1..=self.layers()).map(|layer| self.rate_up(layer) as f32).collect();
        }
        if self.lr_ip.is_empty() {
            self.lr_ip = match self.hidden().is_empty() {
                true => vec![0.0],
                false => self.hidden().map(|layer| self.rate_ip(layer) as f32).collect(),
            };
        }
        self
    }

    /// What multiplies all of a step's products where changes go by a trace: dt · (dt / τ_w).
    pub(super) fn of_trace(&self) -> f64 {
        f64::from(self.dt) * f64::from(self.dt) / f64::from(self.tau_weights)
    }

    /// Attenuation of a basal dendrite: g_B / (g_lk + g_B + g_A), without g_A at the output.
    pub(crate) fn basal_factor(&self, layer: u32) -> f64 {
        let [apical, basal, leak] = [self.g_apical, self.g_basal, self.g_leak].map(f64::from);
        if layer == self.layers() { basal / (leak + basal) } else { basal / (leak + basal + apical) }
    }

    /// Attenuation of an interneuron's dendrite: g_D / (g_lk + g_D).
    pub(crate) fn inter_factor(&self) -> f64 {
        let [dendrite, leak] = [self.g_dendrite, self.g_leak].map(f64::from);
        dendrite / (leak + dendrite)
    }

    /// What a step of Euler's leaves of a soma with these conductances.
    pub(super) fn left(&self, conductances: &[f32]) -> f32 {
        (1.0 - f64::from(self.dt) * conductances.iter().copied().map(f64::from).sum::<f64>()) as f32
    }

    /// What a step of Euler's adds of a conductance's input.
    pub(super) fn share(&self, conductance: f32) -> f32 {
        (f64::from(self.dt) * f64::from(conductance)) as f32
    }

    /// Rows of a trace.
    pub(super) fn rows(&self) -> u32 {
        self.pattern_steps.checked_div(self.record).unwrap_or(0)
    }
}

fn fail(key: &str, value: &impl ToString, problem: String) -> Result<(), SettingError> {
    Err(SettingError { key: key.to_owned(), value: value.to_string(), problem })
}

/// Whether every number is in its range, and all go together.
pub(super) fn check(circuit: &Microcircuit) -> Result<(), SettingError> {
    for field in FIELDS {
        if let Some(value) = (field.get)(circuit) {
            let fail = |problem| SettingError { key: field.key.to_owned(), value: value.to_string(), problem };
            (field.set)(&mut circuit.clone(), &value).map_err(fail)?;
        }
    }
    let (learner, networks) = (circuit.learner.to_string(), circuit.networks);
    match circuit.dynamics {
        Dynamics::Continuous if circuit.learner == Learner::Bp => {
            return fail("learner", &learner, "it takes two-step dynamics".to_owned());
        }
        Dynamics::TwoStep if networks != 1 => {
            return fail("networks", &networks, "several take continuous dynamics".to_owned());
        }
        _ => {}
    }
    let most = circuit.sizes.iter().max().map_or(0, |&units| u64::from(units)) * u64::from(networks);
    if most > u64::from(MOST_UNITS) {
        let problem = format!("with the largest layer that makes {most} cells, more than {MOST_UNITS}");
        return fail("networks", &networks, problem);
    }
    lists(circuit)?;
    if circuit.dynamics == Dynamics::Continuous {
        time(circuit)?;
    }
    data(circuit)
}

/// Whether each list has as many numbers as there are places for them.
fn lists(circuit: &Microcircuit) -> Result<(), SettingError> {
    let (layers, hidden) = (circuit.layers() as usize, circuit.hidden().len());
    let up = [("lr-up", &circuit.lr_up, layers, "weighted layers")];
    let of_hidden = "hidden layers";
    let circuits = [
        ("lr-ip", &circuit.lr_ip, hidden, of_hidden),
        ("lr-pi", &circuit.lr_pi, hidden, of_hidden),
        ("lr-down", &circuit.lr_down, hidden, of_hidden),
        ("lambda-hidden", &circuit.lambda_hidden, hidden, of_hidden),
    ];
    for (key, list, count, what) in up.into_iter().chain(circuits) {
        // An empty one is the paper's, where it has such.
        let has_own = list.is_empty() && ["lr-up", "lr-ip"].contains(&key) && circuit.dynamics == Dynamics::TwoStep;
        if !(has_own || list.len() == 1 || list.len() == count) {
            let numbers: Vec<String> = list.iter().map(|number| format!("{number:?}")).collect();
            let problem = match count {
                0 => format!("there are no {what}: write one number, or none at all"),
                1 => format!("there is one of the {what}: write one number"),
                _ => format!("there are {count} {what}: write one number for all, or {count}, as in {}", many(count)),
            };
            return fail(key, &numbers.join(","), problem);
        }
    }
    Ok(())
}

/// A list of so many numbers, for people.
fn many(count: usize) -> String {
    let some: Vec<&str> = ["0.1", "0.2", "0.3"].into_iter().cycle().take(count).collect();
    some.join(",")
}

/// Whether Euler's step is short enough for all that it integrates.
fn time(circuit: &Microcircuit) -> Result<(), SettingError> {
    let dt = Value::Float(circuit.dt);
    for (key, tau) in [("tau-input", circuit.tau_input), ("tau-weights", circuit.tau_weights)] {
        if tau < circuit.dt {
            return fail("dt", &dt, format!("it is more than {key} = {tau:?}: write a shorter step"));
        }
    }
    let [apical, basal, dendrite, leak, soma] =
        [circuit.g_apical, circuit.g_basal, circuit.g_dendrite, circuit.g_leak, circuit.g_soma].map(f64::from);
    let most = leak + (basal + apical.max(soma)).max(dendrite + soma);
    if f64::from(circuit.dt) * most > 1.0 {
        return fail("dt", &dt, format!("with conductances of {most:.3} in all a step is at most {:.3}", 1.0 / most));
    }
    if circuit.record > circuit.pattern_steps {
        let problem = "a trace has at least one row a pattern".to_owned();
        return fail("pattern-steps", &circuit.pattern_steps, problem);
    }
    Ok(())
}

/// Whether the data are such as the dynamics take, of the network's sizes.
fn data(circuit: &Microcircuit) -> Result<(), SettingError> {
    let of = circuit.dynamics.to_string();
    match (circuit.source, circuit.dynamics) {
        (Source::Images { shape, classes }, Dynamics::TwoStep) => {
            let ends = (circuit.sizes.first().copied(), circuit.sizes.last().copied());
            if ends != (Some(shape.units()), Some(classes)) {
                let (units, sizes) = (shape.units(), circuit.sizes.iter().map(u32::to_string).collect::<Vec<_>>());
                let problem = format!("images of {shape} in {classes} classes need {units}-…-{classes}");
                return fail("sizes", &sizes.join("-"), problem);
            }
        }
        (Source::Images { .. }, Dynamics::Continuous) => {
            return fail("dynamics", &of, "it takes vectors, not images: two-step takes images".to_owned());
        }
        (Source::Vectors, Dynamics::TwoStep) => {
            return fail("dynamics", &of, "it takes vectors with targets, or images with labels".to_owned());
        }
        (Source::Vectors, Dynamics::Continuous) if circuit.taught => {
            return fail("taught", &true, "there are no targets to teach: they come of a teacher".to_owned());
        }
        (Source::Vectors | Source::Pairs, _) => {}
    }
    Ok(())
}
