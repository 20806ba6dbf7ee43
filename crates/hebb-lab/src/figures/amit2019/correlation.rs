//! Figures 10 and 11: the correlation of W and R by epoch, layer by layer.

use hebb_systems::layered::Rule;

use super::compare::{Band, VALIDATION, percent};
use super::page::{self, SEEDS};
use super::runs::{Course, Images, Runs};
use super::training::{Net, Training};
use super::{Made, one};
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::Table;

/// The rules, in the paper's order from left to right.
const RULES: [Rule; 2] = [Rule::URFB, Rule::FRFB];
/// What an error has to fall below chance, at least, for a way that it went.
const FALLEN: f64 = 0.05;
/// A correlation that is close to 1.
const CLOSE: f64 = 0.9;

/// Figure 10.
pub fn fig10(request: &Request<'_>) -> Result<Made, LabError> {
    let trainings = |_| RULES.map(|rule| Training::new(Net::SIMPNET, rule)).to_vec();
    make(request, one(request, "amit2019/fig10")?, &trainings, "Figure 10")
}

/// The figure of one training by either rule, URFB first, which may depend on how many epochs there are.
pub(super) fn make(
    request: &Request<'_>,
    images: Images,
    trainings: &dyn Fn(u32) -> Vec<Training>,
    figure: &str,
) -> Result<Made, LabError> {
    let chance = 1.0 - 1.0 / f64::from(images.classes);
    let runs = Runs::of(request, vec![images], trainings)?;
    let net = trainings(runs.epochs).first().map_or("", |training| training.net.name);
    let by_rule = ByRule::of(&runs, trainings(runs.epochs));
    let report = Report {
        shows: format!(
            "The correlation of W and R by epoch in each layer of {net} that has an R and learns, counted from the input: left by \
             updated random feedback (URFB), right by fixed random feedback (FRFB). {SEEDS}"
        ),
        claims: by_rule.claims(chance, net),
        ran: page::ran(&runs),
        reduced: page::reduced(&runs, 1),
        remarks: remarks(net),
    };
    Ok(Made { picture: by_rule.picture(&runs, net, figure), table: by_rule.table(), report })
}

fn remarks(net: &str) -> Vec<String> {
    let mut remarks = vec![
        "The correlation is Pearson's over the connections that both W and R have, of the weights at the epoch's end."
            .to_owned(),
    ];
    if net == Net::SIMPNET.name {
        remarks.push(
            "Layer 1 needs no R, for it sends no feedback. The author's code had one all the same, and his figure shows it: here, \
             too, R₁ gets the increments that its rule gives it and is used for nothing."
                .to_owned(),
        );
    }
    remarks
}

/// The runs of each rule.
struct ByRule<'a> {
    runs: Vec<Vec<&'a Course>>,
    /// The layers that have a correlation, counted from 1.
    layers: Vec<u32>,
}

fn column(layer: u32) -> String {
    format!("corr_{layer}")
}

impl<'a> ByRule<'a> {
    fn of(runs: &'a Runs<'_>, trainings: Vec<Training>) -> Self {
        let data = runs.images.first().map_or("", |images| images.name.as_str());
        let runs: Vec<Vec<&Course>> = trainings.iter().map(|training| runs.get(training, data)).collect();
        let columns = runs.iter().flatten().flat_map(|course| course.rows.first()).flat_map(|row| &row.values);
        let mut layers: Vec<u32> = columns.filter_map(|(name, _)| name.strip_prefix("corr_")?.parse().ok()).collect();
        layers.sort_unstable();
        layers.dedup();
        Self { runs, layers }
    }

    /// A layer's correlation by epoch, meant over the seeds.
    fn by_epoch(&self, rule: usize, layer: u32) -> Vec<f64> {
        Band::of(&self.runs[rule], &column(layer), 1.0).mean.into_iter().map(|(_, value)| value).collect()
    }

