//! Layered networks as checkpoints have them: the model with its own rule, and all of its weights.

use std::path::{Path, PathBuf};

use hebb_engine::from_file;
use hebb_engine::metadata::Metadata;
use hebb_engine::run::RunError;
use hebb_engine::tensor_file::{CheckpointError, TensorFile};
use hebb_engine::view::View;
use hebb_spec::param::Weights;
use hebb_spec::system::System as _;
use hebb_systems::layered::Model;

use crate::error::LabError;

/// The key under which checkpoints of other systems than a layered network say what they are of.
const SYSTEM: &str = "system";

/// A layered network as a checkpoint of hebb has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The network with its rule and loss, as the metadata say.
    pub model: Model,
    /// Its weights: W, R, masks and B, as far as it has them.
    pub weights: Weights,
    /// What else is known of them.
    pub metadata: Metadata,
    /// Where they were read.
    pub path: PathBuf,
}

impl Trained {
    /// Reads a checkpoint.
    pub fn file(path: &Path) -> Result<Self, LabError> {
        Self::read(&TensorFile::read(path)?)
    }

    /// Reads the newest weights of a run, which may be at work.
    pub fn of(run: &View) -> Result<Self, LabError> {
        let last = run.last().ok_or_else(|| RunError::NoCheckpoint { path: run.path.clone() })?;
        Self::file(&last)
    }

    /// The same from a file that is in memory.
    pub fn read(file: &TensorFile) -> Result<Self, LabError> {
        let path = file.path().to_owned();
        let metadata = file.metadata()?;
        if let Some(system) = metadata.system.get(SYSTEM) {
            return Err(LabError::NotLayered { path, system: system.to_string() });
        }
        let description = Model::from_description(&metadata.system);
        let model = description
            .map_err(|cause| CheckpointError::Description { path: path.clone(), cause: cause.to_string() })?;
        let model = masked(model, file);
        let weights = from_file::stored(&model.params(), file)?.weights;
        Ok(Self { model, weights, metadata, path })
    }
}

/// The model with the masks of a file, whoever wrote it: a mask that is there holds. Below a connectivity of 1 it must be
/// there.
pub fn masked(model: Model, file: &TensorFile) -> Model {
    let is_sparse = |layer: &u32| model.sparse.contains(layer) || file.has(&format!("W{layer}.mask"));
    let sparse = (1..=model.network.layers()).filter(is_sparse).collect();
    Model { sparse, ..model }
}

#[cfg(test)]
mod tests {
    use super::*;

    use hebb_engine::checkpoint;
    use hebb_engine::metadata::Progress;
    use hebb_engine::settings::Record;
    use hebb_spec::Shape;
    use hebb_spec::settings::{Table, Value};
    use hebb_systems::layered::{ModelSpec, Rule};

    fn model(connectivity: f32) -> Model {
        let net = "Conv 3 3x3; Maxpool 2; Full 5; Output".to_owned();
        let spec = ModelSpec { net, connectivity, track_r1: true, ..ModelSpec::default() };
        spec.build(Shape::new(1, 6, 6), 4).unwrap()
    }

    fn write(path: &Path, model: &Model, system: Table) -> Weights {
        let weights = Weights::draw(&model.params(), 3);
        let metadata = Metadata { system, seed: 3, training: None, progress: Progress::start(model) };
        checkpoint::write(path, &weights, &metadata).unwrap();
        weights
    }

    #[test]
    fn a_checkpoint_comes_back_with_its_own_rule_and_masks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        for connectivity in [1.0, 0.5] {
            let model = model(connectivity);
            let weights = write(&path, &model, model.describe());
            let trained = Trained::file(&path).unwrap();
            assert_eq!((&trained.model, &trained.weights, &trained.path), (&model, &weights, &path));
            assert_eq!((trained.metadata.seed, trained.model.rule), (3, Rule::URFB));
            assert_eq!(trained.weights.get("R1.mask").is_some(), connectivity < 1.0);
        }
    }

    #[test]
    fn a_mask_holds_where_nothing_tells_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let sparse = model(0.5);
        let weights = write(&path, &sparse, model(1.0).describe());
        let trained = Trained::file(&path).unwrap();
        assert_eq!((&trained.model.sparse, &trained.weights), (&sparse.sparse, &weights));
    }

    #[test]
    fn what_is_no_layered_network_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let mut system = Table::default();
        system.set("system", Value::Text("linear".to_owned()));
        write(&path, &model(1.0), system);
        let sentence = Trained::file(&path).unwrap_err().to_string();
        assert!(sentence.ends_with("is of `hebb linear`, and no layered network"), "{sentence}");
        write(&path, &model(1.0), Table::default());
        let sentence = Trained::file(&path).unwrap_err().to_string();
        assert!(sentence.contains("are of no system of this version: it has no "), "{sentence}");
        assert!(matches!(
            Trained::file(&folder.path().join("absent")),
            Err(LabError::Checkpoint(CheckpointError::Absent { .. }))
        ));
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
        assert!(matches!(Trained::file(&path), Err(LabError::Checkpoint(CheckpointError::Format { .. }))));
    }

    #[test]
    fn a_runs_newest_weights_are_its_start_until_there_are_others() {
        let folder = tempfile::tempdir().unwrap();
        let run = View {
            path: folder.path().to_owned(),
            settings: Table::default(),
            record: Record::new(Shape::new(1, 6, 6), 4, "cpu".to_owned(), Vec::new()),
            rows: Vec::new(),
        };
        let model = model(1.0);
        assert!(matches!(Trained::of(&run), Err(LabError::Run(RunError::NoCheckpoint { .. }))));
        for name in [".start.safetensors", "last.safetensors"] {
            let path = folder.path().join(name);
            write(&path, &model, model.describe());
            assert_eq!(Trained::of(&run).unwrap().path, path);
        }
    }

    #[test]
    fn weights_of_another_network_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let mut other = model(1.0).describe();
        other.set("net", Value::Text("Conv 4 3x3; Maxpool 2; Full 5; Output".to_owned()));
        write(&path, &model(1.0), other);
        let error = Trained::file(&path).unwrap_err();
        assert!(matches!(error, LabError::Checkpoint(CheckpointError::Shape { .. })), "{error}");
    }
}
