//! A checkpoint as a command takes it: what it is of, by its metadata or by options, and which data it was trained on.

use std::ops::Range;
use std::path::Path;

use anyhow::{Error, Result, anyhow, bail, ensure};
use hebb_data::{Dataset, Outline, Source, Split, disk};
use hebb_engine::from_file::{self, Loaded};
use hebb_engine::metadata::Metadata;
use hebb_engine::settings::{RunSettings, read_settings};
use hebb_engine::tensor_file::{CheckpointError, TensorFile};
use hebb_lab::trained::masked;
use hebb_spec::Shape;
use hebb_spec::param::Weights;
use hebb_spec::settings::Table;
use hebb_spec::system::System;
use hebb_systems::layered::{self, Model, Rule};
use hebb_systems::microcircuit::{Dynamics, Microcircuit};

use crate::args::{ImageArgs, MicrocircuitKeys, SplitName};
use crate::config::SYSTEM;
use crate::images::{self, Images};
use crate::origin::Origin;
use crate::output;

use super::family::Family;

/// What a checkpoint's metadata say that it is of.
pub enum Known {
    /// A layered network.
    Layered(Box<Model>),
    /// Pyramidal cells in two steps, which sort images into classes too.
    Circuit(Box<Microcircuit>),
}

/// A checkpoint, and the options beside it.
pub struct Stored<'a> {
    /// The file.
    pub file: TensorFile,
    /// What is known of it; none where options name the network.
    pub metadata: Option<Metadata>,
    /// What it is of, by these.
    pub known: Option<Known>,
    given: &'a Table,
}

impl<'a> Stored<'a> {
    /// Reads a checkpoint. Options of the network must be there where it has no metadata, and there alone.
    pub fn read(path: &Path, given: &'a Table) -> Result<Self> {
        let file = TensorFile::read(path)?;
        if !file.has_metadata() {
            ensure!(given.get("net").is_some(), CheckpointError::NoMetadata { path: path.to_owned() });
            return Ok(Self { file, metadata: None, known: None, given });
        }
        if let Some((key, _)) = given.0.iter().find(|(key, _)| layered::FIELDS.iter().any(|field| field.key == key)) {
            bail!("--{key} is for a file without metadata of hebb, but {} has its own: leave it out", path.display());
        }
        let metadata = file.metadata()?;
        let known = known(path, &metadata)?;
        Ok(Self { file, metadata: Some(metadata), known: Some(known), given })
    }

    /// The file's name, for people.
    pub fn path(&self) -> std::path::Display<'_> {
        self.file.path().display()
    }

    /// The layered network that it is of, for whoever looks into its layers.
    pub fn layered(&self) -> Result<Option<&Model>> {
        match &self.known {
            None => Ok(None),
            Some(Known::Layered(model)) => Ok(Some(model)),
            Some(Known::Circuit(_)) => {
                bail!("{} is of `hebb microcircuit`, and no layered network: look at it with hebb inspect", self.path())
            }
        }
    }

    /// The network with the rule that trained it, on images that the metadata or options tell of.
    pub fn whole(&self, images: &ImageArgs) -> Result<Model> {
        let Some(model) = self.layered()? else {
            let Images { input, classes, .. } = images::images(images)?;
            return self.network(input, classes);
        };
        let given = [("--input", images.input.is_some()), ("--classes", images.classes.is_some())];
        if let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
            bail!("{option} is for a file without metadata of hebb, but {} has its own: leave it out", self.path());
        }
        Ok(masked(model.clone(), &self.file))
    }

    /// The network on images of a shape, for evaluation: the metadata's, which no option replaces, or that of options.
    pub fn network(&self, input: Shape, classes: u32) -> Result<Model> {
        let model = match self.layered()? {
            Some(model) => {
                let (wanted, count) = (model.network.input, model.network.classes);
                ensure!(
                    (wanted, count) == (input, classes),
                    "{} takes {wanted} images of {count} classes, but the data has {input} images of {classes} classes: \
                     name the --data that it was trained on",
                    self.path()
                );
                model.clone()
            }
            None => {
                let origin = Origin::new(self.given, None);
                origin.build(&origin.spec()?, input, classes)?
            }
        };
        // Evaluation runs forward only: under bp there is no R.
        Ok(Model { rule: Rule::BP, ..masked(model, &self.file) })
    }

    /// All weights of a system. Says on stderr what is worth saying about them.
    pub fn weights(&self, system: &dyn System) -> Result<Weights> {
        let Loaded { weights, messages } = from_file::stored(&system.params(), &self.file)?;
        messages.iter().for_each(|message| output::note(message));
        Ok(weights)
    }

    /// The data that were asked for, or those that it was trained on.
    pub fn data(&self, asked: String) -> Result<Chosen> {
        let path = self.file.path();
        if self.given.get("data").is_some() {
            return Ok(Chosen { text: asked, of: None });
        }
        let text = trained_on(path, self.metadata.as_ref())?;
        Ok(Chosen { text, of: Some(path.display().to_string()) })
    }

    /// A part of the data: validation is what the training kept, unless an option says otherwise.
    pub fn part<'d>(
        &self,
        split: SplitName,
        validation: Option<usize>,
        data: &'d Dataset,
        text: &str,
    ) -> Result<(&'d Split, Range<usize>)> {
        let training = self.metadata.as_ref().and_then(|metadata| metadata.training.as_ref());
        let validation = validation.or(training.map(|training| training.validation));
        let (split_of, range) = images::part(split, validation, data)?;
        ensure!(!range.is_empty(), "{text} has no {} images: name another --split", split.name());
        Ok((split_of, range))
    }
}

