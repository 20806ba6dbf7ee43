//! Builds the plan of a connection of the family.

use hebb_spec::builder::Builder;
use hebb_spec::layout::Layout;
use hebb_spec::learning::{Decay, Learning, Rate};
use hebb_spec::operand::Slot;
use hebb_spec::plan::{List, Plan, Role, TensorId};
use hebb_spec::problem::Problem;

use super::Hebbian;
use super::rule::{Pre, Update};

/// The input: activity of the `inputs`.
const INPUT: &str = "x";
/// The running covariance of the units' activity, a state.
pub(super) const COVARIANCE: &str = "YY";
/// The readout of Σ|x|² and Σ|x − Wᵀy|².
pub(super) const POWER: &str = "power";
/// The share by which the running covariance moves towards a batch's own.
pub(super) const SHARE: f32 = 1.0 / 64.0;

/// The rates of a step.
struct Rates {
    /// η over the batch.
    eta: Rate,
    /// η γ, where a decay goes by no activity.
    even: Option<Rate>,
    /// The covariance's share over the batch, where it is kept.
    share: Option<Rate>,
}

/// The activity of a step.
struct Flow {
    x: TensorId,
    y: TensorId,
    /// x − Wᵀy.
    rest: Option<TensorId>,
}

/// Builds the lists of a plan.
struct Planner<'a> {
    hebbian: &'a Hebbian,
    builder: Builder,
}

/// Plans a connection at a batch. The order of the rates is that of `Hebbian::rates`.
pub(super) fn plan(hebbian: &Hebbian, batch: u32) -> Plan {
    let mut builder = Builder::new(batch);
    let rates = Rates {
        eta: builder.rate(),
        even: hebbian.rule.takes_gamma().then(|| builder.rate()),
        share: hebbian.rule.unrolls().then(|| builder.rate()),
    };
    let mut planner = Planner { hebbian, builder };
    planner.builder.list(List::TRAIN);
    let flow = planner.forward();
    planner.train(&flow, &rates);
    planner.builder.list(List::EVALUATE);
    planner.forward();
    // W has a tensor even where a recurrent connection's does not learn.
    planner.weights('W');
    planner.builder.finish()
}

impl Planner<'_> {
    /// `W` or `R`.
    fn weights(&mut self, letter: char) -> TensorId {
        self.builder.shared(Role::Param, &format!("{letter}1"), Layout::Weights(self.hebbian.connection()))
    }

    /// y, and what it cannot unroll; the readout of their power.
    fn forward(&mut self) -> Flow {
        let (hebbian, batch) = (self.hebbian, self.builder.batch());
        let units = hebbian.inputs;
        let of = Layout::Activity { units, batch };
        let x = self.builder.shared(Role::Input, INPUT, of);
        let mut y = x;
        if !hebbian.recurrent {
            let w = self.weights('W');
            y = self.builder.forward("forward", w, x, None, "y");
        }
        if let Some(competition) = hebbian.competition {
            let problem = Problem::Compete { units: hebbian.units, batch, competition };
            y = self.builder.call("compete", problem, &[(Slot::X, y)], "y won");
        }
        let rest = hebbian.rule.unrolls().then(|| {
            let w = self.weights('W');
            let unrolled = self.builder.back("unroll", (w, y), None, None, "unrolled");
            let given = [(Slot::X, x), (Slot::X2, unrolled)];
            self.builder.call("rest", Problem::Difference { units, batch }, &given, "rest")
        });
        let len = Problem::statistics_groups(&of) * Problem::STATISTICS_LEN;
        let power = self.builder.shared(Role::Readout, POWER, Layout::Flat(len));
        let given = [(Slot::A, x), (Slot::B, rest.unwrap_or(x)), (Slot::Sums, power)];
        self.builder.call("power", Problem::PairStatistics { of, masked: false }, &given, "");
        Flow { x, y, rest }
    }

    /// The running covariance, then W and R.
    fn train(&mut self, flow: &Flow, rates: &Rates) {
        let rule = self.hebbian.rule;
        if let Some(share) = rates.share {
            let layout = Layout::Weights(self.hebbian.lateral());
            let covariance = self.builder.shared(Role::State, COVARIANCE, layout);
            let running = Learning { keep: 1.0 - SHARE, ..Learning::new(share, None) };
            self.builder.outer("covariance", (flow.y, flow.y), running, &[(Slot::W, covariance)]);
        }
        for (letter, update) in [('W', rule.forward), ('R', rule.feedback)] {
            if let Some(update) = update {
                self.update(letter, update, flow, rates);
            }
        }
    }

    /// The decay before the increment: both go by y as it was, and by the weights as they were.
    fn update(&mut self, letter: char, update: Update, flow: &Flow, rates: &Rates) {
        let (connection, batch, w) = (self.hebbian.connection(), self.builder.batch(), self.weights(letter));
        if let Some(by) = update.decay {
            let (rate, end) = match by {
                Decay::Even => (rates.even.unwrap_or(rates.eta), None),
                Decay::ByPost => (rates.eta, Some((Slot::Y, flow.y))),
                Decay::ByPre => (rates.eta, Some((Slot::X, flow.x))),
            };
            let given: Vec<(Slot, TensorId)> = end.into_iter().chain([(Slot::W, w)]).collect();
            let problem = Problem::Decay { connection, batch, by, rate };
            self.builder.call(&format!("{letter} decay"), problem, &given, "");
        }
        let pre = match update.pre {
            Pre::Input => flow.x,
            Pre::Rest => flow.rest.unwrap_or(flow.x),
        };
        let learning = Learning::new(rates.eta, None);
        self.builder.outer(&format!("{letter} update"), (flow.y, pre), learning, &[(Slot::W, w)]);
    }
}
