//! A model on a runtime, with weights by name.

use std::collections::BTreeMap;

use hebb_spec::backend::{Backend, Error, Numbers, Options, Outcome, Runtime, Step};
use hebb_spec::layout::Layout;
use hebb_spec::plan::{List, Plan, Role};
use hebb_spec::system::System;
use hebb_systems::layered::Model;

/// Weights and masks in a checkpoint's order, by name: `W1`, `R2`, `B1`, `W3.mask`.
pub type Weights = BTreeMap<String, Vec<f32>>;

/// Writes every parameter of a plan; each must be there.
pub fn write(plan: &Plan, weights: &Weights, backend: &mut dyn Backend) -> Result<(), String> {
    for id in plan.of_role(Role::Param) {
        let name = &plan.tensor(id).name;
        let values = weights.get(name).ok_or_else(|| format!("no {name}"))?;
        backend.write(id, values).map_err(text)?;
    }
    Ok(())
}

/// Images and labels at a step of a run.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Images as bytes.
    pub images: &'a [u8],
    /// Their classes.
    pub labels: &'a [u16],
    /// The step.
    pub step: u32,
    /// The run's seed.
    pub seed: u64,
}

impl Batch<'_> {
    /// Hands it on as a model's step in a plan.
    pub fn of<T>(&self, model: &Model, plan_batch: u32, then: impl FnOnce(&Step<'_>) -> T) -> T {
        let inputs = [("images", Numbers::Bytes(self.images)), ("labels", Numbers::Classes(self.labels))];
        let rates = model.rates(self.step, plan_batch);
        let images = self.labels.len() as u32;
        then(&Step { seed: self.seed, step: self.step, images, rates: &rates, inputs: &inputs })
    }
}

/// A model made ready on a runtime.
pub struct Runner {
    model: Model,
    backend: Box<dyn Backend>,
}

impl Runner {
    /// Its plan at a batch, made ready.
    pub fn new(model: &Model, batch: u32, runtime: &dyn Runtime) -> Result<Self, String> {
        let backend = runtime.prepare(model.plan(batch), &Options::default()).map_err(text)?;
        Ok(Self { model: model.clone(), backend })
    }

    /// Writes every parameter of the model; each must be there.
    pub fn write(&mut self, weights: &Weights) -> Result<(), String> {
        let plan = self.backend.plan().clone();
        write(&plan, weights, &mut *self.backend)
    }

    /// Every parameter of the model, without masks.
    pub fn read(&mut self) -> Result<Weights, String> {
        let plan = self.backend.plan().clone();
        let mut weights = Weights::new();
        for id in plan.of_role(Role::Param) {
            let tensor = plan.tensor(id);
            if !matches!(tensor.layout, Layout::Mask(_)) {
                weights.insert(tensor.name.clone(), self.backend.read(id).map_err(text)?);
            }
        }
        Ok(weights)
    }

    /// Runs the statistics, which leave R as the next step, that of the batch, will use it.
    pub fn observe(&mut self, batch: &Batch<'_>) -> Result<(), String> {
        self.submit(List::STATISTICS, batch)?;
        self.backend.collect(0).map(|_| ()).map_err(text)
    }

    /// One training step.
    pub fn step(&mut self, batch: &Batch<'_>) -> Result<(), String> {
        self.submit(List::TRAIN, batch)
    }

    fn submit(&mut self, list: List, batch: &Batch<'_>) -> Result<(), String> {
        let plan_batch = self.backend.plan().batch;
        batch.of(&self.model, plan_batch, |step| self.backend.submit(list, step, 1)).map_err(text)
    }

    /// The losses of all steps since the last call, each summed over its batch.
    pub fn losses(&mut self) -> Result<Vec<f32>, String> {
        let loss = |outcome: &Outcome| outcome.get("loss sums").map(|sums| sums[0]).ok_or("an outcome has no loss");
        let outcomes = self.backend.collect(0).map_err(text)?;
        Ok(outcomes.iter().map(loss).collect::<Result<_, _>>()?)
    }
}

fn text(error: Error) -> String {
    error.to_string()
}
