//! A tiny data set and network, and runs of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use hebb_cpu::Cpu;
use hebb_data::{Dataset, Split};
use hebb_engine::Row;
use hebb_engine::from_file::stored;
use hebb_engine::job::Job;
use hebb_engine::observe::{Observer, StepReport};
use hebb_engine::records::Records;
use hebb_engine::run::{Existing, Run};
use hebb_engine::settings::{Length, Record, RunSettings};
use hebb_engine::store::Store;
use hebb_engine::tensor_file::TensorFile;
use hebb_engine::trainer::{Ending, TrainError, Trainer};
use hebb_reference::Twins;
use hebb_spec::Shape;
use hebb_spec::backend::{Backend, Options, Runtime};
use hebb_spec::param::{Weight, Weights};
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::system::System;
use hebb_systems::layered::{Detail, Model, ModelSpec, Preset, Rule, Untied};
use tempfile::TempDir;

pub const SHAPE: Shape = Shape::new(1, 4, 4);
pub const CLASSES: u32 = 3;
/// Training records beside validation: four batches of four, and two left over.
pub const RECORDS: usize = 18;
pub const VALIDATION: usize = 7;
pub const EPOCH_STEPS: u32 = 4;

/// Images with one bright row for each class, in noise.
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

/// What learns, and how the run goes.
#[derive(Debug, Clone)]
pub struct Settings {
    pub spec: ModelSpec,
    pub run: RunSettings,
}

pub fn settings(length: Length) -> Settings {
    let spec = ModelSpec {
        net: "Conv 3 3x3; Maxpool 2; Drop .3; Full 6; Drop .5; Output".to_owned(),
        rule: Rule::URFB,
        mu: Some(0.5),
        slope: Some(0.5),
        lr: 1.0,
        ..ModelSpec::default()
    };
    let run = RunSettings {
        data: "rows".to_owned(),
        validation: Some(VALIDATION),
        length,
        batch: 4,
        seed: 16,
        device: "reference".to_owned(),
        ..RunSettings::default()
    };
    Settings { spec, run }
}

pub fn epochs(count: u32) -> Settings {
    settings(Length::Epochs(count))
}

impl Settings {
    /// The same, changed.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn rule(self, rule: Rule) -> Self {
        self.with(|settings| settings.spec.rule = rule)
    }

    pub fn untied(self, untied: Untied) -> Self {
        self.with(|settings| settings.spec.untied = untied)
    }

    /// Half of the connections, by the paper's conventions.
    pub fn sparse(self) -> Self {
        self.with(|settings| (settings.spec.connectivity, settings.spec.preset) = (0.5, Preset::Paper))
    }

    /// From a file.
    pub fn init(self, path: &Path) -> Self {
        self.with(|settings| settings.run.init = Some(path.to_str().unwrap().to_owned()))
    }

    pub fn model(&self) -> Model {
        self.spec.build(SHAPE, CLASSES).unwrap()
    }

    /// The job of the model.
    pub fn job<'a>(&self, model: &'a Model) -> Job<'a> {
        Job::new(model, self.spec.table(), self.run.clone(), ("rows", RECORDS + VALIDATION)).unwrap()
    }

    /// The weights that the run draws.
    pub fn drawn(&self) -> Weights {
        Weights::draw(&self.model().params(), self.run.seed)
    }
}

pub fn record() -> Record {
    Record { hebb: "0.0.0".to_owned(), ..Record::new(SHAPE, CLASSES, "test".to_owned(), Vec::new()) }
}

/// The processor, with a system's plan.
pub fn processor(system: &dyn System, batch: u32) -> Box<dyn Backend> {
    static CPU: OnceLock<Cpu> = OnceLock::new();
    let cpu = CPU.get_or_init(|| Cpu::open(None).unwrap());
    cpu.prepare(system.plan(batch), &Options::default()).unwrap()
}

