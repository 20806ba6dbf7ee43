//! Oja's subspace rule (Oja 1989; Karhunen and Oja 1982): one connection that learns the leading components of its input.
//!
//! y = W x of k units, and ΔW = η ⟨y (x − Wᵀy)ᵀ⟩: what the units cannot unroll back into x is learned. At its rest the
//! rows of W are an orthonormal basis of the space of the k leading components.

use hebb_spec::Shape;
use hebb_spec::builder::Builder;
use hebb_spec::connection::Connection;
use hebb_spec::layout::Layout;
use hebb_spec::learning::Learning;
use hebb_spec::operand::Slot;
use hebb_spec::param::{Kind, Param};
use hebb_spec::plan::{List, Plan, Role, TensorId};
use hebb_spec::problem::Problem;
use hebb_spec::rng::Purpose;
use hebb_spec::settings::{Table, Value};
use hebb_spec::start::Start;
use hebb_spec::step::Outcome;
use hebb_spec::system::{Amount, Readings, Sums, System};

/// The input: activity of the `inputs`.
const INPUT: &str = "x";
/// The weights.
const W: &str = "W1";
/// The running covariance of the units' activity, a state.
const COVARIANCE: &str = "YY";
/// The readout of Σ|x|² and Σ|x − Wᵀy|².
const POWER: &str = "power";
/// The share by which the running covariance moves towards a batch's own.
const SHARE: f32 = 1.0 / 64.0;

/// One connection that learns by Oja's subspace rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Subspace {
    /// Numbers of an input x.
    pub inputs: u32,
    /// Units, k.
    pub units: u32,
    /// Learning rate η.
    pub lr: f32,
    /// Steps after which η has fallen to its half: η / (1 + step / halving). None: η stays.
    pub halving: Option<u32>,
}

impl Subspace {
    /// A connection from `inputs` to `units` whose η stays.
    pub const fn new(inputs: u32, units: u32, lr: f32) -> Self {
        Self { inputs, units, lr, halving: None }
    }

    fn connection(&self) -> Connection {
        Connection::full(Shape::flat(self.inputs), self.units)
    }

    fn lateral(&self) -> Connection {
        Connection::full(Shape::flat(self.units), self.units)
    }

    /// y = W x, and what it cannot unroll: x − Wᵀy.
    fn unroll(&self, builder: &mut Builder) -> (TensorId, TensorId) {
        let (units, batch) = (self.inputs, builder.batch());
        let x = builder.shared(Role::Input, INPUT, Layout::Activity { units, batch });
        let w = builder.shared(Role::Param, W, Layout::Weights(self.connection()));
        let y = builder.forward("forward", w, x, None, "y");
        let unrolled = builder.back("unroll", (w, y), None, None, "unrolled");
        let problem = Problem::Difference { units, batch };
        let rest = builder.call("rest", problem, &[(Slot::X, x), (Slot::X2, unrolled)], "rest");
        let of = Layout::Activity { units, batch };
        let len = Problem::statistics_groups(&of) * Problem::STATISTICS_LEN;
        let power = builder.shared(Role::Readout, POWER, Layout::Flat(len));
        let given = [(Slot::A, x), (Slot::B, rest), (Slot::Sums, power)];
        builder.call("power", Problem::PairStatistics { of, masked: false }, &given, "");
        (y, rest)
    }
}

impl System for Subspace {
    fn plan(&self, batch: u32) -> Plan {
        let mut builder = Builder::new(batch);
        let (eta, share) = (builder.rate(), builder.rate());
        builder.list(List::TRAIN);
        let (y, rest) = self.unroll(&mut builder);
        let covariance = builder.shared(Role::State, COVARIANCE, Layout::Weights(self.lateral()));
        let running = Learning { keep: 1.0 - SHARE, ..Learning::new(share, None) };
        builder.outer("covariance", (y, y), running, &[(Slot::W, covariance)]);
        let w = builder.shared(Role::Param, W, Layout::Weights(self.connection()));
        builder.outer("update", (y, rest), Learning::new(eta, None), &[(Slot::W, w)]);
        builder.list(List::EVALUATE);
        self.unroll(&mut builder);
        builder.finish()
    }

    fn params(&self) -> Vec<Param> {
        let connection = self.connection();
        let param = |name: &str, layout, kind, start| Param {
            name: name.to_owned(),
            layer: 1,
            layout,
            kind,
            start,
            mask: None,
        };
        let start = Start::glorot(&connection, Purpose::InitW, 1);
        vec![
            param(W, Layout::Weights(connection), Kind::Learned, start),
            param(COVARIANCE, Layout::Weights(self.lateral()), Kind::State, Start::Zero),
        ]
    }

