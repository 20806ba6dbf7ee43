//! A layered network as the engine sees it.

use hebb_spec::param::Param;
use hebb_spec::plan::Plan;
use hebb_spec::settings::Table;
use hebb_spec::step::Outcome;
use hebb_spec::system::{Amount, Readings, System};

use super::model::Model;
use super::{describe, planner, statistics};

impl System for Model {
    fn plan(&self, batch: u32) -> Plan {
        planner::plan(self, batch)
    }

    fn params(&self) -> Vec<Param> {
        self.all_params()
    }

    /// η over the batch.
    fn rates(&self, _step: u32, batch: u32) -> Vec<f32> {
        vec![(f64::from(self.lr) / f64::from(batch)) as f32]
    }

    fn amounts(&self) -> Vec<(&'static str, Amount)> {
        vec![("loss", Amount::Real(0.0)), ("wrong", Amount::Count(0))]
    }

    fn tally(&self, outcome: &Outcome) -> Vec<(&'static str, Amount)> {
        let Some([loss, wrong, ..]) = outcome.get(planner::LOSS_SUMS) else { return Vec::new() };
        vec![("loss", Amount::Real(f64::from(*loss))), ("wrong", Amount::Count(*wrong as u64))]
    }

    fn score(&self) -> Option<&'static str> {
        Some("wrong")
    }

    fn columns(&self) -> Vec<String> {
        let own = ["train_loss", "train_error", "validation_loss", "validation_error"].map(str::to_owned);
        own.into_iter().chain(statistics::names(self)).collect()
    }

    fn row(&self, readings: &Readings<'_>) -> Vec<Option<f64>> {
        let (train, validation) = (readings.train, readings.validation);
        let mut row = vec![
            Some(train.mean("loss")),
            Some(train.mean("wrong")),
            validation.map(|sums| sums.mean("loss")),
            validation.map(|sums| sums.mean("wrong")),
        ];
        row.extend(statistics::values(self, readings.observed, readings.weights));
        row
    }

    fn describe(&self) -> Table {
        describe::table(self)
    }
}
