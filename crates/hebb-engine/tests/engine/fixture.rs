//! A tiny data set and network, and runs of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use hebb_data::{Dataset, Split};
use hebb_engine::Row;
use hebb_engine::checkpoint::TensorFile;
use hebb_engine::init::stored;
use hebb_engine::job::Job;
use hebb_engine::observe::{Observer, StepReport};
use hebb_engine::run::{Existing, Run};
use hebb_engine::settings::{Detail, Length, Record, Settings};
use hebb_engine::trainer::{Ending, TrainError, Trainer};
use hebb_engine::weights::Weights;
use hebb_reference::Reference;
use hebb_spec::Shape;
use hebb_spec::backend::Backend;
use hebb_spec::network::Untied;
use hebb_spec::plan::Model;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::rule::{Loss, Preset, Rule};
use tempfile::TempDir;

pub const SHAPE: Shape = Shape::new(1, 4, 4);
pub const CLASSES: u32 = 3;
/// Training records beside validation: four batches of four, and two left over.
const RECORDS: usize = 18;
const VALIDATION: usize = 7;
pub const EPOCH_STEPS: u32 = 4;

/// Pictures with one bright row for each class, in noise.
fn split(count: usize, time: u32) -> Split {
    let stream = Stream::new(5, Purpose::Test, 0, time);
    let label = |record: usize| (stream.word(record as u64) % CLASSES) as u16;
    let pixel = |record: usize, at: usize| {
        let noise = stream.word((1000 + record * 16 + at) as u64) % 128;
        if at / 4 == usize::from(label(record)) { 127 + noise } else { noise }
    };
    let images = (0..count).flat_map(|record| (0..16).map(move |at| pixel(record, at) as u8)).collect();
    Split::new(SHAPE, images, (0..count).map(label).collect()).unwrap()
}

pub fn data() -> Dataset {
    let names = ["top", "middle", "bottom"].map(String::from).to_vec();
    Dataset::new("rows", SHAPE, names, split(RECORDS + VALIDATION, 0), split(9, 1)).unwrap()
}

pub fn settings(length: Length) -> Settings {
    Settings {
        net: "Conv 3 3x3; Maxpool 2; Drop .3; Full 6; Drop .5; Output".to_owned(),
        untied: Untied::AsWritten,
        untied_start: None,
        connectivity: 1.0,
        rule: Rule::URFB,
        loss: Loss::Hinge,
        mu: 0.5,
        slope: 0.5,
        lr: 1.0,
        preset: Preset::AsRun,
        data: "rows".to_owned(),
        validation: VALIDATION,
        no_shuffle: false,
        length,
        batch: 4,
        seed: 16,
        freeze: Vec::new(),
        init: None,
        init_layers: Vec::new(),
        track_r1: false,
        statistics: Detail::Basic,
        device: "reference".to_owned(),
    }
}

pub fn epochs(count: u32) -> Settings {
    settings(Length::Epochs(count))
}

pub fn job(settings: Settings) -> Job {
    Job::new(settings, &data()).unwrap()
}

pub fn record() -> Record {
    let (hebb, device) = ("0.0.0".to_owned(), "test".to_owned());
    Record { hebb, input: SHAPE, classes: CLASSES, device, variants: Vec::new() }
}

/// A run in a folder of its own, gone with this.
pub struct Place {
    _folder: TempDir,
    pub path: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().join("run"), _folder: folder }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What *same bytes* means: all checkpoints, and metrics.csv without its seconds.
    pub fn bytes(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(&self.path).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".safetensors") {
                files.insert(name.clone(), fs::read(self.file(&name)).unwrap());
            }
        }
        files.insert("metrics.csv".to_owned(), without_seconds(&self.file("metrics.csv")).into_bytes());
        files
    }
}

