//! What Sacramento et al. (2018) prove of dendritic microcircuits, in f64: the self-predicting state is silent and stays,
//! learning comes to back-propagation as nudging vanishes, and interneurons learn that state. All constants are such that
//! f32 has them exactly: a coefficient that was rounded would show.

use hebb_reference::TwinMemory;
use hebb_spec::backend::{Numbers, Step};
use hebb_spec::layout::Layout;
use hebb_spec::param::Weights;
use hebb_spec::plan::{List, Plan};
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::system::System;
use hebb_spec::transfer::TransferFunction;
use hebb_systems::microcircuit::{Dynamics, Input, Learner, Microcircuit, Source};

/// A network in f64 with its start.
struct Trial {
    circuit: Microcircuit,
    plan: Plan,
    store: TwinMemory<f64>,
}

impl Trial {
    fn new(circuit: Microcircuit, batch: u32, seed: u64) -> Self {
        let circuit = Microcircuit { batch, ..circuit };
        assert_eq!(circuit.check(), Ok(()));
        let plan = circuit.plan(batch);
        let mut store = TwinMemory::new(&plan);
        for weight in Weights::draw(&circuit.params(), seed).0 {
            store.write(plan.find(&weight.name).expect("a tensor"), &weight.values);
        }
        Self { circuit, plan, store }
    }

    /// Its numbers in the order of the twins.
    fn get(&self, name: &str) -> Vec<f64> {
        self.store.floats(self.plan.find(name).expect("a tensor")).expect("floats").to_vec()
    }

    fn set(&mut self, name: &str, values: &[f64]) {
        let id = self.plan.find(name).expect("a tensor");
        self.store.floats_mut(id).expect("floats").copy_from_slice(values);
    }

    /// IP{k} by (12), without a rounding.
    fn set_ip(&mut self, layer: u32) {
        let factor = self.circuit.ip_factor(layer);
        let ideal: Vec<f64> = self.get(&format!("W{}", layer + 1)).iter().map(|w| factor * w).collect();
        self.set(&format!("IP{layer}"), &ideal);
    }

    /// PI{k} by (11).
    fn set_pi(&mut self, layer: u32) {
        let ideal: Vec<f64> = self.get(&format!("R{}", layer + 1)).iter().map(|r| -r).collect();
        self.set(&format!("PI{layer}"), &ideal);
    }

    fn self_predicting(mut self) -> Self {
        for layer in self.circuit.hidden() {
            self.set_ip(layer);
            self.set_pi(layer);
        }
        self
    }

    /// Squared distances of IP{k} from (12) and of PI{k} from (11).
    fn distances(&self, layer: u32) -> [f64; 2] {
        let factor = self.circuit.ip_factor(layer);
        let square = |name: &str, of: &str, factor: f64| -> f64 {
            let (is, of) = (self.get(&format!("{name}{layer}")), self.get(&format!("{of}{}", layer + 1)));
            is.iter().zip(of).map(|(is, of)| (is - factor * of).powi(2)).sum()
        };
        [square("IP", "W", factor), square("PI", "R", -1.0)]
    }

    /// One submission of a list with these rates, so often; `each` sees the store after each repeat.
    fn run(&mut self, list: List, (x, target): (&[f32], &[f32]), rate: f32, repeats: u32, mut each: impl FnMut(&Self)) {
        let signs: Vec<f32> = self.circuit.rates(0, 1).iter().map(|own| own.signum() * rate).collect();
        let images = x.len() as u32 / self.circuit.units(0);
        let mut inputs = vec![("x", Numbers::Floats(x))];
        if self.circuit.source == Source::Pairs {
            inputs.push(("target", Numbers::Floats(target)));
        }
        let step = Step { seed: 1, step: 0, images, rates: &signs, inputs: &inputs };
        self.store.load(&self.plan, &step).expect("the batch fits");
        let calls = self.plan.list(list).to_vec();
        for repeat in 0..repeats {
            self.store.step.repeat = repeat;
            for call in &calls {
                self.store.call(call).expect("the plan fits");
            }
            each(self);
        }
    }

    /// All weights.
    fn weights(&self) -> Vec<(String, Vec<f64>)> {
        let params = self.circuit.params().into_iter();
        let is_weight = |layout: &Layout| matches!(layout, Layout::Weights(_));
        let names = params.filter(|param| is_weight(&param.layout) && !param.name.ends_with(".trace"));
        names.map(|param| (param.name.clone(), self.get(&param.name))).collect()
    }
}

