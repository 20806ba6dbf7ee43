//! Figure 8: filters of the untied simpnet at four places, and how much alike they are.

use hebb_spec::param::Weights;
use hebb_spec::system::System as _;
use hebb_systems::layered::{Model, Rule};

use super::page;
use super::runs::{Images, Runs};
use super::training::{Net, Places, Training};
use super::untied::SIMPNET_BATCH;
use super::{Made, one};
use crate::error::LabError;
use crate::filters::{Filters, Letter};
use crate::plot::{self, Axis, Chart, Map, Mark, Sheet, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::stats;
use crate::table::Table;

/// Filters that are drawn, a row each.
const SHOWN: u32 = 6;
/// A mean correlation from which on filters are alike.
const ALIKE: f64 = 0.5;

/// A run's filters.
struct Seen {
    seed: u64,
    epochs: u32,
    start: Weights,
    end: Weights,
}

/// The figure.
pub fn fig8(request: &Request<'_>) -> Result<Made, LabError> {
    of(request, one(request, "amit2019/fig8")?, Net::SIMPNET)
}

pub(super) fn of(request: &Request<'_>, images: Images, net: Net) -> Result<Made, LabError> {
    let training = Training::new(net, Rule::URFB).batch(SIMPNET_BATCH).places(Places::Untied);
    let model = training.spec()?.build(images.shape, images.classes)?;
    let runs = Runs::of(request, vec![images], |_| vec![training])?;
    let mut seen = Vec::new();
    for course in runs.courses.iter().filter(|course| course.epochs() > 0) {
        if let Some(end) = course.weights()? {
            let start = Weights::draw(&model.params(), course.seed);
            seen.push(Seen { seed: course.seed, epochs: course.learnt, start, end });
        }
    }
    let alike = seen.iter().map(|seen| Alike::of(seen, &model)).collect::<Result<Vec<_>, _>>()?;
    let report = Report {
        shows: format!(
            "Filters of the untied {net} after training by updated random feedback (URFB), each as it looks at the input's colours: a \
             row a filter, the first {SHOWN} of them, a column a place, a quarter and three quarters down and across the image; left \
             at the start, middle after training, each scaled to its own range{}. Right, of each filter, its mean correlation over \
             all pairs of places that lie wholly within the image, and the same of what it changed by since the start; lines are means \
             over the filters.",
            if seen.len() > 1 { format!(" (seed {})", seen[0].seed) } else { String::new() },
            net = net.name
        ),
        claims: claim(&alike).into_iter().collect(),
        ran: page::ran(&runs),
        reduced: page::reduced(&runs, 1),
        remarks: [
            "The untied layer begins with one filter at all places, as the author ran it: what is alike at the end is so in part from \
             the start. What the filters changed by tells it without that."
                .to_owned(),
        ]
        .into_iter()
        .chain(page::remarks())
        .chain(seen.iter().filter(|seen| seen.epochs > runs.epochs).map(longer))
        .collect(),
    };
    let picture = picture(&runs, (&seen, &alike), &model, net)?;
    Ok(Made { picture, table: table(&seen, &alike), report })
}

/// A run that is kept has its newest weights alone.
fn longer(seen: &Seen) -> String {
    format!("The filters of seed {} are those after epoch {}: a kept run has its newest alone.", seen.seed, seen.epochs)
}

/// How much alike a run's filters are at all places, filter by filter.
struct Alike {
    start: Vec<f64>,
    end: Vec<f64>,
    /// Of what the filters changed by.
    learnt: Vec<f64>,
}

impl Alike {
    fn of(seen: &Seen, model: &Model) -> Result<Self, LabError> {
        let of = |weights: &Weights| -> Result<Vec<f64>, LabError> {
            let filters = Filters::of(model, weights, 1, Letter::W)?;
            let whole = filters.whole();
            Ok((0..filters.maps()).map(|map| filters.similarity(map, &whole).unwrap_or(f64::NAN)).collect())
        };
        let mut learnt = seen.end.clone();
        let (w, from) = (learnt.get_mut("W1"), seen.start.get("W1"));
        w.zip(from).into_iter().for_each(|(w, from)| w.iter_mut().zip(from).for_each(|(w, from)| *w -= from));
        Ok(Self { start: of(&seen.start)?, end: of(&seen.end)?, learnt: of(&learnt)? })
    }
}

fn claim(alike: &[Alike]) -> Option<Claim> {
    let mean = |of: &dyn Fn(&Alike) -> &[f64]| -> Vec<f64> { alike.iter().map(|one| stats::mean(of(one))).collect() };
    let [start, end, learnt] = [mean(&|one| &one.start), mean(&|one| &one.end), mean(&|one| &one.learnt)];
    let all = || alike.iter().flat_map(|one| one.end.iter().copied());
    let (low, high) = (all().reduce(f64::min)?, all().reduce(f64::max)?);
    Some(Claim::new(
        format!("filters of different places remain alike (mean correlation between places at least {ALIKE})"),
        !end.is_empty() && stats::mean(&end) >= ALIKE,
        format!(
            "mean over the filters {:.3} (at the start {:.3}), of single filters {low:.3} to {high:.3}; of what they changed by \
             since the start {:.3}",
            stats::mean(&end),
            stats::mean(&start),
            stats::mean(&learnt)
        ),
    ))
}

fn table(seen: &[Seen], alike: &[Alike]) -> Table {
    let mut table = Table::new(["run", "epochs", "filter", "similarity_start", "similarity_end", "similarity_change"]);
    for (seen, alike) in seen.iter().zip(alike) {
        for (filter, ((start, end), learnt)) in (0_u32..).zip(alike.start.iter().zip(&alike.end).zip(&alike.learnt)) {
            let numbers = [*start, *end, *learnt].map(Into::into);
            table.push([seen.seed.into(), seen.epochs.into(), filter.into()].into_iter().chain(numbers));
        }
    }
    table
}

fn picture(
    runs: &Runs<'_>,
    (seen, alike): (&[Seen], &[Alike]),
    model: &Model,
    net: Net,
) -> Result<plot::Figure, LabError> {
    let mut row: Vec<plot::Panel> = Vec::new();
    if let (Some(seen), Some(alike)) = (seen.first(), alike.first()) {
        row.push(sheet(model, &seen.start, "at the start".to_owned())?.into());
        row.push(sheet(model, &seen.end, format!("after {} epochs", seen.epochs))?.into());
        let count = alike.end.len() as f64;
        let low = alike.end.iter().chain(&alike.learnt).copied().fold(-0.05, f64::min);
        let axis = Axis::new("mean correlation between places").over(low, 1.05);
        let mut chart = Chart::new("all filters", Axis::new("filter").over(-1.0, count), axis);
        for (n, values) in [&alike.end, &alike.learnt].into_iter().enumerate() {
            let mean = stats::mean(values);
            let points = values.iter().enumerate().map(|(filter, value)| (filter as f64, *value)).collect();
            chart = chart.curve(vec![(-1.0, mean), (count, mean)], series(n).of_width(1.2)).with(Mark::Points {
                points,
                colour: series(n).colour,
                radius: 3.5,
            });
        }
        row.push(chart.into());
    }
    Ok(plot::Figure {
        title: format!("Figure 8: filters of the untied {} at four places\n{}", net.name, page::subtitle(runs, true)),
        key: ["filters", "what they changed by"]
            .iter()
            .enumerate()
            .map(|(n, name)| ((*name).to_owned(), series(n)))
            .collect(),
        rows: vec![row],
        panel: (280.0, 420.0),
    })
}

/// Filters solid, and what they changed by dashed.
fn series(n: usize) -> Style {
    Style::nth(n)
}

/// The first filters in rows, at four places.
fn sheet(model: &Model, weights: &Weights, title: String) -> Result<Sheet, LabError> {
    let filters = Filters::of(model, weights, 1, Letter::W)?;
    let (rows, columns) = filters.grid().unwrap_or((1, 1));
    let at = |row: u32, column: u32| (row * rows / 4) * columns + column * columns / 4;
    let places = [at(1, 1), at(1, 3), at(3, 1), at(3, 3)];
    let maps = 0..filters.maps().min(SHOWN);
    // What is no colour is drawn by its first channel.
    let part = (!matches!(filters.shape().channels, 1 | 3)).then_some(0);
    let images = maps.flat_map(|map| places.map(|place| filters.image(map, place, part))).collect();
    Ok(Sheet { title, images, columns: places.len(), map: Map::Own })
}
