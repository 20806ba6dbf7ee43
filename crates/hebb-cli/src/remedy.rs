//! What to do about an error: libraries say what went wrong and where, the command line adds the options that help.

mod side;
mod system;

use std::error::Error as StdError;
use std::io;

use anyhow::Error;
use hebb_data::disk::OpenError;
use hebb_data::{DataError, FORMS};
use hebb_engine::WriteError;
use hebb_engine::job::JobError;
use hebb_engine::run::RunError;
use hebb_engine::tensor_file::CheckpointError;
use hebb_engine::trainer::TrainError;
use hebb_gpu::GpuError;
use hebb_lab::LabError;
use hebb_lab::figures::{FIGURES, GROUPS};
use hebb_reference::check::CheckError;
use hebb_spec::backend;
use hebb_systems::layered::ConfusionError;
use hebb_systems::layered::notation::suggestion;

/// Where no device answers.
pub const NO_DEVICE: &str =
    ": install its driver, or mesa-vulkan-drivers for a software one; --device cpu works without";
/// Most characters of a sentence.
const LONGEST: usize = 1000;
const RAN_AWAY: &str = ", start again (--overwrite) with a lower --lr, or a lower --mu where it was given";
/// Where no update is to blame.
const OVERFLOW: &str = ": lower --mu, or leave --init out, where they were given";
const UNNAMED: &str = ": name it with --net (and --untied, --connectivity, --loss, --preset, --activation, --slope and --mu where they are not the defaults)";

