//! The runs behind a figure: those that are kept, as far as they go, and the rest trained.

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};

use hebb_data::{Dataset, Source, validation_split};
use hebb_engine::Row;
use hebb_engine::run::RunError;
use hebb_engine::settings::{Length, RunSettings};
use hebb_engine::view::View;
use hebb_spec::Shape;
use hebb_spec::backend::Backend;
use hebb_spec::param::Weights;
use hebb_spec::settings::Table;
use hebb_spec::system::System;
use hebb_systems::layered::{Model, ModelSpec};

use super::training::{Places, Training};
use crate::error::LabError;
use crate::kept::{Beside, Long, unchanged};
use crate::request::{Request, Scale};
use crate::trained::Trained;

/// Epochs of the paper's trainings, and of those at the scale small.
pub const EPOCHS: u32 = 1000;
const SMALL: u32 = 20;

/// A figure's images, read when a run needs them.
pub struct Images {
    /// The text that names them.
    source: String,
    /// What they are called, without a place.
    pub name: String,
    pub shape: Shape,
    pub classes: u32,
    /// Images to train on and for validation together.
    records: usize,
    /// How many of them are for validation.
    pub validation: usize,
    loaded: OnceCell<(Dataset, String)>,
    /// The digest of those that the kept runs were trained on.
    digest: RefCell<Option<String>>,
}

impl Images {
    /// Those that a DATA text names.
    pub fn named(text: &str) -> Result<Self, LabError> {
        let outline = text.parse::<Source>()?.outline()?;
        let (name, records) = (outline.name().to_owned(), outline.records()?);
        Self::new(text, (name, outline.shape, outline.classes), records)
    }

    fn new(text: &str, (name, shape, classes): (String, Shape, u32), records: usize) -> Result<Self, LabError> {
        let validation = validation_split(records, None)?;
        let (loaded, digest) = (OnceCell::new(), RefCell::new(None));
        Ok(Self { source: text.to_owned(), name, shape, classes, records, validation, loaded, digest })
    }

    /// Those of a data set that is there.
    #[cfg(test)]
    pub fn of(data: Dataset) -> Self {
        let named = (data.name.clone(), data.shape, data.classes());
        let images = Self::new(&data.name, named, data.train.len()).unwrap();
        let digest = data.digest();
        Self { loaded: OnceCell::from((data, digest)), ..images }
    }

    /// Images to train on.
    pub fn training(&self) -> usize {
        self.records - self.validation
    }

    /// The images and their digest.
    fn load(&self) -> Result<&(Dataset, String), LabError> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(loaded);
        }
        let data = self.source.parse::<Source>()?.load()?;
        let digest = data.digest();
        Ok(self.loaded.get_or_init(|| (data, digest)))
    }

    /// Whether a run's digest is that of the others and of the images, as far as they are read.
    fn is_of(&self, digest: &str) -> bool {
        let is_read = self.loaded.get().is_none_or(|(_, read)| read == digest);
        is_read && self.digest.borrow_mut().get_or_insert_with(|| digest.to_owned()).as_str() == digest
    }
}

/// A run, as far as the figure takes it.
pub struct Course {
    pub training: Training,
    /// Its data, without a place.
    pub data: String,
    pub seed: u64,
    /// Images for validation.
    pub validation: usize,
    /// A row an epoch, from the first; none where there is no such run.
    pub rows: Vec<Row>,
    /// What it ran on.
    pub device: String,
    /// Epochs that its weights have learnt, which may be more than are taken here.
    pub learnt: u32,
    end: End,
}

/// Where a run's last weights are.
enum End {
    Nowhere,
    File(PathBuf),
    Memory(Weights),
}

impl Course {
    /// A column by epoch, from the first; not a number where there is none.
    pub fn column(&self, name: &str) -> Vec<f64> {
        self.rows.iter().map(|row| row.get(name).unwrap_or(f64::NAN)).collect()
    }

    /// Whole epochs that it has.
    pub fn epochs(&self) -> u32 {
        self.rows.len() as u32
    }

