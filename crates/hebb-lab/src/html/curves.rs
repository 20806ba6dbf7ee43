//! The curves of runs' columns, as charts in a page.

use crate::plot::{Axis, Chart, Colour, Dash, Mark, Style};

use super::subject::{Subject, records};
use super::svg::{Svgs, swatch};
use super::text::{escape, name};

/// Epochs that an axis has at least, so that it numbers whole ones.
const EPOCHS: u32 = 5;
/// Names that stand below each other at a chart's right.
const NAMES: usize = 12;

/// The share of a number by which an axis reaches to both sides of it, where it is all there is.
const FLAT: f64 = 0.05;

/// What a layered network's columns of one stem are: title, and label of the axis.
const KNOWN: [(&str, &str, &str); 7] = [
    ("error", "Error", "share of images wrong"),
    ("loss", "Loss", "loss an image"),
    ("corr", "Correlation of W and R", "Pearson's correlation"),
    ("angle", "Angle between W and R", "angle (degrees)"),
    ("norm_ratio", "|R| over |W|", "ratio of norms"),
    ("saturated", "Saturated units", "share of units at ±1"),
    ("delta_angle", "Angle between δ and back-propagation's", "angle (degrees)"),
];

/// How columns of one stem go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// One of training, one of validation, or one of them.
    Parts,
    /// One a layer.
    Layers,
    /// A column of its own.
    Alone,
}

/// Columns that belong in one chart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    stem: String,
    kind: Kind,
    /// Each column, and what it is of.
    columns: Vec<(String, u32)>,
}

/// Puts columns together, in the order in which their stems come first.
fn groups<'a>(columns: impl Iterator<Item = &'a str>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for column in columns {
        let part =
            [("train_", 0), ("validation_", 1)].into_iter().find_map(|(of, at)| Some((column.strip_prefix(of)?, at)));
        let layer = column.rsplit_once('_').and_then(|(stem, layer)| Some((stem, layer.parse().ok()?)));
        let (stem, kind, at) = match (part, layer) {
            (Some((stem, at)), _) => (stem, Kind::Parts, at),
            (None, Some((stem, layer))) => (stem, Kind::Layers, layer),
            (None, None) => (column, Kind::Alone, 0),
        };
        let entry = (column.to_owned(), at);
        match groups.iter_mut().find(|group| group.stem == stem && group.kind == kind) {
            Some(group) => group.columns.push(entry),
            None => groups.push(Group { stem: stem.to_owned(), kind, columns: vec![entry] }),
        }
    }
    groups.iter_mut().for_each(|group| group.columns.sort_by_key(|(_, at)| *at));
    groups
}

/// A column of a run, by epoch.
fn points(subject: &Subject, column: &str) -> Vec<(f64, f64)> {
    let rows = subject.view.rows.iter();
    rows.map(|row| (f64::from(row.epoch), row.get(column).unwrap_or(f64::NAN))).collect()
}

/// All charts of runs: those that all share, and those with a line a layer, which each run has its own of.
pub fn charts(subjects: &[&Subject]) -> String {
    let mut svgs = Svgs::default();
    let mut names = Vec::new();
    for row in subjects.iter().filter_map(|subject| subject.view.rows.first()) {
        names.extend(
            row.values.iter().map(|(name, _)| name.as_str()).filter(|name| !names.contains(name)).collect::<Vec<_>>(),
        );
    }
    let is_layered = subjects.iter().all(|subject| subject.model.is_some());
    let groups = groups(names.into_iter());
    let (layers, mut shared): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group.kind == Kind::Layers);
    // What is looked for first.
    shared.sort_by_key(|group| group.stem != "error");
    let last = subjects.iter().flat_map(|subject| subject.view.rows.last()).map(|row| row.epoch).max();
    let Some(last) = last else { return "<p class=soft>No epoch has ended yet.</p>\n".to_owned() };
    let epochs = || Axis::new("epoch").over(0.0, f64::from(last.max(EPOCHS)));
    let titles = |stem: &str| match KNOWN.iter().find(|(known, ..)| *known == stem && is_layered) {
        Some((_, title, label)) => ((*title).to_owned(), (*label).to_owned()),
        None => (name(stem), name(stem)),
    };
    let mut page = key(subjects, shared.iter().any(|group| group.kind == Kind::Parts));
    page.push_str("<div class=charts>\n");
    for group in shared {
        let (title, label) = titles(&group.stem);
        let mut chart = Chart::new(&title, epochs(), Axis::new(label));
        for (run, subject) in subjects.iter().enumerate() {
            for (column, at) in &group.columns {
                chart = line(chart, points(subject, column), style(run, *at == 1), None);
            }
        }
        page.push_str(&svgs.chart(&title, chart));
    }
    if subjects.iter().any(|subject| !subject.speeds().is_empty()) {
        let title = "Speed of training";
        let mut chart = Chart::new(title, epochs(), Axis::new(format!("{} a second", records(subjects))));
        for (run, subject) in subjects.iter().enumerate() {
            chart = line(chart, subject.speeds(), style(run, false), None);
        }
        page.push_str(&svgs.chart(title, chart));
    }
    page.push_str("</div>\n");
    let by_layer: Vec<(String, String)> = layers
        .iter()
        .map(|group| (titles(&group.stem), group))
        .map(|((title, label), group)| {
            let charts = layer_charts(subjects, (group, &title, &label), &epochs, &mut svgs);
            (title, charts)
        })
        .filter(|(_, charts)| !charts.is_empty())
        .collect();
    match subjects {
        [_] if !by_layer.is_empty() => {
            let charts: String = by_layer.into_iter().map(|(_, charts)| charts).collect();
            page.push_str(&format!("<h3>By layer</h3>\n<div class=charts>\n{charts}</div>\n"));
        }
        _ => by_layer.into_iter().for_each(|(title, charts)| {
            page.push_str(&format!("<h3>{} by layer</h3>\n<div class=charts>\n{charts}</div>\n", escape(&title)));
        }),
    }
    page
}