/// An error and its causes in one line, each told once, and what to do.
pub fn sentence(error: &Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text.push_str(error.chain().find_map(remedy).unwrap_or_default());
    text.push_str(&error.chain().find_map(meant).unwrap_or_default());
    bounded(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A sentence that nobody has to scroll through: one with a path of a megabyte keeps its beginning and its remedy.
fn bounded(text: &str) -> String {
    let count = text.chars().count();
    if count <= LONGEST {
        return text.to_owned();
    }
    let (first, last) = (text.chars().take(LONGEST / 2), text.chars().skip(count - LONGEST / 2));
    first.chain(['…']).chain(last).collect()
}

/// The data set or figure that a misspelt one may be meant for.
fn meant(cause: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(LabError::Unknown { name }) = cause.downcast_ref() {
        let groups = GROUPS.iter().map(|group| group.name);
        return Some(suggestion(name, &FIGURES.iter().map(|figure| figure.name).chain(groups).collect::<Vec<_>>()));
    }
    let of_lab = || match cause.downcast_ref() {
        Some(LabError::Data(error)) => Some(error),
        _ => None,
    };
    let Some(DataError::Unknown { text, .. }) = cause.downcast_ref().or_else(of_lab) else { return None };
    let name = |text: &'static str| text.split(['[', ':']).next().unwrap_or(text);
    Some(suggestion(text.split(':').next().unwrap_or(text), &FORMS.map(|form| name(form.text))))
}

/// How an error's sentence goes on.
fn remedy(cause: &(dyn StdError + 'static)) -> Option<&'static str> {
    let of_run = cause.downcast_ref().and_then(run);
    let of_training = || cause.downcast_ref().and_then(training);
    let of_job = || cause.downcast_ref().and_then(job);
    let of_file = || cause.downcast_ref().and_then(checkpoint);
    let of_device = || cause.downcast_ref().and_then(device);
    let of_gpu = || cause.downcast_ref().and_then(gpu);
    let of_check = || match cause.downcast_ref()? {
        CheckError::Backend(error) => device(error),
        CheckError::Run(_) => None,
    };
    let of_write = || cause.downcast_ref::<WriteError>().and_then(|error| system::writing(error.kind()));
    // Only stdout's errors come as they are.
    let of_stdout = || cause.downcast_ref::<io::Error>().and_then(|error| system::writing(error.kind()));
    // Only a config file's come as they are.
    let of_config = || match cause.downcast_ref()? {
        OpenError::NotRegular(_) => Some(": name a file with --config"),
        OpenError::System(cause) if cause.kind() == io::ErrorKind::NotFound => Some("; check the path in --config"),
        OpenError::System(cause) if cause.kind() == io::ErrorKind::InvalidData => Some("; it is no text: name another"),
        OpenError::System(cause) => system::reading(cause.kind()),
    };
    let of_data = || cause.downcast_ref().and_then(data);
    let of_lab = || match cause.downcast_ref()? {
        LabError::Unknown { .. } => Some(": `hebb reproduce list` names those that there are"),
        LabError::Unused { .. } => Some(": leave it out"),
        LabError::Taken { .. } => Some(": name another with --out"),
        LabError::Done { .. } => {
            Some(": take them away, and it is made again of the runs kept there, or name another with --out")
        }
        LabError::Folder { cause, .. } => system::writing(cause.kind()),
        LabError::Write(error) => system::writing(error.kind()),
        LabError::Device(error) => device(error),
        LabError::Data(error) => data(error),
        LabError::Changed { .. } | LabError::OtherRun { .. } => {
            Some(": remove that folder, or name another place with --out or --runs")
        }
        LabError::NoEvents { .. } => Some(": move it away"),
        LabError::LostRows { .. } => Some(": restore the file, or remove that run's folder to have it done again"),
        LabError::Run(error) => kept(error),
        LabError::Checkpoint(error) => checkpoint(error),
        _ => None,
    };
    let of_tables = || side::remedy(cause);
    let of_classes = || cause.downcast_ref::<ConfusionError>().map(|_| ": run `hebb verify` on the device");
    of_run
        .or_else(of_training)
        .or_else(of_job)
        .or_else(of_file)
        .or_else(of_device)
        .or_else(of_gpu)
        .or_else(of_check)
        .or_else(of_write)
        .or_else(of_stdout)
        .or_else(of_config)
        .or_else(of_data)
        .or_else(of_lab)
        .or_else(of_tables)
        .or_else(of_classes)
}

fn data(error: &DataError) -> Option<&'static str> {
    match error {
        DataError::Write { cause, .. } => system::writing(cause.kind()),
        DataError::Read { cause, .. } => system::reading(cause.kind()),
        DataError::OtherSize { .. } => Some(": bring it to that size, or pass --resize"),
        _ => None,
    }
}

fn run(error: &RunError) -> Option<&'static str> {
    match error {
        RunError::Exists { .. } => {
            Some(": continue it with --resume, replace it with --overwrite or name another --out")
        }
        RunError::Foreign { .. } => Some(": name another --out"),
        RunError::Absent { .. } => Some(": start it without --resume"),
        RunError::Locked { .. } => Some(": wait for it or stop it"),
        RunError::OtherRun { .. } => Some(": restore them or use --overwrite"),
        // A run's checkpoint is named by the run: no option stands in for what it lacks.
        RunError::NoCheckpoint { .. } | RunError::Checkpoint(CheckpointError::NoMetadata { .. }) => {
            Some(": restore it or start again with --overwrite")
        }
        RunError::Passed { .. } => Some(": raise --epochs or --steps"),
        RunError::OtherSettings { .. } => Some(": restore it, or start another run with other settings"),
        RunError::OtherData { .. } => Some(": name the place of its data with --data"),
        RunError::Metrics { .. } | RunError::Rows { .. } | RunError::LastRow { .. } => {
            Some(": restore the file or move it away")
        }
        RunError::NotRegular { .. } => Some(": move it away"),
        RunError::NoSettings { .. } => Some(": restore it, or start again with --overwrite"),
        // It was there when the run began.
        RunError::Write(error) if error.kind() == io::ErrorKind::NotFound => {
            Some("; the run's folder has gone: put it back and go on with --resume, or start again")
        }
        RunError::Write(error) => system::writing(error.kind()),
        RunError::Read { cause, .. } if cause.kind() == io::ErrorKind::NotADirectory => {
            Some("; a run is a folder, and a file stands there: name another --out")
        }
        RunError::Read { cause, .. } => system::reading(cause.kind()),
        RunError::Change { cause, .. } => system::writing(cause.kind()),
        RunError::Checkpoint(error) => checkpoint(error),
        RunError::Settings { .. } => None,
    }
}

/// Of a run that a figure keeps, which no option continues or replaces.
fn kept(error: &RunError) -> Option<&'static str> {
    match error {
        RunError::Passed { .. } => Some(": take a larger --scale, or name another place with --out"),
        RunError::Foreign { .. }
        | RunError::Exists { .. }
        | RunError::Absent { .. }
        | RunError::OtherRun { .. }
        | RunError::OtherSettings { .. }
        | RunError::OtherData { .. }
        | RunError::NoCheckpoint { .. }
        | RunError::NoSettings { .. }
        | RunError::Settings { .. }
        | RunError::Checkpoint(_)
        | RunError::Metrics { .. }
        | RunError::Rows { .. }
        | RunError::LastRow { .. } => Some(": restore it, or remove that run's folder to have it done again"),
        error => run(error),
    }
}

fn training(error: &TrainError) -> Option<&'static str> {
    match error {
        TrainError::Sum { step: 1, .. } => Some(OVERFLOW),
        TrainError::Sum { .. } | TrainError::Weights { .. } => Some(RAN_AWAY),
        TrainError::Device(error) => device(error),
        TrainError::Run(error) => run(error),
    }
}

fn job(error: &JobError) -> Option<&'static str> {
    match error {
        JobError::Batch { .. } => Some(": lower --batch or --validation"),
        JobError::Length { .. } => Some(": lower --epochs"),
        JobError::Setting(_) | JobError::Data(_) | JobError::Layer { .. } => None,
    }
}

