//! A run as a page tells of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hebb_engine::settings::{Length, RunSettings};
use hebb_engine::view::View;
use hebb_spec::Shape;
use hebb_spec::param::Weights;
use hebb_spec::settings::Value;
use hebb_systems::layered::{Model, ModelSpec, NAMED, network};

use crate::error::LabError;
use crate::trained::Trained;

use super::filters;
use super::seen::Seen;

/// The setting that names another system than a layered network.
const SYSTEM: &str = "system";
/// Settings whose values name a place on this machine, which a page does not tell.
const PLACES: [&str; 2] = ["data", "init"];

/// A run as it stood when it was looked at.
#[derive(Debug)]
pub struct Subject {
    /// What the page calls it.
    pub name: String,
    /// Its settings and rows.
    pub view: View,
    /// What learns in it, where that is a layered network that this version knows.
    pub model: Option<Model>,
    /// Steps in an epoch, for folders whose rows do not tell; none where nobody knows.
    pub epoch_steps: Option<u32>,
    /// Its first layer's filters, in the page's words; empty where there are none.
    pub filters: String,
    /// What its network made of images.
    pub seen: Option<Arc<Seen>>,
}

impl Subject {
    /// A run by its files alone.
    pub fn new(name: String, view: View) -> Self {
        let model = model(&view);
        Self { name, view, model, epoch_steps: None, filters: String::new(), seen: None }
    }

    /// Has it tell of a checkpoint of its own.
    pub fn tell_of(&mut self, trained: &Trained) -> Result<(), LabError> {
        let progress = &trained.metadata.progress;
        let steps = progress.step.checked_sub(progress.epoch_step);
        self.epoch_steps = steps.and_then(|steps| steps.checked_div(progress.epoch));
        self.show(&trained.model, &trained.weights)
    }

    /// Has it show the filters of its weights.
    pub fn show(&mut self, model: &Model, weights: &Weights) -> Result<(), LabError> {
        self.filters = filters::section(model, weights)?;
        Ok(())
    }

    /// Which system it is.
    pub fn system(&self) -> String {
        self.view.settings.get(SYSTEM).map_or_else(|| "layered".to_owned(), ToString::to_string)
    }

    /// Its network as people call it: by name, where it has one.
    pub fn network(&self) -> Option<String> {
        let model = self.model.as_ref()?;
        let is_it =
            |(_, notation): &&(&str, &str)| network::items(notation).is_ok_and(|items| items == model.network.items);
        let named = NAMED.iter().find(is_it).map(|(name, _)| (*name).to_owned());
        Some(named.unwrap_or_else(|| model.network.notation()))
    }

    /// A setting as text, without a place of this machine.
    pub fn setting(&self, key: &str) -> Option<String> {
        self.view.settings.get(key).map(|value| placeless(key, value))
    }

    /// All settings, by name.
    pub fn settings(&self) -> impl Iterator<Item = (&str, String)> {
        self.view.settings.0.iter().map(|(key, value)| (key.as_str(), placeless(key, value)))
    }

    /// Its length as people say it, as in "12 of 30 epochs".
    pub fn length(&self) -> String {
        let done = self.view.rows.last().map_or(0, |row| row.epoch);
        match RunSettings::from_table(&self.view.settings).map(|settings| settings.length) {
            Ok(Length::Epochs(epochs)) => format!("{done} of {epochs}"),
            Ok(Length::Steps(steps)) => format!("{done} ({steps} steps in all)"),
            Err(_) => done.to_string(),
        }
    }

    /// The value of a column in the last row.
    pub fn last(&self, column: &str) -> Option<f64> {
        self.view.rows.last().and_then(|row| row.get(column))
    }

    /// The lowest value of a column, and its epoch: the first of equals.
    pub fn lowest(&self, column: &str) -> Option<(f64, u32)> {
        let all = self.view.rows.iter().filter_map(|row| Some((row.get(column)?, row.epoch)));
        all.min_by(|(a, _), (b, _)| a.total_cmp(b))
    }