fn without_seconds(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = |line: &str| {
        line.split(',').enumerate().filter(|&(at, _)| at != 1).map(|(_, f)| f).collect::<Vec<_>>().join(",")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Starts a run; trains it to its end.
pub fn start(place: &Place, settings: Settings) -> Result<Ending, TrainError> {
    start_with(place, settings, &AtomicBool::new(false), &mut ())
}

pub fn start_with(
    place: &Place,
    settings: Settings,
    stop: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Ending, TrainError> {
    let job = job(settings);
    let mut run = Run::create(&place.path, false, &job, &record(), job.start().unwrap().weights).unwrap();
    train(&mut run, &job, &mut Reference::new(job.plan()), stop, observer)
}

/// One run of each kind: rules, sparse and untied layers, all that the statistics tell.
pub fn kinds() -> Vec<(&'static str, Settings)> {
    let of = |rule| Settings { rule, ..epochs(3) };
    let mut kinds: Vec<(&str, Settings)> = Rule::ALL.map(|rule| (rule.name, of(rule))).into();
    let sparse = |rule| Settings { connectivity: 0.5, preset: Preset::Paper, ..of(rule) };
    let untied = |rule| Settings { untied: Untied::All, ..of(rule) };
    kinds.extend([
        ("sparse urfb", sparse(Rule::URFB)),
        ("sparse frsf", sparse(Rule::FRSF)),
        ("sparse bp", sparse(Rule::BP)),
        ("untied urfb", untied(Rule::URFB)),
        ("untied brsf", untied(Rule::BRSF)),
        ("untied dfa", untied(Rule::DFA)),
        ("sparse untied kp", Settings { untied: Untied::All, ..sparse(Rule::kp(0.01)) }),
        ("R1", Settings { track_r1: true, ..of(Rule::urfb(0.5)) }),
        ("all", Settings { untied: Untied::All, track_r1: true, statistics: Detail::Full, ..sparse(Rule::USF) }),
    ]);
    kinds
}

/// The weights of a run's last checkpoint, and their model.
pub fn last(place: &Place) -> (Weights, Model) {
    let file = TensorFile::read(&place.file("last.safetensors")).unwrap();
    let model = file.metadata().unwrap().network.model().unwrap();
    (stored(&model, &file).unwrap().weights, model)
}

/// Resumes a run, to another end if given.
pub fn resume(place: &Place, length: Option<Length>) -> Result<Ending, TrainError> {
    resume_with(place, length, &AtomicBool::new(false), &mut ())
}

pub fn resume_with(
    place: &Place,
    length: Option<Length>,
    stop: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Ending, TrainError> {
    let existing = Existing::open(&place.path)?;
    let mut settings = existing.settings().clone();
    settings.length = length.unwrap_or(settings.length);
    let job = job(settings);
    let mut run = existing.resume(&job, &record())?;
    train(&mut run, &job, &mut Reference::new(job.plan()), stop, observer)
}

pub fn train(
    run: &mut Run,
    job: &Job,
    backend: &mut dyn Backend,
    stop: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Ending, TrainError> {
    Trainer { job, plan: &job.plan(), data: &data(), backend, run, stop, observer }.train()
}

/// Asks for a stop once so many steps are done, or within the validation after them.
pub struct StopAt<'a> {
    pub step: u32,
    pub in_validation: bool,
    pub stop: &'a AtomicBool,
    pub reached: bool,
}

impl<'a> StopAt<'a> {
    pub fn step(step: u32, stop: &'a AtomicBool) -> Self {
        Self { step, in_validation: false, stop, reached: false }
    }
}

impl Observer for StopAt<'_> {
    fn step(&mut self, report: &StepReport) {
        self.reached = report.step >= self.step;
        if self.reached && !self.in_validation {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn validating(&mut self, done: usize, _of: usize) {
        if self.reached && self.in_validation && done > 0 {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// Notes what it hears.
#[derive(Default)]
pub struct Notes {
    pub rows: Vec<Row>,
    pub reports: Vec<StepReport>,
    pub messages: Vec<String>,
}

impl Observer for Notes {
    fn step(&mut self, report: &StepReport) {
        self.reports.push(*report);
    }

    fn row(&mut self, row: &Row) {
        self.rows.push(row.clone());
    }

    fn message(&mut self, text: &str) {
        self.messages.push(text.to_owned());
    }
}