/// The twins, with a system's plan: what version 0.1 computed on them stays.
pub fn twins(system: &dyn System, batch: u32) -> Box<dyn Backend> {
    Twins.prepare(system.plan(batch), &Options::default()).unwrap()
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

pub fn without_seconds(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = |line: &str| {
        line.split(',').enumerate().filter(|&(at, _)| at != 1).map(|(_, f)| f).collect::<Vec<_>>().join(",")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Makes a run at its start.
pub fn create(place: &Place, job: &Job<'_>) -> Run {
    Run::create(&place.path, false, job, &record(), job.start().unwrap().weights).unwrap()
}

/// Starts a run; trains it to its end.
pub fn start(place: &Place, settings: &Settings) -> Result<Ending, TrainError> {
    start_with(place, settings, &AtomicBool::new(false), &mut ())
}

pub fn start_with(
    place: &Place,
    settings: &Settings,
    stop: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Ending, TrainError> {
    let model = settings.model();
    let job = settings.job(&model);
    let mut run = create(place, &job);
    train(&job, &mut run, &mut *processor(&model, job.settings.batch), stop, &mut [observer])
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
    let mut run = RunSettings::from_table(existing.settings()).unwrap();
    run.length = length.unwrap_or(run.length);
    let settings = Settings { spec: ModelSpec::from_table(existing.settings()).unwrap(), run };
    let model = settings.model();
    let job = settings.job(&model);
    let mut run = existing.resume(&job, &record())?;
    train(&job, &mut run, &mut *processor(&model, job.settings.batch), stop, &mut [observer])
}

pub fn train(
    job: &Job<'_>,
    store: &mut dyn Store,
    backend: &mut dyn Backend,
    stop: &AtomicBool,
    observers: &mut [&mut dyn Observer],
) -> Result<Ending, TrainError> {
    train_on(&data().train, job, store, backend, stop, observers)
}

pub fn train_on(
    records: &dyn Records,
    job: &Job<'_>,
    store: &mut dyn Store,
    backend: &mut dyn Backend,
    stop: &AtomicBool,
    observers: &mut [&mut dyn Observer],
) -> Result<Ending, TrainError> {
    // Borrowed anew, for as long as the rest.
    let mut observers: Vec<&mut dyn Observer> =
        observers.iter_mut().map(|one| &mut **one as &mut dyn Observer).collect();
    Trainer { job, records, backend, store, stop, observers: &mut observers }.train()
}

/// One run of each kind: rules, sparse and untied layers, all that the statistics tell.
pub fn kinds() -> Vec<(&'static str, Settings)> {
    let of = |rule| epochs(3).rule(rule);
    let mut kinds: Vec<(&str, Settings)> = Rule::ALL.map(|rule| (rule.name, of(rule))).into();
    let tracked = |settings: Settings| settings.with(|settings| settings.spec.track_r1 = true);
    kinds.extend([
        ("sparse urfb", of(Rule::URFB).sparse()),
        ("sparse frsf", of(Rule::FRSF).sparse()),
        ("sparse bp", of(Rule::BP).sparse()),
        ("untied urfb", of(Rule::URFB).untied(Untied::All)),
        ("untied brsf", of(Rule::BRSF).untied(Untied::All)),
        ("untied dfa", of(Rule::DFA).untied(Untied::All)),
        ("sparse untied kp", of(Rule::kp(0.01)).sparse().untied(Untied::All)),
        ("R1", tracked(of(Rule::urfb(0.5)))),
        ("all", tracked(of(Rule::USF).sparse().untied(Untied::All)).with(|all| all.spec.statistics = Detail::Full)),
    ]);
    kinds
}

/// The weights of a run's last checkpoint, and their model.
pub fn last(place: &Place) -> (Weights, Model) {
    let file = TensorFile::read(&place.file("last.safetensors")).unwrap();
    let model = Model::from_description(&file.metadata().unwrap().system).unwrap();
    (stored(&model.params(), &file).unwrap().weights, model)
}

/// What weights hold of one layer: W, R, their masks and B, where there are any.
pub fn layer(weights: &Weights, number: u32) -> Vec<Weight> {
    let is_of = |weight: &&Weight| weight.name[1..].trim_end_matches(".mask") == number.to_string();
    weights.0.iter().filter(is_of).cloned().collect()
}

/// All W, or all R, without their masks.
pub fn letter(weights: &Weights, letter: char) -> Vec<Weight> {
    let is_of = |weight: &&Weight| weight.name.starts_with(letter) && !weight.name.ends_with(".mask");
    weights.0.iter().filter(is_of).cloned().collect()
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
#[derive(Debug, Default, PartialEq)]
pub struct Notes {
    pub rows: Vec<Row>,
    pub weights: Vec<Weights>,
    pub reports: Vec<StepReport>,
    pub validating: Vec<(usize, usize)>,
    pub messages: Vec<String>,
}

impl Observer for Notes {
    fn step(&mut self, report: &StepReport) {
        self.reports.push(report.clone());
    }

    fn validating(&mut self, done: usize, of: usize) {
        self.validating.push((done, of));
    }

    fn epoch(&mut self, row: &Row, weights: &Weights) {
        self.rows.push(row.clone());
        self.weights.push(weights.clone());
    }

    fn message(&mut self, text: &str) {
        self.messages.push(text.to_owned());
    }
}
