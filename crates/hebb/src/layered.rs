//! A layered network before it stands on a device: what the paper's notation and a few settings say of it.

use std::path::Path;

use hebb_engine::tensor_file::TensorFile;
use hebb_spec::learning::Loss;
use hebb_spec::settings::{self, Table, Value};
use hebb_systems::layered::{FIELDS, ModelSpec, Preset, Rule, network};

use crate::net::Net;
use crate::{Data, Device, Error, Result};

/// A layered network and how it learns. Every setting of the command line can be given by name, too.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layered {
    spec: ModelSpec,
    seed: u64,
}

impl Layered {
    /// A network by name, `simpnet`, or in the paper's notation, `Conv 32 5x5; Maxpool 3; Full 500; Output`. It learns by
    /// URFB from seed 1 unless something else is said.
    pub fn parse(net: &str) -> Result<Self> {
        network::items(net)?;
        Ok(Self { spec: ModelSpec { net: net.to_owned(), ..ModelSpec::default() }, seed: 1 })
    }

    /// The same network with another rule: one of the nine, or a mixture of your own.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.spec.rule = rule;
        self
    }

    /// The same network with another loss.
    pub fn loss(mut self, loss: Loss) -> Self {
        self.spec.loss = loss;
        self
    }

    /// The same network with another learning rate η.
    pub fn lr(mut self, lr: f32) -> Self {
        self.spec.lr = lr;
        self
    }

    /// The same network with another preset: the slope of σ, μ, pool windows and ties.
    pub fn preset(mut self, preset: Preset) -> Self {
        self.spec.preset = preset;
        self
    }

    /// The same network with another seed of start, order and dropout.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same network with any setting of the command line, by its name: `set("untied", "all")`.
    pub fn set(mut self, key: &str, value: &str) -> Result<Self> {
        if !FIELDS.iter().any(|field| field.key == key) {
            return Err(Error::NoSetting(key.to_owned()));
        }
        let value = Value::Text(value.to_owned());
        settings::read(FIELDS, &mut self.spec, &Table(vec![(key.to_owned(), value)]))?;
        Ok(self)
    }

    /// All that is said of it.
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// The network on a device, for the images of a data set in batches, with its random start.
    pub fn on(&self, device: &Device, data: &Data, batch: u32) -> Result<Net> {
        let model = self.spec.build(data.shape, data.classes())?;
        Net::new(model, self.seed, device, &data.name, batch)
    }

    /// The same with weights from a safetensors file, by name and shape; what it lacks beside W is drawn.
    pub fn from_file(&self, path: &Path, device: &Device, data: &Data, batch: u32) -> Result<Net> {
        let mut net = self.on(device, data, batch)?;
        net.adopt(&TensorFile::read(path)?)?;
        Ok(net)
    }
}