/// Numbers in ± a bound.
fn numbers(layer: u32, count: usize, bound: f32) -> Vec<f32> {
    let stream = Stream::new(11, Purpose::Test, layer, 0);
    (0..count as u64).map(|at| (2.0 * stream.unit(at) - 1.0) * bound).collect()
}

fn largest(values: &[f64]) -> f64 {
    assert!(values.iter().all(|value| value.is_finite()));
    values.iter().fold(0.0, |most, value| most.max(value.abs()))
}

/// Conductances whose sums are powers of two or quotients of them; everything learns, nobody teaches.
fn continuous(sizes: &[u32]) -> Microcircuit {
    Microcircuit {
        sizes: sizes.to_vec(),
        input: Input::Rates,
        g_leak: 0.25,
        g_basal: 0.75,
        g_dendrite: 0.75,
        g_apical: 1.0,
        g_soma: 1.0,
        dt: 0.125,
        tau_input: 4.0,
        tau_weights: 16.0,
        sigma: 0.0,
        lr_up: vec![1.0],
        lr_down: vec![0.0],
        ..Microcircuit::continuous()
    }
}

/// Mixing factors that f32 has exactly.
fn two_step(sizes: &[u32], lambdas: [f32; 3]) -> Microcircuit {
    let [lambda_output, lambda_inter, lambda_hidden] = lambdas;
    Microcircuit {
        sizes: sizes.to_vec(),
        source: Source::Pairs,
        start_up: 1.0,
        lambda_output,
        lambda_inter,
        lambda_hidden: vec![lambda_hidden],
        lr_up: vec![1.0],
        lr_ip: vec![1.0],
        lr_pi: vec![1.0],
        ..Microcircuit::two_step()
    }
}

/// Asserts that no weight has moved by more than rounding.
fn assert_still(before: &[(String, Vec<f64>)], after: &Trial) {
    for ((name, before), (_, after)) in before.iter().zip(after.weights()) {
        let moved: Vec<f64> = before.iter().zip(after).map(|(before, after)| after - before).collect();
        assert!(largest(&moved) < 1e-12, "{name} moved by {:e}", largest(&moved));
    }
}

#[test]
fn two_steps_from_the_self_predicting_state_are_silent_and_change_nothing() {
    let mut trial = Trial::new(two_step(&[6, 5, 4, 3], [0.0, 0.125, 0.25]), 7, 3).self_predicting();
    let (x, target) = (numbers(1, 42, 1.0), numbers(2, 21, 2.0));
    let before = trial.weights();
    trial.run(List::STATISTICS, (&x, &target), 1.0, 1, |_| {});
    for layer in [1, 2] {
        assert!(largest(&trial.get(&format!("apical {layer}"))) < 1e-14);
    }
    trial.run(List::TRAIN, (&x, &target), 1.0, 1, |_| {});
    assert_still(&before, &trial);
    // With a teacher they are not, and everything that learns moves.
    let mut taught = Trial::new(two_step(&[6, 5, 4, 3], [0.125, 0.125, 0.25]), 7, 3).self_predicting();
    taught.run(List::TRAIN, (&x, &target), 1.0, 1, |_| {});
    for ((name, before), (_, after)) in before.iter().zip(taught.weights()) {
        assert_eq!(before == &after, name.starts_with('R'), "{name}");
    }
}

#[test]
fn at_rest_the_self_predicting_state_is_silent_and_changes_nothing() {
    for g_dendrite in [0.75, 0.25] {
        let circuit = Microcircuit { g_dendrite, ..continuous(&[5, 4, 4, 3]) };
        rests(Trial::new(circuit, 2, 5).self_predicting());
    }
    // With a random start they move.
    let (mut random, x) = (Trial::new(continuous(&[5, 4, 4, 3]), 2, 5), numbers(1, 10, 1.0));
    let before = random.weights();
    random.run(List::TRAIN, (&x, &[]), 0.001, 200, |_| {});
    for ((name, before), (_, after)) in before.iter().zip(random.weights()) {
        assert_eq!(before == &after, name.starts_with('R'), "{name}");
    }
}