    /// η and the covariance's share, each over the batch.
    fn rates(&self, step: u32, batch: u32) -> Vec<f32> {
        let falls = self.halving.map_or(1.0, |halving| 1.0 + f64::from(step) / f64::from(halving));
        let over = |rate: f64| (rate / f64::from(batch)) as f32;
        vec![over(f64::from(self.lr) / falls), over(f64::from(SHARE))]
    }

    fn amounts(&self) -> Vec<(&'static str, Amount)> {
        vec![("power", Amount::Real(0.0)), ("rest", Amount::Real(0.0))]
    }

    fn tally(&self, outcome: &Outcome) -> Vec<(&'static str, Amount)> {
        let groups = outcome.get(POWER).unwrap_or_default();
        let sum = |at: usize| groups.chunks_exact(Problem::STATISTICS_LEN).map(|group| f64::from(group[at])).sum();
        vec![("power", Amount::Real(sum(2))), ("rest", Amount::Real(sum(3)))]
    }

    fn score(&self) -> Option<&'static str> {
        None
    }

    fn columns(&self) -> Vec<String> {
        ["train_rest", "validation_rest", "orthonormality", "correlation"].map(str::to_owned).to_vec()
    }

    /// The share of the input's power that is not unrolled; the Frobenius norm of W Wᵀ − I; and how far the units are from
    /// uncorrelated, from their running covariance C: the share of Σ C_ij² off the diagonal.
    fn row(&self, readings: &Readings<'_>) -> Vec<Option<f64>> {
        let share = |sums: &Sums| sums.get("rest") / sums.get("power");
        let own = |value: f64| Some(value).filter(|value| value.is_finite());
        let units = self.units as usize;
        let w = readings.weights.get(W).unwrap_or_default();
        let rows: Vec<&[f32]> = w.chunks_exact(self.inputs as usize).collect();
        let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let pairs = || (0..units).flat_map(|i| (0..units).map(move |j| (i, j)));
        let far = |(i, j): (usize, usize)| (product(rows[i], rows[j]) - f64::from(u8::from(i == j))).powi(2);
        let covariance = readings.weights.get(COVARIANCE).unwrap_or_default();
        let square = |(i, j): (usize, usize)| f64::from(covariance[i * units + j]).powi(2);
        let all: f64 = pairs().map(square).sum();
        let off: f64 = pairs().filter(|(i, j)| i != j).map(square).sum();
        vec![
            own(share(readings.train)),
            readings.validation.map(share).and_then(own),
            own(pairs().map(far).sum::<f64>().sqrt()),
            own(off / all),
        ]
    }

    fn describe(&self) -> Table {
        let mut table = Table::default();
        table.set("system", Value::Text("subspace".to_owned()));
        table.set("inputs", Value::Integer(u64::from(self.inputs)));
        table.set("units", Value::Integer(u64::from(self.units)));
        table.set("lr", Value::Float(self.lr));
        if let Some(steps) = self.halving {
            table.set("halving", Value::Integer(u64::from(steps)));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::param::{Weight, Weights};
    use std::sync::Arc;

    #[test]
    fn the_state_learns_before_w_and_both_have_rates() {
        let subspace = Subspace { halving: Some(10), ..Subspace::new(5, 2, 0.5) };
        let plan = subspace.plan(4);
        let names: Vec<&str> = plan.list(List::TRAIN).iter().map(|call| call.name.as_str()).collect();
        assert_eq!(names, ["forward", "unroll", "rest", "power", "covariance", "update"]);
        assert_eq!(plan.of_role(Role::State).count(), 1);
        assert_eq!(subspace.rates(0, 4), [0.125, SHARE / 4.0]);
        assert_eq!(subspace.rates(10, 4)[0], 0.0625);
        assert_eq!(plan.rates, 2);
    }

    #[test]
    fn a_row_tells_of_an_orthonormal_basis() {
        let subspace = Subspace::new(2, 2, 0.1);
        let weight = |(name, values): (&str, [f32; 4])| Weight {
            name: name.to_owned(),
            layout: Layout::Weights(subspace.lateral()),
            values: Arc::new(values.to_vec()),
        };
        let train = Sums {
            images: 1,
            amounts: vec![("power".to_owned(), Amount::Real(4.0)), ("rest".to_owned(), Amount::Real(1.0))],
        };
        let row = |w, c| {
            let weights = Weights([(W, w), (COVARIANCE, c)].map(weight).to_vec());
            subspace.row(&Readings { train: &train, validation: None, observed: None, weights: &weights })
        };
        assert_eq!(row([0.0, 1.0, 1.0, 0.0], [2.0, 0.0, 0.0, 1.0]), [Some(0.25), None, Some(0.0), Some(0.0)]);
        assert_eq!(row([2.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0])[2..], [Some(3.0), Some(0.5)]);
        assert_eq!(row([0.0; 4], [0.0; 4])[3], None, "nothing was seen");
    }
}
