//! Which runs belong together.

use std::collections::BTreeSet;

use hebb_engine::settings::FREE;
use hebb_engine::view::View;
use hebb_spec::settings::Value;
use hebb_systems::layered::{ModelSpec, NAMED};

use super::CompareError;
use crate::sweep::{placeless, rank};

/// Runs that are alike but for their seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What sets it apart from the panel's others.
    pub label: String,
    /// Its runs, each behind its seed.
    pub runs: Vec<(u64, View)>,
}

/// Groups in one diagram.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What they have in common and other panels have not; empty where there is one panel.
    pub title: String,
    /// The groups, in the order in which their first runs were named.
    pub groups: Vec<Group>,
}

/// A setting's value as it is compared; none where it does not stand there or is switched off.
fn value(run: &View, key: &str) -> Option<String> {
    match run.settings.get(key)? {
        Value::Switch(false) => None,
        Value::Float(number) => Some(number.to_string()),
        Value::Text(text) if key == "data" => Some(placeless(text).to_owned()),
        Value::Text(text) if key == "net" => Some(name_of(text).to_owned()),
        other => Some(other.to_string()),
    }
}

/// A network's name, where its notation is that of one.
fn name_of(notation: &str) -> &str {
    let is_it = |name: &str| {
        let spec = ModelSpec { net: name.to_owned(), ..ModelSpec::default() };
        spec.resolved(2).is_ok_and(|spec| spec.net == notation)
    };
    NAMED.iter().find(|(name, _)| is_it(name)).map_or(notation, |(name, _)| name)
}

/// Whether runs of a group may differ in a setting: in their seed, and in what a run that goes on may change.
fn is_own(key: &str) -> bool {
    key == "seed" || (FREE.contains(&key) && key != "data")
}

/// Puts runs into panels and groups; `by` is the setting that tells a panel's groups apart, or all that differ do.
pub fn panels(runs: &[View], by: Option<&str>) -> Result<Vec<Panel>, CompareError> {
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in runs.iter().flat_map(|run| &run.settings.0) {
        if !is_own(key) && !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    // A rule before its numbers, whatever the files' order.
    keys.sort_by_key(|key| rank(key));
    if let Some(by) = by.filter(|by| !keys.contains(by)) {
        let differs = |key: &&&str| runs.windows(2).any(|pair| value(&pair[0], key) != value(&pair[1], key));
        let known: Vec<&str> = keys.iter().filter(differs).copied().collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(CompareError::By { key: by.to_owned(), known });
    }
    let kept = telling(runs, by.into_iter().chain(keys.iter().copied()));
    // Whether the setting asked for differs at all or not, it is what the groups are called by.
    let (of_group, of_panel): (Vec<&str>, Vec<&str>) = match by {
        Some(by) => (vec![by], kept.into_iter().filter(|key| *key != by).collect()),
        None => (kept, Vec::new()),
    };
    let mut panels: Vec<Panel> = Vec::new();
    for run in runs {
        let title = label(run, &of_panel);
        let mut name = label(run, &of_group);
        if name.is_empty() {
            name = label(
                run,
                &keys.iter().copied().filter(|key| ["net", "rule", "system"].contains(key)).collect::<Vec<_>>(),
            );
        }
        let at = panels.iter().position(|panel| panel.title == title).unwrap_or_else(|| {
            panels.push(Panel { title, groups: Vec::new() });
            panels.len() - 1
        });
        let groups = &mut panels[at].groups;
        let at = groups.iter().position(|group| group.label == name).unwrap_or_else(|| {
            groups.push(Group { label: name, runs: Vec::new() });
            groups.len() - 1
        });
        let seed = run.settings.get("seed").and_then(|seed| seed.integer(0, u64::MAX).ok()).unwrap_or(0);
        if let Some((_, other)) = groups[at].runs.iter().find(|(other, _)| *other == seed) {
            return Err(CompareError::Same { first: other.path.clone(), second: run.path.clone() });
        }
        groups[at].runs.push((seed, run.clone()));
    }
    Ok(panels)
}

/// Of the settings in which runs differ those that tell them apart: a number that goes with a rule says nothing beside it.
fn telling<'a>(runs: &[View], keys: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let (mut kept, mut parts) = (Vec::new(), 1);
    for key in keys {
        let with: Vec<&str> = kept.iter().copied().chain([key]).collect();
        let values = |run| with.iter().map(|key| value(run, key)).collect::<Vec<_>>();
        let count = runs.iter().map(values).collect::<BTreeSet<_>>().len();
        if count > parts {
            (kept, parts) = (with, count);
        }
    }
    kept
}

/// A run's values of some settings, as people read them.
fn label(run: &View, keys: &[&str]) -> String {
    let one = |key: &&str| match (value(run, key), run.settings.get(key)) {
        (None, _) => format!("no {key}"),
        (Some(_), Some(Value::Switch(_))) => (*key).to_owned(),
        // A word says by itself what it is.
        (Some(value), Some(Value::Text(_))) => value,
        (Some(value), _) => format!("{key} {value}"),
    };
    keys.iter().map(one).collect::<Vec<_>>().join(", ")
}