/// Asserts that a network comes to rest with silent apical dendrites, and that nothing moves there.
fn rests(mut trial: Trial) {
    let x = numbers(1, 10, 1.0);
    trial.run(List::TRAIN, (&x, &[]), 0.0, 3000, |_| {});
    let before = trial.weights();
    trial.run(List::TRAIN, (&x, &[]), 0.001, 200, |_| {});
    assert_still(&before, &trial);
    // Apical potentials as an evaluation finds them, from 0 on.
    trial.run(List::EVALUATE, (&x, &[]), 0.0, 3000, |_| {});
    for layer in [1, 2] {
        assert!(largest(&trial.get(&format!("apical {layer}"))) < 1e-13);
        let (inter, followed) = (trial.get(&format!("interneurons {layer}")), trial.get(&format!("followed {layer}")));
        assert!(largest(&followed) > 0.1);
        assert!(inter.iter().zip(followed).all(|(inter, followed)| (inter - followed).abs() < 1e-13));
    }
}

/// Interneurons whose time constant is that of the output follow it at all times: an apical dendrite is silent while
/// activity comes up, too.
#[test]
fn with_one_hidden_layer_the_self_predicting_state_is_silent_at_all_times() {
    let mut trial = Trial::new(continuous(&[5, 4, 3]), 1, 5).self_predicting();
    for pattern in 0..3 {
        let x = numbers(pattern + 1, 5, 1.0);
        trial.run(List::TRAIN, (&x, &[]), 0.0, 40, |trial| {
            let difference: Vec<f64> =
                trial.get("i1").iter().zip(trial.get("u2")).map(|(inter, above)| inter - above).collect();
            assert!(largest(&difference) < 1e-14);
        });
    }
    assert!(largest(&trial.get("u2")) > 0.1);
}

/// Somata of an evaluation start at 0, whatever was evaluated before.
#[test]
fn an_evaluation_goes_by_its_own_patterns_alone() {
    let [mut fresh, mut used] = [0, 1].map(|_| Trial::new(continuous(&[5, 4, 4, 3]), 2, 5));
    used.run(List::EVALUATE, (&numbers(2, 10, 3.0), &[]), 0.0, 7, |_| {});
    let x = numbers(1, 10, 1.0);
    for trial in [&mut fresh, &mut used] {
        trial.run(List::EVALUATE, (&x, &[]), 0.0, 7, |_| {});
    }
    for name in ["output", "apical 1", "apical 2", "interneurons 1", "followed 2"] {
        assert_eq!(fresh.get(name), used.get(name), "{name}");
    }
}

/// The changes of W{1} … W{N} by one step of a network of two hidden layers at a mixing factor λ, by a learner.
fn changes(lambda: f32, learner: Learner) -> Vec<Vec<f64>> {
    let circuit = Microcircuit { learner, ..two_step(&[6, 5, 4, 3], [lambda; 3]) };
    let mut trial = Trial::new(circuit, 8, 9);
    if learner == Learner::Microcircuit {
        for layer in [2, 3] {
            // R is W but for the thresholds.
            let (w, r) = (trial.plan.find(&format!("W{layer}")), trial.plan.find(&format!("R{layer}")));
            let row = trial.circuit.up(layer).taps() as usize;
            let all = trial.store.read(w.expect("W"));
            let values: Vec<f32> = all.chunks(row).flat_map(|row| &row[..row.len() - 1]).map(|w| *w as f32).collect();
            trial.store.write(r.expect("R"), &values);
        }
        trial = trial.self_predicting();
    }
    let names = ["W1", "W2", "W3"];
    let before = names.map(|name| trial.get(name));
    let (x, target) = (numbers(1, 48, 1.0), numbers(2, 24, 2.0));
    trial.run(List::TRAIN, (&x, &target), 1.0, 1, |_| {});
    let change = |(name, before): (&str, &Vec<f64>)| -> Vec<f64> {
        trial.get(name).iter().zip(before).map(|(after, before)| after - before).collect()
    };
    names.into_iter().zip(&before).map(change).collect()
}

