//! The tables that `hebb tune` keeps, for what runs by them.

use std::path::Path;

use anyhow::{Context, Result};
use hebb::Device;
use hebb::tuning::{self, Table};
use hebb_engine::settings::Record;
use hebb_spec::backend::{Choice, Options, Runtime};
use hebb_spec::plan::Plan;

use crate::output;

/// A device's table, where there is one.
pub struct Tuned(Option<Table>);

impl Tuned {
    /// Reads it. One that cannot be used is told of, and counts as none.
    pub fn of(device: &Device) -> Self {
        let Device::Gpu(gpu) = device else { return Self(None) };
        let table = tuning::path(gpu.summary()).map(|path| Table::read(&path, gpu.summary())).transpose();
        Self(table.unwrap_or_else(|error| {
            output::note(&format!(
                "{error}: the built-in choice of variants is taken, until `hebb tune` writes the table anew"
            ));
            None
        }))
    }

    /// How a plan is made ready: by the table's rows for its problems.
    pub fn options(&self, plan: &Plan) -> Options {
        by(self.0.as_ref().map_or_else(Vec::new, |table| table.choices(plan)))
    }
}

/// How a plan is made ready by these rows.
pub fn by(choices: Vec<Choice>) -> Options {
    Options { choices, ..Options::default() }
}

/// Those of the rows that a plan runs by on a device, as a run's record has them.
pub fn taken(device: &Device, plan: &Plan, options: &Options) -> Vec<String> {
    let is_taken = |choice: &&Choice| {
        let mut problems = plan.calls().map(|call| &call.problem);
        let problem = problems.find(|problem| problem.key() == choice.problem);
        problem.is_some_and(|problem| device.variants(problem).contains(&choice.variant.as_str()))
    };
    options.choices.iter().filter(is_taken).map(ToString::to_string).collect()
}

/// The rows that a run went by, by its record.
pub fn recorded(record: &Record, path: &Path) -> Result<Vec<Choice>> {
    let read = |text: &String| {
        text.parse::<Choice>().with_context(|| format!("{}/run.toml: [record] choices has '{text}'", path.display()))
    };
    record.choices.iter().map(read).collect()
}
