//! A linear network as the engine sees it.

use hebb_spec::builder::Builder;
use hebb_spec::connection::Connection;
use hebb_spec::layout::Layout;
use hebb_spec::learning::{Learning, Rate};
use hebb_spec::operand::Slot;
use hebb_spec::param::{Kind, Param};
use hebb_spec::plan::{List, Plan, Role, TensorId};
use hebb_spec::problem::Problem;
use hebb_spec::rng::Purpose;
use hebb_spec::settings::{Table, Value};
use hebb_spec::start::Start;
use hebb_spec::step::Outcome;
use hebb_spec::system::{Amount, Readings, System};

use super::Linear;
use crate::layered::statistics::PairSums;

/// The input.
const INPUT: &str = "x";
/// What the output should be.
const TARGET: &str = "target";
/// The readout of Σ E², before a step's update, and after an epoch's.
const ERROR: &str = "error";

/// The readout of a layer's sums over W and R.
fn weight_sums(layer: u32) -> String {
    format!("sums of layer {layer}")
}

/// Builds the lists of a plan.
struct Planner<'a> {
    linear: &'a Linear,
    builder: Builder,
}

impl Planner<'_> {
    fn weights(&mut self, letter: char, layer: u32, connection: Connection) -> TensorId {
        self.builder.shared(Role::Param, &format!("{letter}{layer}"), Layout::Weights(connection))
    }

    fn input(&mut self, name: &str, units: u32) -> TensorId {
        let batch = self.builder.batch();
        self.builder.shared(Role::Input, name, Layout::Activity { units, batch })
    }

    /// Each layer's input, and E = T − y with its readout.
    fn forward(&mut self) -> (Vec<TensorId>, TensorId) {
        let (linear, batch) = (self.linear, self.builder.batch());
        let mut x = self.input(INPUT, linear.inputs());
        let mut inputs = Vec::new();
        for (layer, connection) in (1..).zip(linear.connections()) {
            let w = self.weights('W', layer, connection);
            inputs.push(x);
            x = self.builder.forward(&format!("layer {layer} forward"), w, x, None, &format!("x{layer}"));
        }
        let (units, target) = (linear.outputs(), self.input(TARGET, linear.outputs()));
        let given = [(Slot::X, target), (Slot::X2, x)];
        let error = self.builder.call("error", Problem::Difference { units, batch }, &given, "error");
        self.pair("squared error", ERROR, (error, error));
        (inputs, error)
    }

    /// δ from the top, each layer's update right behind the feedback through its R: a step uses W and R as they were when
    /// it began.
    fn backward(&mut self, inputs: &[TensorId], error: TensorId, rate: Rate) {
        let linear = self.linear;
        let has_r = linear.has_r();
        let epsilon = linear.rule.epsilon();
        let mut delta = error;
        let layers: Vec<(u32, Connection)> = (1..).zip(linear.connections()).collect();
        for (&(layer, connection), &x) in layers.iter().zip(inputs).rev() {
            let above = delta;
            if layer > 1 {
                let r = self.weights(if has_r { 'R' } else { 'W' }, layer, connection);
                let name = format!("layer {layer} feedback");
                delta = self.builder.back(&name, (r, above), None, None, &format!("delta{}", layer - 1));
            }
            let mut into = vec![(Slot::W, self.weights('W', layer, connection))];
            if epsilon.is_some() {
                into.push((Slot::R, self.weights('R', layer, connection)));
            }
            let learning = Learning::new(rate, epsilon);
            self.builder.outer(&format!("layer {layer} update"), (above, x), learning, &into);
        }
    }

    fn pair(&mut self, name: &str, readout: &str, (a, b): (TensorId, TensorId)) {
        let of = self.builder.layout(a);
        let len = Problem::statistics_groups(&of) * Problem::STATISTICS_LEN;
        let sums = self.builder.shared(Role::Readout, readout, Layout::Flat(len));
        let given = [(Slot::A, a), (Slot::B, b), (Slot::Sums, sums)];
        self.builder.call(name, Problem::PairStatistics { of, masked: false }, &given, "");
    }

    /// W beside R, of each layer.
    fn statistics(&mut self) {
        if self.linear.has_r() {
            for (layer, connection) in (1..).zip(self.linear.connections()) {
                let (w, r) = (self.weights('W', layer, connection), self.weights('R', layer, connection));
                self.pair(&format!("layer {layer} statistics"), &weight_sums(layer), (w, r));
            }
        }
    }
}

impl System for Linear {
    fn plan(&self, batch: u32) -> Plan {
        let mut builder = Builder::new(batch);
        let rate = builder.rate();
        let mut planner = Planner { linear: self, builder };
        planner.builder.list(List::TRAIN);
        let (inputs, error) = planner.forward();
        planner.backward(&inputs, error, rate);
        planner.builder.list(List::EVALUATE);
        planner.forward();
        planner.builder.list(List::STATISTICS);
        planner.statistics();
        planner.forward();
        for param in self.params() {
            planner.builder.shared(Role::Param, &param.name, param.layout);
        }
        planner.builder.finish()
    }