    /// Its last weights; none where there is no such run.
    pub fn weights(&self) -> Result<Option<Weights>, LabError> {
        match &self.end {
            End::Nowhere => Ok(None),
            End::Memory(weights) => Ok(Some(weights.clone())),
            End::File(path) => Ok(Some(Trained::file(path)?.weights)),
        }
    }
}

/// What a figure's runs came to.
pub struct Runs<'a> {
    pub request: &'a Request<'a>,
    /// Those of each set of images, seed by seed.
    pub courses: Vec<Course>,
    /// Epochs that were asked for.
    pub epochs: u32,
    pub images: Vec<Images>,
}

impl<'a> Runs<'a> {
    /// The figure's trainings of each of the images and seeds.
    pub fn of(
        request: &'a Request<'a>,
        images: Vec<Images>,
        trainings: impl Fn(u32) -> Vec<Training>,
    ) -> Result<Self, LabError> {
        let epochs = epochs(request, &images, &trainings(1))?;
        let mut courses = Vec::new();
        for images in &images {
            for &seed in &request.seeds.0 {
                for training in trainings(epochs) {
                    courses.push(Wanted { request, images, training, epochs, seed }.course()?);
                }
            }
        }
        Ok(Self { request, courses, epochs, images })
    }

    /// The runs of a training on some data that there are, by seed.
    pub fn get<'b>(&'b self, training: &Training, data: &str) -> Vec<&'b Course> {
        let is_it = |course: &&Course| course.training == *training && course.data == data && course.epochs() > 0;
        self.courses.iter().filter(is_it).collect()
    }

    /// The data's names.
    pub fn data(&self) -> impl Iterator<Item = &str> {
        self.images.iter().map(|images| images.name.as_str())
    }
}

/// Epochs of each run of the figure.
fn epochs(request: &Request<'_>, images: &[Images], trainings: &[Training]) -> Result<u32, LabError> {
    match request.scale {
        Scale::Full => return Ok(EPOCHS),
        Scale::Half => return Ok(EPOCHS / 2),
        Scale::Small => return Ok(SMALL),
        Scale::Epochs(epochs) => return Ok(epochs),
        Scale::Minutes(_) => {}
    }
    let seed = request.seeds.0.first().copied().unwrap_or(1);
    let wanted = |images, &training: &Training| Wanted { request, images, training, epochs: EPOCHS, seed };
    let all: Vec<Wanted<'_>> =
        images.iter().flat_map(|images| trainings.iter().map(move |training| wanted(images, training))).collect();
    for wanted in &all {
        if let Some((_, _, Length::Epochs(epochs))) = wanted.kept()? {
            return Ok(epochs);
        }
    }
    if request.finished {
        return Ok(EPOCHS);
    }
    let mut seconds = 0.0;
    for wanted in &all {
        let (spec, model) = wanted.model()?;
        seconds += wanted.long(&spec, &model)?.seconds(request)? * request.seeds.0.len() as f64;
    }
    Ok(request.scale.steps(EPOCHS, || seconds))
}

/// A run that the figure wants.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    request: &'a Request<'a>,
    images: &'a Images,
    training: Training,
    epochs: u32,
    seed: u64,
}

impl<'a> Wanted<'a> {
    fn folder(&self) -> String {
        self.training.folder(&self.images.name, self.seed)
    }

    fn model(&self) -> Result<(ModelSpec, Model), LabError> {
        let spec = self.training.spec()?.resolved(self.images.classes)?;
        let model = spec.build(self.images.shape, self.images.classes)?;
        Ok((spec, model))
    }

    /// As run.toml has them.
    fn settings(&self, spec: &ModelSpec) -> Table {
        let run = RunSettings {
            validation: Some(self.images.validation),
            batch: self.training.batch,
            seed: self.seed,
            ..RunSettings::default()
        };
        Table(spec.table().0.into_iter().chain(run.table().0).collect())
    }

