//! A network of microcircuits as the engine sees it.

use hebb_spec::layout::Layout;
use hebb_spec::param::{Kind, Param};
use hebb_spec::plan::{List, Plan};
use hebb_spec::rng::Purpose;
use hebb_spec::settings::{Table, Value};
use hebb_spec::start::Start;
use hebb_spec::step::Outcome;
use hebb_spec::system::{Amount, Readings, System};

use super::{Dynamics, Microcircuit, planner, readings};

impl Microcircuit {
    fn uniform(bound: f64, purpose: Purpose, layer: u32) -> Start {
        Start::Uniform { bound: bound as f32, purpose, layer, one_filter: false }
    }

    /// Weights by layer, then states.
    pub(super) fn all_params(&self) -> Vec<Param> {
        let mut params = Vec::new();
        for layer in 1..=self.layers() {
            params.push(self.weights('W', layer));
            if self.has_circuit() && layer > 1 {
                params.push(self.weights('R', layer));
            }
            if self.has_circuit() && layer < self.layers() {
                params.push(self.lateral("IP", layer));
                params.push(self.lateral("PI", layer));
            }
        }
        if self.dynamics == Dynamics::Continuous {
            let traces: Vec<Param> = params.iter().filter(|param| self.learns(param)).map(trace).collect();
            params.extend(self.somata());
            params.extend(traces);
        }
        params
    }

    /// W or R.
    fn weights(&self, letter: char, layer: u32) -> Param {
        let (connection, bound, purpose, kind) = match letter {
            'W' => (self.up(layer), self.start_up, Purpose::InitW, Kind::Learned),
            _ => (self.down(layer), self.start_down, Purpose::InitR, Kind::Drawn),
        };
        Param {
            name: format!("{letter}{layer}"),
            layer,
            layout: Layout::Weights(connection),
            kind,
            start: Self::uniform(bound.into(), purpose, layer),
            mask: None,
        }
    }

    /// IP or PI of a hidden layer: at random, or as (12) and (11) have it of the very numbers that W and R start as.
    fn lateral(&self, name: &str, layer: u32) -> Param {
        let above = layer + 1;
        let (connection, own, ideal, purposes) = match name {
            "IP" => {
                let ideal = f64::from(self.start_up) * self.ip_factor(layer);
                (self.up(above), self.start_ip, ideal, [Purpose::InitIp, Purpose::InitW])
            }
            _ => (self.down(above), self.start_pi, -f64::from(self.start_down), [Purpose::InitPi, Purpose::InitR]),
        };
        let start = match self.self_predicting {
            true => Self::uniform(ideal, purposes[1], above),
            false => Self::uniform(own.into(), purposes[0], layer),
        };
        Param {
            name: format!("{name}{layer}"),
            layer,
            layout: Layout::Weights(connection),
            kind: Kind::Drawn,
            start,
            mask: None,
        }
    }

    /// Whether weights learn, and so have a trace where the dynamics are continuous.
    fn learns(&self, param: &Param) -> bool {
        let rate = match param.name.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "W" => self.rate_up(param.layer),
            "R" => self.rate_down(param.layer),
            "IP" => self.rate_ip(param.layer),
            _ => self.rate_pi(param.layer),
        };
        rate != 0.0
    }

    /// What a pattern leaves for the next.
    fn somata(&self) -> Vec<Param> {
        let soma = |name: String, layer: u32, units| Param {
            name,
            layer: layer.max(1),
            layout: Layout::Activity { units, batch: self.batch },
            kind: Kind::State,
            start: Start::Zero,
            mask: None,
        };
        let pyramidal = (0..=self.layers()).map(|layer| soma(format!("u{layer}"), layer, self.units(layer)));
        let inter = self.hidden().map(|layer| soma(format!("i{layer}"), layer, self.units(layer + 1)));
        pyramidal.chain(inter).collect()
    }
}

/// The filtered change of weights.
fn trace(of: &Param) -> Param {
    Param { name: format!("{}.trace", of.name), kind: Kind::State, start: Start::Zero, ..of.clone() }
}

impl System for Microcircuit {
    /// Somata are those of this batch.
    fn plan(&self, batch: u32) -> Plan {
        planner::plan(&Self { batch, ..self.clone() }, batch)
    }

    fn params(&self) -> Vec<Param> {
        self.all_params()
    }

    fn rates(&self, _step: u32, batch: u32) -> Vec<f32> {
        self.finished(batch)
    }

    /// A pattern is so many of Euler's steps.
    fn repeats(&self, _list: List) -> u32 {
        match self.dynamics {
            Dynamics::Continuous => self.pattern_steps,
            Dynamics::TwoStep => 1,
        }
    }

    fn amounts(&self) -> Vec<(&'static str, Amount)> {
        readings::amounts(self)
    }

    fn tally(&self, outcome: &Outcome) -> Vec<(&'static str, Amount)> {
        readings::tally(self, outcome)
    }

    fn score(&self) -> Option<&'static str> {
        readings::has_labels(self).then_some(readings::WRONG)
    }

    fn columns(&self) -> Vec<String> {
        readings::columns(self)
    }

    fn row(&self, readings: &Readings<'_>) -> Vec<Option<f64>> {
        readings::row(self, readings)
    }

    fn describe(&self) -> Table {
        let mut table = Table::default();
        table.set("system", Value::Text("microcircuit".to_owned()));
        table.0.extend(self.table().0);
        table
    }
}