    fn claims(&self, chance: f64, net: &str) -> Vec<Claim> {
        let [urfb, frfb] = &self.runs[..] else { return Vec::new() };
        if urfb.is_empty() {
            return Vec::new();
        }
        let by_layer = |rule: usize, at: usize| -> Vec<f64> {
            self.layers.iter().map(|&layer| self.by_epoch(rule, layer).get(at).copied().unwrap_or(f64::NAN)).collect()
        };
        let epochs = |rule: usize| self.layers.first().map_or(0, |&layer| self.by_epoch(rule, layer).len());
        let told = |values: &[f64]| {
            let one = |(layer, value): (&u32, &f64)| format!("layer {layer} {value:.3}").replace('-', "−");
            self.layers.iter().zip(values).map(one).collect::<Vec<_>>().join(", ")
        };
        let last = epochs(0).saturating_sub(1);
        let (start, end) = (by_layer(0, 0), by_layer(0, last));
        let mut claims = vec![Claim::new(
            "under URFB the correlation of W and R grows in each layer, and never becomes 1",
            start.iter().zip(&end).all(|(start, end)| end > start && *end < 1.0),
            format!("after epoch 1 {}; after epoch {} {}", told(&start), last + 1, told(&end)),
        )];
        claims.extend(self.early(chance, &by_layer));
        if net != Net::SIMPNET.name {
            let is_monotone = end.is_sorted() || end.iter().rev().is_sorted();
            let close = end.iter().filter(|value| **value >= CLOSE).count();
            let found = format!("after epoch {} {}", last + 1, told(&end));
            claims.push(Claim::new("under URFB the correlation is not monotone in depth", !is_monotone, found.clone()));
            claims.push(Claim::new(
                format!("under URFB some layers, but not all, come close to 1 (at least {CLOSE})"),
                close > 0 && close < end.len(),
                found,
            ));
        }
        if !frfb.is_empty() {
            let at = last.min(epochs(1).saturating_sub(1));
            let (urfb, frfb) = (by_layer(0, at), by_layer(1, at));
            let found = format!("after epoch {}: URFB {}; FRFB {}", at + 1, told(&urfb), told(&frfb));
            claims.push(Claim::new(
                "weights align more under URFB than under FRFB, in each layer",
                urfb.iter().zip(&frfb).all(|(urfb, frfb)| urfb > frfb),
                found.clone(),
            ));
            let top = |values: &[f64]| values.iter().copied().reduce(f64::max) == values.last().copied();
            claims.push(Claim::new(
                "the output layer's correlation is the highest under both",
                top(&urfb) && top(&frfb),
                found,
            ));
        }
        claims
    }

    /// Whether the error falls before the weights align; nothing to tell where it hardly fell.
    fn early(&self, chance: f64, by_layer: &dyn Fn(usize, usize) -> Vec<f64>) -> Option<Claim> {
        let errors: Vec<f64> =
            Band::of(&self.runs[0], VALIDATION, 1.0).mean.into_iter().map(|(_, error)| error).collect();
        let end = errors.last().copied().unwrap_or(f64::NAN);
        let half = (chance + end) / 2.0;
        if chance - end < FALLEN {
            return None;
        }
        let at = errors.iter().position(|error| *error <= half).unwrap_or(errors.len().saturating_sub(1));
        let mean = |at: usize| crate::stats::mean(&by_layer(0, at));
        let (then, last) = (mean(at), mean(errors.len().saturating_sub(1)));
        let found = format!(
            "epoch {}: error {} (last {}), correlation {then:.3} (last {last:.3})",
            at + 1,
            percent(errors.get(at).copied().unwrap_or(f64::NAN)),
            percent(end)
        );
        Some(Claim::new(
            "URFB's error falls before its weights align: half way from chance to its last validation error, their mean \
             correlation is less than half of its last",
            then < last / 2.0,
            found.replace('-', "−"),
        ))
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["net", "rule", "data", "run", "epoch", "layer", "correlation"]);
        for course in self.runs.iter().flatten() {
            let (net, rule) = (course.training.net.name, course.training.rule.name);
            for (row, &layer) in course.rows.iter().flat_map(|row| self.layers.iter().map(move |layer| (row, layer))) {
                let head = [net.into(), rule.into(), course.data.as_str().into(), course.seed.into()];
                let numbers = [row.epoch.into(), layer.into(), row.get(&column(layer)).into()];
                table.push(head.into_iter().chain(numbers));
            }
        }
        table
    }

    fn picture(&self, runs: &Runs<'_>, net: &str, figure: &str) -> plot::Figure {
        let lowest =
            self.runs.iter().flatten().flat_map(|course| self.layers.iter().flat_map(|&l| course.column(&column(l))));
        let low = lowest.filter(|value| value.is_finite()).fold(-0.05, f64::min);
        let panel = |(courses, name): (&Vec<&Course>, &str)| -> plot::Panel {
            let epoch = Axis::new("epoch").over(0.0, f64::from(runs.epochs));
            let mut chart = Chart::new(name, epoch, Axis::new("correlation of W and R").over(low, 1.0));
            for (n, &layer) in self.layers.iter().enumerate() {
                let band = Band::of(courses, &column(layer), 1.0);
                if courses.len() > 1 {
                    chart = chart.band(band.low, band.high, Style::nth(n).colour);
                }
                chart = chart.named(band.mean, Style::nth(n), layer.to_string());
            }
            chart.into()
        };
        let layer = |(n, layer): (usize, &u32)| (format!("layer {layer}"), Style::nth(n));
        plot::Figure {
            title: format!("{figure}: correlation of W and R in {net}\n{}", page::subtitle(runs, true)),
            key: self.layers.iter().enumerate().map(layer).collect(),
            rows: vec![self.runs.iter().zip(["URFB", "FRFB"]).map(panel).collect()],
            panel: (400.0, 300.0),
        }
    }
}