/// Data by their text.
pub struct Chosen {
    /// The text.
    pub text: String,
    /// The checkpoint whose data they are, where nobody named them.
    of: Option<String>,
}

impl Chosen {
    /// Their shape and classes.
    pub fn outline(&self) -> Result<Outline> {
        self.about(self.text.parse::<Source>().and_then(|source| source.outline()))
    }

    /// All of them.
    pub fn load(&self, outline: Outline) -> Result<Dataset> {
        self.about(images::load(outline, &self.text))
    }

    /// Whoever named no data must hear whose these are.
    fn about<T>(&self, result: Result<T, impl Into<Error>>) -> Result<T> {
        result.map_err(|error| match &self.of {
            None => error.into(),
            Some(of) => error.into().context(format!("{of} {}", images::trained_on(&self.text))),
        })
    }
}

/// What the metadata are of.
fn known(path: &Path, metadata: &Metadata) -> Result<Known> {
    let about = |cause: String| CheckpointError::Description { path: path.to_owned(), cause };
    if let Some(system) = metadata.system.get(SYSTEM) {
        if system.to_string() == MicrocircuitKeys::NAME {
            let circuit = Microcircuit::from_table(&metadata.system).map_err(|error| about(error.to_string()))?;
            if circuit.dynamics == Dynamics::TwoStep {
                return Ok(Known::Circuit(Box::new(circuit)));
            }
        }
        bail!(
            "{} is of `hebb {system}`, which has no classes to evaluate: look at it with hebb inspect",
            path.display()
        );
    }
    let model = Model::from_description(&metadata.system).map_err(|cause| about(cause.to_string()))?;
    Ok(Known::Layered(Box::new(model)))
}

/// The data that a checkpoint was trained on: as the run.toml beside it has them, if that is of its own run; else as the
/// metadata have them, which name no place.
fn trained_on(path: &Path, metadata: Option<&Metadata>) -> Result<String> {
    let path_text = path.display();
    let Some((metadata, training)) = metadata.and_then(|metadata| Some((metadata, metadata.training.as_ref()?))) else {
        bail!("nothing says which data {path_text} is for: name them with --data");
    };
    match of_run(path, metadata) {
        Some(text) => Ok(text),
        None if training.data == "shapes" => {
            output::note(&format!("{path_text} was trained on shapes of a seed that it does not tell: taking shapes"));
            Ok(training.data.clone())
        }
        None => bail!(
            "{path_text} was trained on {}, and no run.toml of its run beside it says where they are: name them with --data",
            training.data
        ),
    }
}

/// The data of the run.toml beside a checkpoint, if that is of its own run.
fn of_run(path: &Path, metadata: &Metadata) -> Option<String> {
    let training = metadata.training.as_ref()?;
    let text = disk::read_text(&path.with_file_name("run.toml")).ok()?;
    let run = RunSettings::from_table(&read_settings(&text).ok()?.0).ok()?;
    let is_own = run.data.split(':').next() == Some(training.data.as_str()) && run.seed == metadata.seed;
    is_own.then_some(run.data)
}

/// The names of so many classes, as far as a checkpoint's data tell them without any image: none for a folder that has
/// gone.
pub fn class_names(path: &Path, metadata: &Metadata, classes: u32) -> Option<Vec<String>> {
    let name = || Some(metadata.training.as_ref()?.data.clone());
    let outline = of_run(path, metadata).or_else(name)?.parse::<Source>().ok()?.outline().ok()?;
    (outline.classes == classes).then(|| outline.class_names())
}

/// A circuit on images of a shape, for evaluation.
pub fn circuit(circuit: &Microcircuit, path: &Path, input: Shape, classes: u32) -> Result<Microcircuit> {
    let source = hebb_systems::microcircuit::Source::Images { shape: input, classes };
    let circuit = Microcircuit { source, ..circuit.clone() };
    circuit.check().map_err(|error| {
        anyhow!("{} does not fit the data: {error}: name the --data that it was trained on", path.display())
    })?;
    Ok(circuit)
}
