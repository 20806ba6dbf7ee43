//! A layered network on a device: trained epoch by epoch or step by step, read and written between them.

use std::ops::ControlFlow;
use std::path::Path;

use hebb_engine::checkpoint;
use hebb_engine::evaluate::evaluate;
use hebb_engine::from_file::adopt;
use hebb_engine::metadata::{Metadata, Progress, Training};
use hebb_engine::records::{Gathered, Records};
use hebb_engine::tensor_file::TensorFile;
use hebb_engine::weights::{download, upload};
use hebb_spec::backend::{Backend, Options, Runtime, Step};
use hebb_spec::operand::Access;
use hebb_spec::param::{Param, Weights};
use hebb_spec::plan::{List, Role, TensorId};
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::system::{Sums, System};
use hebb_systems::layered::Model;
use hebb_systems::layered::statistics::PairSums;

use crate::dataset::Part;
use crate::{Device, Error, Result};

/// Submissions left unfinished while the next is prepared.
const IN_FLIGHT: usize = 2;

/// What a network made of some images.
#[derive(Debug, Clone, PartialEq)]
pub struct Score(Sums);

impl Score {
    /// Images seen.
    pub fn images(&self) -> u64 {
        self.0.images
    }

    /// Fraction of them taken for another class.
    pub fn error(&self) -> f64 {
        self.0.mean("wrong")
    }

    /// Mean loss.
    pub fn loss(&self) -> f64 {
        self.0.mean("loss")
    }
}

/// A layer's activity for some images: `values` runs image by image, in one of them channel, row, column.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// What it is, such as `x1` or `x2 pooled`.
    pub name: String,
    /// Units of one image.
    pub units: usize,
    /// The numbers.
    pub values: Vec<f32>,
}

/// A layered network on a device.
pub struct Net {
    model: Model,
    params: Vec<Param>,
    start: Weights,
    backend: Box<dyn Backend>,
    data: String,
    seed: u64,
    epochs: u32,
    steps: u32,
    gathered: Gathered,
}

impl Net {
    pub(crate) fn new(model: Model, seed: u64, device: &Device, data: &str, batch: u32) -> Result<Self> {
        let mut backend = device.prepare(model.plan(batch), &Options::default())?;
        let params = model.params();
        let start = Weights::draw(&params, seed);
        upload(&start, &mut *backend)?;
        let (data, gathered) = (data.to_owned(), Gathered::default());
        Ok(Self { model, params, start, backend, data, seed, epochs: 0, steps: 0, gathered })
    }

