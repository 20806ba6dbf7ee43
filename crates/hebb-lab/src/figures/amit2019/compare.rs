//! Runs beside each other: by seed, at an epoch that all have.

use std::fmt;

use super::runs::Course;
use crate::report::Claim;
use crate::stats;
use crate::words::grouped;

/// How far above another an error is close to it, and from where on it is far above: shares of the images.
pub const CLOSE: f64 = 0.05;
pub const FAR: f64 = 0.10;

/// Epochs whose mean stands for the end: from one to the next validation errors differ by points.
const LAST: usize = 5;

/// The column that figures of errors compare.
pub const VALIDATION: &str = "validation_error";

/// A share as a percentage.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A share as points of a percentage.
pub fn points(share: f64) -> String {
    format!("{} points", 100.0 * share)
}

/// A column's mean over a run's last epochs up to one, counted from 1; none where it has none.
pub fn end(course: &Course, column: &str, epoch: usize) -> Option<f64> {
    let values = course.column(column);
    let upto = &values[..epoch.min(values.len())];
    (!upto.is_empty()).then(|| stats::mean(&upto[upto.len().saturating_sub(LAST)..]))
}

/// A run's validation error at its end, in percent; none where there is no such run.
pub fn last(course: &Course) -> Option<f64> {
    end(course, VALIDATION, course.rows.len()).map(|error| 100.0 * error)
}

/// What groups of runs were found to be over the last epochs that all of them have.
pub struct Ends<const N: usize> {
    /// The last of them, counted from 1.
    pub epoch: usize,
    names: [String; N],
    /// Seed and value, group by group.
    values: [Vec<(u64, f64)>; N],
    /// Images that each value is a share of.
    images: usize,
}

impl<const N: usize> Ends<N> {
    /// Of groups with a name each, of the seeds that all have; none where there is no such seed.
    pub fn of(groups: [(&str, &[&Course]); N], column: &str) -> Option<Self> {
        let is_shared = |seed: u64| groups.iter().all(|(_, courses)| courses.iter().any(|course| course.seed == seed));
        let shared = groups.each_ref().map(|(_, courses)| {
            courses.iter().copied().filter(|course| is_shared(course.seed)).collect::<Vec<&Course>>()
        });
        let epoch = shared.iter().flatten().map(|course| course.rows.len()).min()?;
        let images = shared.iter().flatten().map(|course| course.validation).min()?;
        let value = |course: &&Course| Some((course.seed, end(course, column, epoch)?));
        let values = shared.map(|courses| courses.iter().filter_map(value).collect());
        Some(Self { epoch, names: groups.map(|(name, _)| name.to_owned()), values, images })
    }

    /// A group's mean.
    pub fn mean(&self, group: usize) -> f64 {
        stats::mean(&self.values[group].iter().map(|(_, value)| *value).collect::<Vec<_>>())
    }

    /// A group less another, seed by seed.
    pub fn difference(&self, of: usize, from: usize) -> Difference {
        let at = |group: usize, seed: u64| self.values[group].iter().find(|(one, _)| *one == seed);
        let pair = |&(seed, value): &(u64, f64)| Some((value, at(from, seed)?.1));
        Difference::of(self.values[of].iter().filter_map(pair).collect(), self.images)
    }

    /// What each group comes to.
    pub fn told(&self) -> String {
        let one = |group: usize| format!("{} {}", self.names[group], percent(self.mean(group)));
        let first = (self.epoch + 1).saturating_sub(LAST).max(1);
        let epochs =
            if first == self.epoch { format!("epoch {first}") } else { format!("epochs {first} to {}", self.epoch) };
        format!("{epochs}: {}", (0..N).map(one).collect::<Vec<_>>().join(", "))
    }
}

/// A difference of runs, seed by seed.
pub struct Difference {
    /// Its mean over the seeds.
    pub mean: f64,
    seeds: usize,
    images: usize,
    /// 95 %: over the seeds, or over the images where there is a single seed.
    interval: Option<(f64, f64)>,
}

impl Difference {
    fn of(pairs: Vec<(f64, f64)>, images: usize) -> Self {
        let differences: Vec<f64> = pairs.iter().map(|(one, other)| one - other).collect();
        let interval = match pairs[..] {
            [pair] => Some(stats::between(pair, images)),
            _ => stats::interval(&differences),
        };
        Self { mean: stats::mean(&differences), seeds: differences.len(), images, interval }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points = |share: f64| format!("{:+.1}", 100.0 * share).replace('-', "−");
        write!(f, "{} points", points(self.mean))?;
        let Some((low, high)) = self.interval else { return Ok(()) };
        write!(f, " (95 % interval {} to {}, ", points(low), points(high))?;
        match self.seeds {
            1 => write!(f, "{} images, one seed)", grouped(self.images as u64)),
            seeds => write!(f, "{seeds} seeds)"),
        }
    }
}

/// A claim that one group's error lies above another's, by more than `least` and at most `most`; none where runs lack.
pub fn above(says: impl Into<String>, groups: [(&str, &[&Course]); 2], (least, most): (f64, f64)) -> Option<Claim> {
    let ends = Ends::of(groups, VALIDATION)?;
    let difference = ends.difference(0, 1);
    let holds = difference.mean > least && difference.mean <= most;
    Some(Claim::new(says, holds, format!("{}: {difference}", ends.told())))
}

/// A mean over runs by epoch, with what is least and most of them.
pub struct Band {
    pub mean: Vec<(f64, f64)>,
    pub low: Vec<(f64, f64)>,
    pub high: Vec<(f64, f64)>,
}

impl Band {
    /// Of a column, at the epochs that all of the runs have, times a factor.
    pub fn of(courses: &[&Course], column: &str, factor: f64) -> Self {
        let columns: Vec<Vec<f64>> = courses.iter().map(|course| course.column(column)).collect();
        let epochs = columns.iter().map(Vec::len).min().unwrap_or(0);
        let at = |of: &dyn Fn(&[f64]) -> f64| -> Vec<(f64, f64)> {
            let value = |epoch: usize| of(&columns.iter().map(|column| factor * column[epoch]).collect::<Vec<_>>());
            (0..epochs).map(|epoch| (epoch as f64 + 1.0, value(epoch))).collect()
        };
        let fold = |values: &[f64], of: fn(f64, f64) -> f64| values.iter().copied().reduce(of).unwrap_or(f64::NAN);
        Self {
            mean: at(&|values| stats::mean(values)),
            low: at(&|values| fold(values, f64::min)),
            high: at(&|values| fold(values, f64::max)),
        }
    }
}