fn checkpoint(error: &CheckpointError) -> Option<&'static str> {
    match error {
        CheckpointError::Absent { .. } | CheckpointError::NotRegular { .. } => {
            Some(": give the path of a safetensors file")
        }
        CheckpointError::Format { .. } | CheckpointError::NotFinite { .. } => Some(": take another copy"),
        CheckpointError::NoMetadata { .. } => Some(UNNAMED),
        CheckpointError::Metadata { .. } => Some(": they are damaged or of another version"),
        CheckpointError::Dtype { .. } => Some(": convert it"),
        CheckpointError::Write(error) => system::writing(error.kind()),
        CheckpointError::Read { cause, .. } => system::reading(cause.kind()),
        CheckpointError::Description { .. }
        | CheckpointError::Missing { .. }
        | CheckpointError::Shape { .. }
        | CheckpointError::Encode { .. } => None,
    }
}

fn device(error: &backend::Error) -> Option<&'static str> {
    match error {
        backend::Error::TensorTooLarge { .. } => Some(": use a smaller batch or layer, or another device"),
        backend::Error::GridTooLarge { .. } => Some(": use a smaller batch"),
        backend::Error::LoopTooLong { .. } => Some(": use a narrower layer, or another device"),
        backend::Error::OutOfMemory { .. } => Some(": use a smaller batch or network"),
        backend::Error::TimedOut { .. } => Some(": use a smaller batch, or another device"),
        backend::Error::Request(_) | backend::Error::Failed { .. } | backend::Error::Spoilt { .. } => None,
    }
}

fn gpu(error: &GpuError) -> Option<&'static str> {
    match error {
        GpuError::NoAdapter => Some(NO_DEVICE),
        GpuError::NoHardware { .. } => Some(": pass --device gpu to use it"),
        GpuError::NoSuchAdapter { .. } => Some(", beside auto, gpu, cpu and reference"),
        GpuError::NoDevice { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};

    #[test]
    fn a_sentence_tells_each_cause_once() {
        let cause = anyhow!("the disk\nis full");
        assert_eq!(sentence(&cause.context("cannot write x")), "cannot write x: the disk is full");
        assert_eq!(sentence(&anyhow!("b").context("a: b")), "a: b");
    }

    #[test]
    fn an_errors_remedy_ends_its_sentence() {
        let exists = RunError::Exists { path: "r".into() };
        let wanted = "r holds a run: continue it with --resume, replace it with --overwrite or name another --out";
        assert_eq!(sentence(&exists.into()), wanted);
        let loss = TrainError::Sum { what: "loss", mean: f64::NAN, step: 3, epoch: 1 };
        let wanted = "the loss of step 3 (epoch 1) is not finite: the weights ran away, start again (--overwrite) with a lower --lr, or a lower --mu where it was given";
        assert_eq!(sentence(&loss.into()), wanted);
        let wanted = "no device is named like 'x': there is 'y', beside auto, gpu, cpu and reference";
        assert_eq!(
            sentence(&GpuError::NoSuchAdapter { wanted: "x".to_owned(), found: "'y'".to_owned() }.into()),
            wanted
        );
    }

    #[test]
    fn causes_and_inner_errors_have_theirs_too() {
        let late = backend::Error::TimedOut { device: "a".to_owned(), seconds: 60 };
        let wanted = "a did not finish within 60 s: use a smaller batch, or another device";
        assert_eq!(sentence(&TrainError::Device(late.clone()).into()), wanted);
        let outer: Result<(), _> = Err(late.clone());
        assert_eq!(sentence(&outer.context("training").unwrap_err()), format!("training: {wanted}"));
        let checked = sentence(&CheckError::Backend(late).into());
        assert!(checked.ends_with("use a smaller batch, or another device"), "{checked}");
        let bare = || CheckpointError::NoMetadata { path: "f".into() };
        assert!(sentence(&bare().into()).ends_with("where they are not the defaults)"));
        assert!(sentence(&RunError::Checkpoint(bare()).into()).ends_with("start again with --overwrite"));
        let batch = JobError::Batch { batch: 9, records: 8, validation: 2 };
        assert!(sentence(&batch.into()).ends_with("(beside 2 for validation): lower --batch or --validation"));
    }
}
