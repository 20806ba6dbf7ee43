//! The picture: a row of panels for each column.

use std::collections::BTreeSet;

use super::{Comparison, Group, values};
use crate::plot::{Axis, Chart, Colour, Figure, Mark, Style};
use crate::stats::{deviation, mean};

/// Most characters of a name in the picture.
const NAME: usize = 60;

impl Comparison {
    /// Each group's mean by epoch, with a band of its standard deviation to either side where it has several runs.
    pub fn picture(&self) -> Figure {
        let mut labels: Vec<&str> = Vec::new();
        for group in self.panels.iter().flat_map(|panel| &panel.groups) {
            if !labels.contains(&group.label.as_str()) {
                labels.push(&group.label);
            }
        }
        let style = |label: &str| Style::nth(labels.iter().position(|other| *other == label).unwrap_or(0));
        let row = |column: &String| {
            let chart = |title: &str, groups: &[Group]| {
                let chart = Chart::new(short(title), Axis::new("epoch").whole(), Axis::new(column.replace('_', " ")));
                let bands =
                    groups.iter().fold(chart, |chart, group| band(chart, group, column, style(&group.label).colour));
                groups.iter().fold(bands, |chart, group| curve(chart, group, column, style(&group.label))).into()
            };
            self.panels.iter().map(|panel| chart(&panel.title, &panel.groups)).collect()
        };
        let groups = || self.panels.iter().flat_map(|panel| &panel.groups);
        let seeds: BTreeSet<u64> = groups().flat_map(|group| group.runs.iter().map(|(seed, _)| *seed)).collect();
        let seeds = seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        let title = match groups().any(|group| group.runs.len() > 1) {
            true => format!("Means over seeds ({}), bands of ± one standard deviation", short(&seeds)),
            false => format!("Single runs (seed {})", short(&seeds)),
        };
        Figure {
            title,
            key: labels.iter().map(|label| (short(label), style(label))).collect(),
            rows: self.columns.iter().map(row).collect(),
            panel: (if self.panels.len() > 1 { 300.0 } else { 460.0 }, 240.0),
        }
    }
}

/// A group's values by epoch.
fn course<'a>(group: &'a Group, column: &'a str) -> impl Iterator<Item = (f64, Vec<f64>)> + 'a {
    let epochs: BTreeSet<u32> = group.runs.iter().flat_map(|(_, run)| run.rows.iter().map(|row| row.epoch)).collect();
    epochs.into_iter().map(move |epoch| {
        (f64::from(epoch), values(group, column, epoch).into_iter().map(|(_, value)| value).collect())
    })
}

fn curve(chart: Chart, group: &Group, column: &str, style: Style) -> Chart {
    let points: Vec<(f64, f64)> = course(group, column).map(|(epoch, values)| (epoch, mean(&values))).collect();
    match points.iter().filter(|(_, y)| y.is_finite()).count() {
        // One point is no line.
        1 => chart.with(Mark::Points { points, colour: style.colour, radius: 4.0 }),
        _ => chart.curve(points, style),
    }
}

/// Where not all runs go as far there is a band as far as two do.
fn band(chart: Chart, group: &Group, column: &str, colour: Colour) -> Chart {
    let around = |(epoch, values): (f64, Vec<f64>)| {
        let (mean, half) = (mean(&values), deviation(&values)?);
        Some(((epoch, mean - half), (epoch, mean + half)))
    };
    let (low, high): (Vec<_>, Vec<_>) = course(group, column).filter_map(around).unzip();
    if low.len() < 2 { chart } else { chart.band(low, high, colour) }
}

/// A name that has room.
fn short(text: &str) -> String {
    match text.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
