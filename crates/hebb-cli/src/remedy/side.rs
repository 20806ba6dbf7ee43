//! Errors of what stands beside trainings: sweeps, comparisons, filters.

use std::error::Error as StdError;
use std::io;

use hebb_data::disk::OpenError;
use hebb_lab::compare::CompareError;
use hebb_lab::filters::FilterError;
use hebb_lab::sweep::SweepError;

use super::{checkpoint, run, system};

/// How an error's sentence goes on.
pub fn remedy(cause: &(dyn StdError + 'static)) -> Option<&'static str> {
    let of_sweep = || cause.downcast_ref().and_then(sweep);
    let of_comparison = || cause.downcast_ref().and_then(comparison);
    of_sweep().or_else(of_comparison).or_else(|| cause.downcast_ref().and_then(filters))
}

fn filters(error: &FilterError) -> Option<&'static str> {
    match error {
        FilterError::TooMany { .. } => Some(": name one with --map, or a channel with --channel"),
        FilterError::Layer { .. } | FilterError::NoR { .. } => Some(": name another --layer"),
        FilterError::Absent { .. } => None,
    }
}

fn sweep(error: &SweepError) -> Option<&'static str> {
    match error {
        SweepError::Read { cause: OpenError::NotRegular(_), .. } => Some(": name a file"),
        SweepError::Read { cause: OpenError::System(cause), .. } => match cause.kind() {
            io::ErrorKind::NotFound => Some("; check its path"),
            io::ErrorKind::InvalidData => Some("; it is no text: name another"),
            kind => system::reading(kind),
        },
        SweepError::Taken { .. } => Some(": name another with --out"),
        SweepError::Folder { cause, .. } => system::writing(cause.kind()),
        SweepError::Write(error) => system::writing(error.kind()),
        SweepError::Checkpoint(error) => checkpoint(error).and(Some(": restore it, or remove that run's folder")),
        SweepError::Kept(error) => run(error),
        _ => None,
    }
}

fn comparison(error: &CompareError) -> Option<&'static str> {
    match error {
        CompareError::Taken { .. } => Some(": name another with --out"),
        CompareError::Folder { cause, .. } => system::writing(cause.kind()),
        CompareError::Write(error) => system::writing(error.kind()),
        CompareError::Usual { .. } => Some(": name one with --column"),
        CompareError::By { .. } => Some(", take one of them for --by"),
        CompareError::Epoch { .. } => Some(": name an earlier one with --epoch"),
        CompareError::Run(error) => run(error),
        _ => None,
    }
}