/// A chart with a line a layer for each run that has one, all over one range.
fn layer_charts(
    subjects: &[&Subject],
    (group, title, label): (&Group, &str, &str),
    epochs: &dyn Fn() -> Axis,
    svgs: &mut Svgs,
) -> String {
    let all = subjects.iter().flat_map(|subject| group.columns.iter().flat_map(|(column, _)| points(subject, column)));
    let range = all
        .map(|(_, y)| y)
        .filter(|y| y.is_finite())
        .fold(None, |range: Option<(f64, f64)>, y| Some(range.map_or((y, y), |(low, high)| (low.min(y), high.max(y)))));
    let Some((low, high)) = range else { return String::new() };
    // What does not vary lies in the middle of a range in which it would be seen to.
    let margin = if high > low { 0.04 * (high - low) } else { FLAT * high.abs().max(1.0) };
    let mut page = String::new();
    for subject in subjects {
        let lines: Vec<_> = group.columns.iter().map(|(column, layer)| (points(subject, column), layer)).collect();
        let has = |points: &[(f64, f64)]| points.iter().any(|(_, y)| y.is_finite());
        if !lines.iter().any(|(points, _)| has(points)) {
            continue;
        }
        let (above, described) = match subjects {
            [_] => (title.to_owned(), title.to_owned()),
            _ => (name(&subject.name), format!("{title}: {}", subject.name)),
        };
        let mut chart = Chart::new(&above, epochs(), Axis::new(label).over(low - margin, high + margin));
        let every = lines.len().div_ceil(NAMES);
        for (at, (points, layer)) in lines.into_iter().enumerate() {
            let told = (at % every == 0 && has(&points)).then(|| format!("layer {layer}"));
            chart = line(chart, points, Style::nth(at), told);
        }
        page.push_str(&svgs.chart(&described, chart));
    }
    page
}

/// A run's line: colours tell runs, dashes training from validation.
fn style(run: usize, is_validation: bool) -> Style {
    Style { dash: if is_validation { Dash::Short } else { Dash::Solid }, ..Style::nth(run) }
}

/// A chart with one line more; a point where that is all there is.
fn line(chart: Chart, points: Vec<(f64, f64)>, style: Style, label: Option<String>) -> Chart {
    let finite: Vec<(f64, f64)> = points.iter().copied().filter(|(_, y)| y.is_finite()).collect();
    let chart = match finite.len() {
        1 => chart.with(Mark::Points { points: finite, colour: style.colour, radius: 3.5 }),
        _ => chart,
    };
    chart.with(Mark::Curve { points, style, label })
}

/// What the lines of the shared charts are.
fn key(subjects: &[&Subject], has_parts: bool) -> String {
    let mut entries = String::new();
    let mut add = |style: Style, text: &str| entries.push_str(&format!("<li>{}{}</li>", swatch(style), escape(text)));
    if subjects.len() > 1 {
        subjects.iter().enumerate().for_each(|(run, subject)| add(style(run, false), &subject.name));
    }
    if has_parts {
        let of = |is_validation| match subjects.len() {
            1 => style(0, is_validation),
            _ => Style { colour: Colour::INK, ..style(0, is_validation) },
        };
        add(of(false), "training");
        add(of(true), "validation");
    }
    if entries.is_empty() { entries } else { format!("<ul class=key>{entries}</ul>\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_one_stem_go_together() {
        let names =
            ["train_loss", "corr_2", "corr_10", "validation_loss", "corr_1", "norm_ratio_1", "norm", "log10_error"];
        let found = groups(names.into_iter());
        let told: Vec<(&str, Kind, Vec<&str>)> = found
            .iter()
            .map(|g| (g.stem.as_str(), g.kind, g.columns.iter().map(|(name, _)| name.as_str()).collect()))
            .collect();
        let wanted = [
            ("loss", Kind::Parts, vec!["train_loss", "validation_loss"]),
            ("corr", Kind::Layers, vec!["corr_1", "corr_2", "corr_10"]),
            ("norm_ratio", Kind::Layers, vec!["norm_ratio_1"]),
            ("norm", Kind::Alone, vec!["norm"]),
            ("log10_error", Kind::Alone, vec!["log10_error"]),
        ];
        assert_eq!(told, wanted);
    }
}
