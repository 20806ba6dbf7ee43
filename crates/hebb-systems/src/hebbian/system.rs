//! A connection of the family as the engine sees it.

use hebb_spec::layout::Layout;
use hebb_spec::learning::Competition;
use hebb_spec::param::{Kind, Param};
use hebb_spec::plan::Plan;
use hebb_spec::problem::Problem;
use hebb_spec::rng::Purpose;
use hebb_spec::settings::{Table, Value};
use hebb_spec::start::Start;
use hebb_spec::step::Outcome;
use hebb_spec::system::{Amount, Readings, Sums, System};

use super::planner::{COVARIANCE, POWER, SHARE};
use super::{Hebbian, planner};
use crate::layered::statistics::PairSums;

/// The weights.
const W: &str = "W1";
/// The feedback weights.
const R: &str = "R1";

impl System for Hebbian {
    fn plan(&self, batch: u32) -> Plan {
        planner::plan(self, batch)
    }

    fn params(&self) -> Vec<Param> {
        let connection = self.connection();
        let param = |name: &str, connection, kind, start| Param {
            name: name.to_owned(),
            layer: 1,
            layout: Layout::Weights(connection),
            kind,
            start,
            mask: None,
        };
        let glorot = |purpose| Start::glorot(&connection, purpose, 1);
        let of_w = if self.rule.forward.is_some() { Kind::Learned } else { Kind::Fixed };
        let mut params = vec![param(W, connection, of_w, glorot(Purpose::InitW))];
        if self.rule.feedback.is_some() {
            params.push(param(R, connection, Kind::Drawn, glorot(Purpose::InitR)));
        }
        if self.rule.unrolls() {
            params.push(param(COVARIANCE, self.lateral(), Kind::State, Start::Zero));
        }
        params
    }

    /// η over the batch; η γ; the covariance's share over the batch.
    fn rates(&self, step: u32, batch: u32) -> Vec<f32> {
        let falls = self.halving.map_or(1.0, |halving| 1.0 + f64::from(step) / f64::from(halving));
        let eta = f64::from(self.lr) / falls;
        let over = |rate: f64| (rate / f64::from(batch)) as f32;
        let mut rates = vec![over(eta)];
        rates.extend(self.rule.takes_gamma().then(|| (eta * f64::from(self.gamma)) as f32));
        rates.extend(self.rule.unrolls().then(|| over(f64::from(SHARE))));
        rates
    }

    fn amounts(&self) -> Vec<(&'static str, Amount)> {
        let rest = self.rule.unrolls().then_some(("rest", Amount::Real(0.0)));
        [(POWER, Amount::Real(0.0))].into_iter().chain(rest).collect()
    }

    fn tally(&self, outcome: &Outcome) -> Vec<(&'static str, Amount)> {
        let groups = outcome.get(POWER).unwrap_or_default();
        let sum = |at: usize| groups.chunks_exact(Problem::STATISTICS_LEN).map(|group| f64::from(group[at])).sum();
        let rest = self.rule.unrolls().then(|| ("rest", Amount::Real(sum(3))));
        [(POWER, Amount::Real(sum(2)))].into_iter().chain(rest).collect()
    }

    fn score(&self) -> Option<&'static str> {
        None
    }

    fn columns(&self) -> Vec<String> {
        let of_rest: &[&str] = match self.rule.unrolls() {
            true => &["train_rest", "validation_rest", "orthonormality", "correlation"],
            false => &[],
        };
        let of_r: &[&str] = if self.rule.feedback.is_some() { &["norm_r", "corr"] } else { &[] };
        [of_rest, &["norm"], of_r].concat().into_iter().map(str::to_owned).collect()
    }

    /// Where the rule unrolls: the share of the input's power that is not unrolled; the Frobenius norm of W Wᵀ − I; and how
    /// far the units are from uncorrelated, from their running covariance C: the share of Σ C_ij² off the diagonal. Then
    /// the root of the mean of |w_j|² over the units; the same of R, and Pearson's correlation of W and R.
    fn row(&self, readings: &Readings<'_>) -> Vec<Option<f64>> {
        let of = |name| readings.weights.get(name).unwrap_or_default();
        let norm = |weights: &[f32]| {
            let sum: f64 = weights.iter().map(|&w| f64::from(w).powi(2)).sum();
            Some((sum / f64::from(self.units)).sqrt())
        };
        let mut row = Vec::new();
        if self.rule.unrolls() {
            row.extend(self.rest(readings));
        }
        row.push(norm(of(W)));
        if self.rule.feedback.is_some() {
            row.extend([norm(of(R)), PairSums::of(of(W), of(R)).correlation()]);
        }
        row
    }

    fn describe(&self) -> Table {
        let mut table = Table::default();
        let number = |number: u32| Value::Integer(u64::from(number));
        table.set("system", Value::Text("hebbian".to_owned()));
        table.set("rule", Value::Text(self.rule.name.to_owned()));
        table.set("inputs", number(self.inputs));
        table.set("units", number(self.units));
        if self.recurrent {
            table.set("recurrent", Value::Switch(true));
        }
        match self.competition {
            None => {}
            Some(Competition::Winner) => table.set("compete", Value::Text("winner".to_owned())),
            Some(Competition::Softmax { sharpness }) => {
                table.set("compete", Value::Text("softmax".to_owned()));
                table.set("sharpness", Value::Float(sharpness));
            }
        }
        table.set("lr", Value::Float(self.lr));
        if self.rule.takes_gamma() {
            table.set("gamma", Value::Float(self.gamma));
        }
        if let Some(steps) = self.halving {
            table.set("halving", number(steps));
        }
        table
    }
}

impl Hebbian {
    /// What there is to tell of a rule that unrolls.
    fn rest(&self, readings: &Readings<'_>) -> [Option<f64>; 4] {
        let share = |sums: &Sums| sums.get("rest") / sums.get(POWER);
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
        [
            own(share(readings.train)),
            readings.validation.map(share).and_then(own),
            own(pairs().map(far).sum::<f64>().sqrt()),
            own(off / all),
        ]
    }
}