    /// Records a second by epoch: those of its training steps, without validation.
    pub fn speeds(&self) -> Vec<(f64, f64)> {
        let Ok(settings) = RunSettings::from_table(&self.view.settings) else { return Vec::new() };
        // Without a number of steps in its row, an epoch that the run ended in cannot be told from a whole one.
        let whole = self.epoch_steps.filter(|_| matches!(settings.length, Length::Epochs(_)));
        let mut before = None;
        let mut speeds = Vec::new();
        for row in &self.view.rows {
            let since = if row.epoch == 1 { Some(0) } else { before };
            let steps = row.step.zip(since).and_then(|(step, since)| step.checked_sub(since)).or(whole);
            before = row.step;
            if let Some(steps) = steps.filter(|&steps| steps > 0 && row.seconds > 0.0) {
                speeds.push((f64::from(row.epoch), f64::from(steps) * f64::from(settings.batch) / row.seconds));
            }
        }
        speeds
    }

    /// The median of these; none where there are none.
    pub fn speed(&self) -> Option<f64> {
        let mut speeds: Vec<f64> = self.speeds().into_iter().map(|(_, speed)| speed).collect();
        speeds.sort_by(f64::total_cmp);
        speeds.get(speeds.len() / 2).copied()
    }
}

/// What runs' records are called.
pub fn records(subjects: &[&Subject]) -> &'static str {
    if subjects.iter().all(|subject| subject.view.record.classes > 0) { "images" } else { "records" }
}

/// The network that settings describe.
fn model(view: &View) -> Option<Model> {
    if view.settings.get(SYSTEM).is_some() {
        return None;
    }
    let input: Shape = view.record.input.parse().ok()?;
    ModelSpec::from_table(&view.settings).ok()?.build(input, view.record.classes).ok()
}

fn placeless(key: &str, value: &Value) -> String {
    let text = value.to_string();
    match text.split_once(':') {
        _ if !PLACES.contains(&key) => text,
        Some((name, _)) if key == "data" && name != "shapes" => format!("{name}:DIR"),
        _ if key == "data" => text,
        _ => Path::new(&text).file_name().map_or_else(|| text.clone(), |name| name.to_string_lossy().into_owned()),
    }
}

/// What runs are called: as their folders, with as many of those above as tell them apart.
pub fn names(paths: &[PathBuf]) -> Vec<String> {
    let parts = |path: &PathBuf| -> Vec<String> {
        // A path such as `.` has no name of its own.
        let whole = if path.file_name().is_none() {
            path.canonicalize().unwrap_or_else(|_| path.clone())
        } else {
            path.clone()
        };
        whole.iter().map(|part| part.to_string_lossy().into_owned()).collect()
    };
    let all: Vec<Vec<String>> = paths.iter().map(parts).collect();
    let ending = |parts: &Vec<String>, count: usize| parts[parts.len().saturating_sub(count)..].join("/");
    let name = |at: usize| {
        let is_alone = |count: usize| {
            !all.iter().enumerate().any(|(other, parts)| other != at && ending(parts, count) == ending(&all[at], count))
        };
        let count = (1..=all[at].len()).find(|&count| is_alone(count)).unwrap_or(1);
        ending(&all[at], count)
    };
    (0..all.len()).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_names_of_their_own() {
        let of = |paths: &[&str]| names(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(of(&["/a/b/run", "x"]), ["run", "x"]);
        assert_eq!(of(&["/a/b/run", "/a/c/run", "run/"]), ["b/run", "c/run", "run"]);
        assert_eq!(of(&["r", "r"]), ["r", "r"]);
        assert!(!of(&["."])[0].is_empty());
    }

    #[test]
    fn places_of_this_machine_are_not_told() {
        let text = |key: &str, value: &str| placeless(key, &Value::Text(value.to_owned()));
        assert_eq!(text("data", "cifar10:/home/me/data"), "cifar10:DIR");
        assert_eq!([text("data", "shapes:3"), text("data", "mnist")], ["shapes:3", "mnist"]);
        assert_eq!([text("init", "/home/me/a.safetensors"), text("net", "a:b")], ["a.safetensors", "a:b"]);
    }
}