    fn params(&self) -> Vec<Param> {
        let random = |purpose, layer| {
            // A uniform number in ±b has variance b² / 3.
            let bound = (3.0_f64.sqrt() * f64::from(self.start_sd)) as f32;
            Start::Uniform { bound, purpose, layer, one_filter: false }
        };
        let mut params = Vec::new();
        for (layer, connection) in (1..).zip(self.connections()) {
            let param = |letter: &str, kind, start| Param {
                name: format!("{letter}{layer}"),
                layer,
                layout: Layout::Weights(connection),
                kind,
                start,
                mask: None,
            };
            let start = if self.has_r() { Start::Zero } else { random(Purpose::InitW, layer) };
            params.push(param("W", Kind::Learned, start));
            if self.has_r() {
                params.push(param("R", Kind::Drawn, random(Purpose::InitR, layer)));
            }
        }
        params
    }

    /// η itself: equation (9) has the sum over all records.
    fn rates(&self, _step: u32, _batch: u32) -> Vec<f32> {
        vec![self.lr]
    }

    fn amounts(&self) -> Vec<(&'static str, Amount)> {
        vec![(ERROR, Amount::Real(0.0))]
    }

    fn tally(&self, outcome: &Outcome) -> Vec<(&'static str, Amount)> {
        vec![(ERROR, Amount::Real(squares(outcome)))]
    }

    fn score(&self) -> Option<&'static str> {
        None
    }

    fn columns(&self) -> Vec<String> {
        let correlations = (1..=self.layers()).filter(|_| self.has_r()).map(|layer| format!("corr_{layer}"));
        ["error", "log10_error"].map(str::to_owned).into_iter().chain(correlations).collect()
    }

    /// e = tr(EᵗE) after the epoch and its logarithm; Pearson's correlation of each layer's W and R, none where W is 0.
    fn row(&self, readings: &Readings<'_>) -> Vec<Option<f64>> {
        let error = readings.observed.map(squares);
        let mut row = vec![error, error.map(f64::log10)];
        for layer in (1..=self.layers()).filter(|_| self.has_r()) {
            let names = [format!("W{layer}"), format!("R{layer}")];
            let sums = readings.observed.and_then(|observed| observed.get(&weight_sums(layer)));
            let count = readings.weights.get(&names[0]).map_or(0, <[f32]>::len);
            row.push(sums.and_then(|groups| PairSums::of_groups(groups, count).correlation()));
        }
        row
    }

    fn describe(&self) -> Table {
        let mut table = Table::default();
        table.set("system", Value::Text("linear".to_owned()));
        table.0.extend(self.table().0);
        table
    }
}

/// Σ E² of a batch.
fn squares(outcome: &Outcome) -> f64 {
    let groups = outcome.get(ERROR).unwrap_or_default();
    groups.chunks_exact(Problem::STATISTICS_LEN).map(|group| f64::from(group[2])).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layered::Rule;

    fn names(linear: &Linear, list: List) -> Vec<String> {
        linear.plan(4).list(list).iter().map(|call| call.name.clone()).collect()
    }

    #[test]
    fn each_update_stands_behind_the_feedback_through_its_weights() {
        let linear = Linear { sizes: vec![4, 3, 2], ..Linear::default() };
        let wanted = [
            "layer 1 forward",
            "layer 2 forward",
            "error",
            "squared error",
            "layer 2 feedback",
            "layer 2 update",
            "layer 1 update",
        ];
        assert_eq!(names(&linear, List::TRAIN), wanted);
        assert_eq!(names(&linear, List::STATISTICS)[..2], ["layer 1 statistics", "layer 2 statistics"]);
        assert_eq!(linear.columns(), ["error", "log10_error", "corr_1", "corr_2"]);
        let starts = |linear: &Linear| -> Vec<(String, bool)> {
            linear.params().into_iter().map(|param| (param.name, param.start == Start::Zero)).collect()
        };
        let of = |pairs: &[(&str, bool)]| -> Vec<(String, bool)> {
            pairs.iter().map(|(name, zero)| ((*name).to_owned(), *zero)).collect()
        };
        assert_eq!(starts(&linear), of(&[("W1", true), ("R1", false), ("W2", true), ("R2", false)]));
        let bp = Linear { rule: Rule::BP, ..linear };
        assert_eq!(starts(&bp), of(&[("W1", false), ("W2", false)]));
        assert_eq!(bp.columns(), ["error", "log10_error"]);
    }

    #[test]
    fn epsilon_is_rs_share_and_0_leaves_it_alone() {
        let of = |rule| {
            let linear = Linear { rule, ..Linear::default() };
            let plan = linear.plan(40);
            let update = plan.list(List::TRAIN).iter().find(|call| call.name == "layer 2 update").cloned().unwrap();
            let Problem::ConnectUpdate { learning, .. } = update.problem else { panic!("an update") };
            (learning.epsilon, update.tensor(Slot::R).is_some(), linear.rates(3, 40))
        };
        assert_eq!(of(Rule::urfb(0.25)), (Some(0.25), true, vec![0.001]));
        assert_eq!(of(Rule::urfb(0.0)), (None, false, vec![0.001]));
        assert_eq!(of(Rule::BP).0, None);
    }
}
