//! `--report`: the run's page, written anew after each epoch.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use hebb::Device;
use hebb_data::Dataset;
use hebb_engine::job::Job;
use hebb_engine::observe::Observer;
use hebb_engine::run::REPORT;
use hebb_engine::view::View;
use hebb_engine::{Row, write_whole};
use hebb_lab::html::{self, Part, Seen, Subject};
use hebb_lab::probe::Probe;
use hebb_spec::param::Weights;
use hebb_systems::layered::Model;

use crate::look;
use crate::output;

/// Writes the page of a run at work, with a network of its own that never learns.
pub struct Page<'a> {
    run: PathBuf,
    model: &'a Model,
    part: Part<'a>,
    probe: Probe,
    epoch_steps: u32,
    /// Whether it was told that the page cannot be written.
    is_told: bool,
}

impl<'a> Page<'a> {
    /// Whether a run has one.
    pub fn is_there(run: &Path) -> bool {
        fs::symlink_metadata(run.join(REPORT)).is_ok()
    }

    /// That of a run on some images.
    pub fn new(run: &Path, job: &Job<'_>, (model, data): (&'a Model, &'a Dataset), device: &Device) -> Result<Self> {
        let part = look::part(None, Some(job.validation), data)?;
        let probe = Probe::new(device, model, look::BATCH.min(part.range.len().max(1) as u32))?;
        Ok(Self { run: run.to_owned(), model, part, probe, epoch_steps: job.epoch_steps, is_told: false })
    }

    fn write(&mut self, epoch: u32, weights: &Weights) -> Result<()> {
        let name = html::names(std::slice::from_ref(&self.run)).remove(0);
        let mut subject = Subject::new(name, View::read(&self.run)?);
        subject.epoch_steps = Some(self.epoch_steps);
        subject.show(self.model, weights)?;
        if !self.part.range.is_empty() {
            subject.seen = Some(Arc::new(Seen::look(&mut self.probe, (weights, epoch), &self.part)?));
        }
        Ok(write_whole(&self.run.join(REPORT), html::page(&[&subject])?.as_bytes())?)
    }
}

impl Observer for Page<'_> {
    fn epoch(&mut self, row: &Row, weights: &Weights) {
        // A training goes on without its page.
        if let Err(error) = self.write(row.epoch, weights)
            && !self.is_told
        {
            output::note(&format!("{REPORT} is not up to date: {error:#}"));
            self.is_told = true;
        }
    }
}