    pub(crate) fn adopt(&mut self, file: &TensorFile) -> Result<()> {
        self.start = adopt(&self.params, self.seed, file, &[])?.weights;
        Ok(upload(&self.start, &mut *self.backend)?)
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Steps done.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Another learning rate η from the next step on: it comes with each step, nothing is planned anew.
    pub fn set_lr(&mut self, lr: f32) {
        self.model.lr = lr;
    }

    /// One epoch over a part, in the order that its number gives; the last incomplete batch is left out.
    pub fn epoch(&mut self, part: &Part, epoch: u32) -> Result<Score> {
        let order = Stream::new(self.seed, Purpose::Shuffle, 0, epoch).permutation(part.len() as u32);
        let mut sums = Sums::zero(&self.model.amounts());
        let batch = self.backend.plan().batch as usize;
        for records in order.chunks_exact(batch) {
            self.submit(part, records)?;
            self.collect(IN_FLIGHT, &mut sums)?;
        }
        self.collect(0, &mut sums)?;
        self.epochs += 1;
        Ok(Score(sums))
    }

    /// One step on these records of a part, at most a batch.
    pub fn step(&mut self, part: &Part, records: &[u32]) -> Result<Score> {
        let mut sums = Sums::zero(&self.model.amounts());
        self.submit(part, records)?;
        self.collect(0, &mut sums)?;
        Ok(Score(sums))
    }

    fn submit(&mut self, part: &Part, records: &[u32]) -> Result<()> {
        self.with_step(part, records, |backend, step| Ok(backend.submit(List::TRAIN, step, 1)?))?;
        self.steps += 1;
        Ok(())
    }

    fn with_step(
        &mut self,
        part: &Part,
        records: &[u32],
        run: impl FnOnce(&mut dyn Backend, &Step<'_>) -> Result<()>,
    ) -> Result<()> {
        let batch = self.backend.plan().batch;
        if records.is_empty() || records.len() > batch as usize {
            return Err(Error::Images { images: records.len(), batch });
        }
        if let Some(&record) = records.iter().find(|&&record| record as usize >= part.len()) {
            return Err(Error::Record { record, count: part.len() });
        }
        part.gather(0, records, &mut self.gathered);
        let (rates, inputs) = (self.model.rates(self.steps, batch), self.gathered.inputs());
        let images = records.len() as u32;
        let step = Step { seed: self.seed, step: self.steps, images, rates: &rates, inputs: &inputs };
        run(&mut *self.backend, &step)
    }

    fn collect(&mut self, in_flight: usize, sums: &mut Sums) -> Result<()> {
        for outcome in self.backend.collect(in_flight)? {
            let amounts = self.model.tally(&outcome);
            if let Some((name, _)) = amounts.iter().find(|(_, amount)| !amount.value().is_finite()) {
                return Err(Error::NotFinite(format!("the {name} of step {}", outcome.step + 1)));
            }
            sums.add(outcome.images, &amounts);
        }
        Ok(())
    }

    /// Loss and error over a part, without dropout and without learning.
    pub fn evaluate(&mut self, part: &Part) -> Result<Score> {
        let go_on = |_| ControlFlow::Continue(());
        let sums = evaluate(&self.model, &mut *self.backend, part, 0..part.len(), go_on, |_, _| {})?;
        Ok(Score(sums.unwrap_or_default()))
    }

    /// What each layer makes of these records of a part, without dropout.
    pub fn activity(&mut self, part: &Part, records: &[u32]) -> Result<Vec<Activity>> {
        let mut seen = Vec::new();
        self.with_step(part, records, |backend, step| {
            backend.load(step)?;
            for call in 0..backend.plan().list(List::EVALUATE).len() {
                backend.call(List::EVALUATE, call)?;
                let written = &backend.plan().list(List::EVALUATE)[call];
                let out = written
                    .accesses()
                    .find(|(id, access)| *access == Access::Write && backend.plan().tensor(*id).name.starts_with('x'));
                if let Some((id, _)) = out {
                    let tensor = backend.plan().tensor(id);
                    let (name, units) = (tensor.name.clone(), tensor.layout.per_image().unwrap_or(0));
                    let mut values = backend.read(id)?;
                    values.truncate(units * records.len());
                    seen.push(Activity { name, units, values });
                }
            }
            Ok(())
        })?;
        Ok(seen)
    }

    /// All weights, as they are now.
    pub fn weights(&mut self) -> Result<Weights> {
        Ok(download(&self.params, &self.start, &mut *self.backend)?)
    }

    /// A parameter's numbers, such as `W1` or `R2`, in a checkpoint's order.
    pub fn read(&mut self, name: &str) -> Result<Vec<f32>> {
        let id = self.param(name)?;
        Ok(self.backend.read(id)?)
    }

    /// Replaces a parameter's numbers.
    pub fn write(&mut self, name: &str, values: &[f32]) -> Result<()> {
        let id = self.param(name)?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite(format!("number {at} for {name}")));
        }
        Ok(self.backend.write(id, values)?)
    }

    fn param(&self, name: &str) -> Result<TensorId> {
        let plan = self.backend.plan();
        let id = plan.find(name).filter(|&id| plan.tensor(id).role == Role::Param);
        id.ok_or_else(|| Error::Absent(format!("parameter {name}")))
    }

    /// A weighted layer, counted from 1.
    pub fn layer(&mut self, layer: u32) -> Layer<'_> {
        Layer { net: self, layer }
    }

    /// Writes all weights and what is known of them to a safetensors file, whole or not at all.
    pub fn save(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let weights = self.weights()?;
        if let Some(name) = weights.not_finite() {
            return Err(Error::NotFinite(name.to_owned()));
        }
        let batch = self.backend.plan().batch;
        let training = Training { data: self.data.clone(), validation: 0, batch };
        let progress = Progress { epoch: self.epochs, step: self.steps, ..Progress::start(&self.model) };
        let metadata = Metadata { system: self.model.describe(), seed: self.seed, training: Some(training), progress };
        Ok(checkpoint::write(path.as_ref(), &weights, &metadata)?)
    }
}

/// A weighted layer of a network.
pub struct Layer<'a> {
    net: &'a mut Net,
    layer: u32,
}

impl Layer<'_> {
    /// Forward weights.
    pub fn w(&mut self) -> Result<Vec<f32>> {
        self.net.read(&format!("W{}", self.layer))
    }

    /// Feedback weights.
    pub fn r(&mut self) -> Result<Vec<f32>> {
        self.net.read(&format!("R{}", self.layer))
    }

    /// Pearson's correlation of W and R over the connections that both have; none where one does not vary, or where the
    /// layer has no R.
    pub fn correlation(&mut self) -> Result<Option<f64>> {
        let layer = self.layer;
        if !self.net.model.has_r(layer) || layer == 0 || layer > self.net.model.network.layers() {
            return Ok(None);
        }
        let (w, r) = (self.w()?, self.r()?);
        let connection = self.net.model.network.connections().nth(layer as usize - 1);
        let names = [format!("W{layer}.mask"), format!("R{layer}.mask")];
        let masks: Vec<&[f32]> = names.iter().filter_map(|name| self.net.start.get(name)).collect();
        Ok(PairSums::of_connections(connection.as_ref(), &masks, &w, &r).correlation())
    }
}