/// (26), (27), (33), (34): the output's change is back-propagation's, and that of hidden layer k is λ^(N−k) times it but for
/// an error of the order of λ.
#[test]
fn learning_comes_to_back_propagation_as_nudging_vanishes() {
    let norm = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
    let lambdas: Vec<f32> = (3..=10).map(|power| 0.5_f32.powi(power)).collect();
    let mut errors = vec![Vec::new(); 2];
    for &lambda in &lambdas {
        let (circuit, bp) = (changes(lambda, Learner::Microcircuit), changes(lambda, Learner::Bp));
        assert_eq!(circuit[2], bp[2], "the output's");
        for (layer, errors) in (1..).zip(&mut errors) {
            let scale = f64::from(lambda).powi(3 - layer);
            let (is, wanted) = (&circuit[layer as usize - 1], &bp[layer as usize - 1]);
            let off: Vec<f64> = is.iter().zip(wanted).map(|(is, wanted)| is / scale - wanted).collect();
            errors.push(norm(&off) / norm(wanted));
        }
    }
    // The slope of log error over log λ.
    let logs: Vec<f64> = lambdas.iter().map(|lambda| f64::from(*lambda).ln()).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    for errors in &errors {
        let of: Vec<f64> = errors.iter().map(|error| error.ln()).collect();
        let (x, y) = (mean(&logs), mean(&of));
        let slope = logs.iter().zip(&of).map(|(a, b)| (a - x) * (b - y)).sum::<f64>()
            / logs.iter().map(|a| (a - x).powi(2)).sum::<f64>();
        assert!((slope - 1.0).abs() < 0.1, "slope {slope}: {errors:?}");
        assert!(errors[errors.len() - 1] < 0.02, "{errors:?}");
    }
}

/// (37): where only IP learns, of a network whose apical dendrites are otherwise silent, it comes to (12).
#[test]
fn interneurons_learn_to_foretell_the_layer_above() {
    let circuit = Microcircuit { lr_up: vec![0.0], lr_pi: vec![0.0], ..two_step(&[6, 4, 3, 2], [0.0, 0.5, 0.25]) };
    let circuit = Microcircuit { start_up: 4.0, ..circuit };
    let mut trial = Trial::new(circuit, 48, 2).self_predicting();
    for layer in [1, 2] {
        let zero = vec![0.0; trial.get(&format!("IP{layer}")).len()];
        trial.set(&format!("IP{layer}"), &zero);
    }
    let x = numbers(1, 48 * 6, 1.0);
    let target = vec![0.0; 48 * 2];
    let before: Vec<f64> = [1, 2].map(|layer| trial.distances(layer)[0]).to_vec();
    trial.run(List::TRAIN, (&x, &target), 0.1, 60_000, |_| {});
    for layer in [1, 2] {
        let share = trial.distances(layer)[0] / before[layer as usize - 1];
        assert!(share < 1e-8, "IP{layer}: {share:e} of what it was");
    }
}

/// (39): where only PI learns, of a network whose interneurons foretell the layer above, it comes to (11).
#[test]
fn interneurons_learn_to_silence_apical_dendrites() {
    let circuit = Microcircuit { lr_up: vec![0.0], lr_ip: vec![0.0], ..two_step(&[6, 4, 3, 2], [0.0, 0.5, 0.25]) };
    let circuit = Microcircuit { start_up: 4.0, self_predicting: false, ..circuit };
    let mut trial = Trial::new(circuit, 48, 2);
    trial.set_ip(1);
    trial.set_ip(2);
    let x = numbers(1, 48 * 6, 1.0);
    let target = vec![0.0; 48 * 2];
    let before: Vec<f64> = [1, 2].map(|layer| trial.distances(layer)[1]).to_vec();
    trial.run(List::TRAIN, (&x, &target), 0.01, 20_000, |_| {});
    for layer in [1, 2] {
        let share = trial.distances(layer)[1] / before[layer as usize - 1];
        assert!(share < 1e-8, "PI{layer}: {share:e} of what it was");
    }
}

/// Both at once in continuous time, as figure S1 has it, without noise.
#[test]
fn in_continuous_time_the_self_predicting_state_emerges() {
    let circuit = Microcircuit { lr_up: vec![0.0], transfer: SOFT, start_up: 2.0, ..continuous(&[4, 3, 2]) };
    assert_eq!(circuit.dynamics, Dynamics::Continuous);
    let mut trial = Trial::new(circuit, 6, 4);
    let before = trial.distances(1);
    for round in 0..300 {
        let x = numbers(round % 8 + 1, 24, 1.0);
        trial.run(List::TRAIN, (&x, &[]), 2e-5, 200, |_| {});
    }
    for (name, (before, after)) in ["IP1", "PI1"].iter().zip(before.iter().zip(trial.distances(1))) {
        assert!(after < 1e-2 * before, "{name}: {:e} of what it was", after / before);
    }
}

const SOFT: TransferFunction = TransferFunction::Softplus { gamma: 1.0, beta: 1.0, theta: 0.0 };