    /// The run that is kept, if it is this one: what there is to see of it, its rows of whole epochs, and how long it is
    /// to be.
    fn kept(&self) -> Result<Option<(View, Vec<Row>, Length)>, LabError> {
        let Some(path) = self.request.runs.map(|runs| runs.join(self.folder())) else { return Ok(None) };
        let view = match View::read(&path) {
            Ok(view) => view,
            Err(RunError::Absent { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (spec, _) = self.model()?;
        unchanged(&path, &view.settings, &self.settings(&spec))?;
        if !view.record.data_sha256.as_deref().is_some_and(|digest| self.images.is_of(digest)) {
            return Err(LabError::OtherRun { path });
        }
        let length = RunSettings::from_table(&view.settings)?.length;
        let steps = (self.images.training() / self.training.batch as usize).max(1) as u32;
        let whole = |row: &&Row| match length {
            Length::Epochs(_) => true,
            // Steps may end within an epoch, which has a row all the same.
            Length::Steps(all) => row.epoch <= all / steps,
        };
        let rows: Vec<Row> = view.rows.iter().filter(whole).cloned().collect();
        match rows.first().is_none_or(|row| row.epoch == 1) {
            true => Ok(Some((view, rows, length))),
            false => Err(LabError::LostRows { path }),
        }
    }

    fn long<'b>(&'b self, spec: &ModelSpec, model: &'b Model) -> Result<Long<'b>, LabError> {
        let (data, digest) = self.images.load()?;
        if !self.images.is_of(digest) {
            let path = self.request.runs.unwrap_or(Path::new("")).to_owned();
            return Err(LabError::OtherRun { path });
        }
        Ok(Long {
            name: self.folder(),
            what: format!("{}, {}, seed {}", self.training.what(), self.images.name, self.seed),
            system: model,
            records: &data.train,
            data: &self.images.name,
            source: &self.images.source,
            digest: digest.clone(),
            spec: spec.table(),
            kind: (self.images.shape, self.images.classes),
            validation: self.images.validation,
            batch: self.training.batch,
            epochs: self.epochs,
            seed: self.seed,
            tells: "validation_error",
        })
    }

    /// The run as it is kept, where it has the epochs or nothing is to be trained; else it is trained so far.
    fn course(&self) -> Result<Course, LabError> {
        let (training, seed, images) = (self.training, self.seed, self.images);
        let (data, validation) = (images.name.clone(), images.validation);
        let course =
            |rows, (learnt, device), end| Course { training, data, seed, validation, rows, device, learnt, end };
        match self.kept()? {
            Some((view, mut rows, _)) if self.request.finished || rows.len() >= self.epochs as usize => {
                let learnt = rows.len() as u32;
                rows.truncate(self.epochs as usize);
                Ok(course(rows, (learnt, view.record.device.clone()), view.last().map_or(End::Nowhere, End::File)))
            }
            None if self.request.finished => Ok(course(Vec::new(), (0, String::new()), End::Nowhere)),
            _ => {
                let (spec, model) = self.model()?;
                let start = self.start(&model)?;
                let run = self.long(&spec, &model)?;
                let nothing = &mut |_: &mut dyn Backend, _: &Weights| Ok(Vec::new());
                let done = run.train(self.request, start, Beside { columns: &[], of: nothing })?;
                let path = self.request.runs.map(|runs| runs.join(self.folder()));
                let end = match path {
                    Some(path) => View::read(&path)?.last().map_or(End::Nowhere, End::File),
                    None => End::Memory(done.end),
                };
                let (rows, device) = (done.rows.into_iter().skip(1).collect(), self.request.runtime.name());
                Ok(course(rows, (self.epochs, device), end))
            }
        }
    }

    /// The weights that it starts with: drawn, but for what its first stage learnt.
    fn start(&self, model: &Model) -> Result<Weights, LabError> {
        let mut start = Weights::draw(&model.params(), self.seed);
        let Places::Second(epochs) = self.training.places else { return Ok(start) };
        let training = self.training.places(Places::First(epochs));
        let first = Self { training, epochs, ..*self }.course()?;
        let learnt = first.weights()?;
        let learnt = learnt.as_ref().and_then(|weights| weights.get("W1"));
        start.get_mut("W1").zip(learnt).into_iter().for_each(|(w, learnt)| w.copy_from_slice(learnt));
        Ok(start)
    }
}
