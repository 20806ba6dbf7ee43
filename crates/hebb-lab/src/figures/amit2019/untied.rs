//! Figures 9 and 11: places that share no filter. Figure 9 has the error tied beside untied, figure 11 how W and R of the
//! untied network's second stage align.

use hebb_systems::layered::Rule;

use super::compare::{CLOSE, Ends, FAR, VALIDATION, above, end, last, points};
use super::page::{self, END, SEEDS};
use super::runs::{Course, Images, Runs};
use super::training::{Net, Places, Training};
use super::{Made, correlation, one};
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Colour, Dash, Mark, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::stats;
use crate::table::Table;

/// The rules, in the order of the errors that the paper finds.
const RULES: [Rule; 3] = [Rule::BP, Rule::URFB, Rule::FRFB];
/// Images in a batch of the untied runs, and of the tied ones beside them.
pub const SIMPNET_BATCH: u32 = 100;
const DEEPNET_S_BATCH: u32 = 50;
/// Of so many epochs the first stage has one: the paper's 100 of 1,000.
const STAGE: u32 = 10;
/// The paper's colours, as the colour-blind can tell them apart: tied blue, untied red.
const COLOURS: [(&str, usize); 2] = [("tied", 0), ("untied", 1)];
/// Between a bar and its number, as a share of the axis.
const ABOVE: f64 = 0.02;
/// Half the width of a number, and of what stands where there is none, as a share of the way between two rules.
const HALF_NUMBER: f64 = 0.11;
const HALF_TEXT: f64 = 0.15;

/// A network's trainings of a rule: tied, and untied.
type Pair = fn(Net, Rule, u32) -> [Training; 2];

fn at_once(net: Net, rule: Rule, _epochs: u32) -> [Training; 2] {
    let tied = Training::new(net, rule).batch(SIMPNET_BATCH);
    [tied, tied.places(Places::Untied)]
}

fn by_stages(net: Net, rule: Rule, epochs: u32) -> [Training; 2] {
    let tied = Training::new(net, rule).batch(DEEPNET_S_BATCH);
    [tied, tied.places(Places::Second((epochs / STAGE).max(1)))]
}

/// Figure 9.
pub fn fig9(request: &Request<'_>) -> Result<Made, LabError> {
    of(request, one(request, "amit2019/fig9")?, (Net::SIMPNET, Net::DEEPNET_S))
}

/// Figure 11.
pub fn fig11(request: &Request<'_>) -> Result<Made, LabError> {
    eleven(request, one(request, "amit2019/fig11")?, Net::DEEPNET_S)
}

pub(super) fn eleven(request: &Request<'_>, images: Images, net: Net) -> Result<Made, LabError> {
    let trainings = |epochs: u32| [Rule::URFB, Rule::FRFB].map(|rule| by_stages(net, rule, epochs)[1]).to_vec();
    correlation::make(request, images, &trainings, "Figure 11")
}

pub(super) fn of(request: &Request<'_>, images: Images, (simpnet, deepnet_s): (Net, Net)) -> Result<Made, LabError> {
    let nets: [(Net, Pair); 2] = [(simpnet, at_once), (deepnet_s, by_stages)];
    let all = |epochs: u32| {
        nets.iter().flat_map(move |(net, pair)| RULES.map(|rule| pair(*net, rule, epochs))).flatten().collect()
    };
    let runs = Runs::of(request, vec![images], all)?;
    let halves: Vec<Half<'_>> = nets.iter().map(|(net, pair)| Half::of(&runs, *net, *pair)).collect();
    let tied = (runs.epochs / STAGE).max(1);
    let report = Report {
        shows: format!(
            "The validation error at the end of networks whose convolutions share a filter over all places (tied, blue), and of the \
             same with a filter at each place (untied, red), by rule. {SEEDS} {END}"
        ),
        claims: halves.iter().flat_map(Half::claims).collect(),
        ran: page::ran(&runs),
        reduced: page::reduced(&runs, 1),
        remarks: [
            format!(
                "deepnet_s is untied by the paper's two stages: {tied} tied epochs, whose first layer is then kept as it is, while all others start anew, the convolutions among them untied, for {} \
                 epochs.",
                runs.epochs
            ),
            "simpnet's untied convolution begins with one filter at all places, as the author ran it.".to_owned(),
            format!("Batches are of {SIMPNET_BATCH} images (simpnet) and {DEEPNET_S_BATCH} (deepnet_s), tied and untied."),
        ]
        .into_iter()
        .chain(page::remarks())
        .collect(),
    };
    Ok(Made { picture: picture(&runs, &halves), table: table(&halves), report })
}

/// A network's runs, by rule, tied and untied.
struct Half<'a> {
    net: Net,
    runs: [[Vec<&'a Course>; 2]; 3],
}

impl<'a> Half<'a> {
    fn of(runs: &'a Runs<'_>, net: Net, pair: Pair) -> Self {
        let data = runs.images.first().map_or("", |images| images.name.as_str());
        let get = |rule| pair(net, rule, runs.epochs).map(|training| runs.get(&training, data));
        Self { net, runs: RULES.map(get) }
    }

    fn claims(&self) -> Vec<Claim> {
        let [bp, urfb, frfb] = &self.runs;
        let (net, all) = (self.net.name, f64::INFINITY);
        let mut claims: Vec<Option<Claim>> = Vec::new();
        for (name, runs) in ["BP", "URFB", "FRFB"].iter().zip(&self.runs) {
            claims.push(above(
                format!("{net}, {name}: untied does slightly worse than tied, by at most {}", points(CLOSE)),
                [("untied", &runs[1]), ("tied", &runs[0])],
                (0.0, CLOSE),
            ));
        }
        claims.push(self.order());
        claims.push(above(
            format!("{net}: untied URFB comes close to tied BP, at most {} above", points(CLOSE)),
            [("untied URFB", &urfb[1]), ("tied BP", &bp[0])],
            (-all, CLOSE),
        ));
        if net != Net::SIMPNET.name {
            claims.push(above(
                format!("{net}: untied, too, FRFB does far worse than URFB, by more than {}", points(FAR)),
                [("FRFB", &frfb[1]), ("URFB", &urfb[1])],
                (FAR, all),
            ));
        }
        claims.into_iter().flatten().collect()
    }

    /// Whether the rules stand in one order, tied and untied.
    fn order(&self) -> Option<Claim> {
        let [bp, urfb, frfb] = &self.runs;
        let ends = |at: usize| Ends::of([("BP", &bp[at][..]), ("URFB", &urfb[at]), ("FRFB", &frfb[at])], VALIDATION);
        let (tied, untied) = (ends(0)?, ends(1)?);
        let order = |ends: &Ends<3>| {
            let mut order = [0, 1, 2];
            order.sort_by(|&a, &b| ends.mean(a).total_cmp(&ends.mean(b)));
            order
        };
        Some(Claim::new(
            format!("{}: the rules stand in the same order tied and untied", self.net.name),
            order(&tied) == order(&untied),
            format!("tied, {}; untied, {}", tied.told(), untied.told()),
        ))
    }

    /// `most`: the largest error of the figure, in percent.
    fn panel(&self, most: f64) -> plot::Panel {
        let ends = |courses: &[&Course]| courses.iter().filter_map(|course| last(course)).collect::<Vec<f64>>();
        let by_rule = self.runs.each_ref().map(|pair| pair.each_ref().map(|courses| ends(courses)));
        let axis = Axis::new("validation error (%)").over(0.0, 1.1 * most);
        let mut chart = Chart::new(self.net.name, Axis::new("").of(["BP", "URFB", "FRFB"]), axis);
        for (at, (_, colour)) in COLOURS.into_iter().enumerate() {
            let of = |ends: &[f64], of: fn(f64, f64) -> f64| ends.iter().copied().reduce(of);
            let values =
                by_rule.iter().map(|pair| if pair[at].is_empty() { 0.0 } else { stats::mean(&pair[at]) }).collect();
            let span = |pair: &[Vec<f64>; 2]| {
                let (low, high) = (of(&pair[at], f64::min)?, of(&pair[at], f64::max)?);
                (pair[at].len() > 1).then_some((low, high))
            };
            let spans = by_rule.iter().map(span).collect();
            chart = chart.with(Mark::Bars { values, spans, place: (at, 2), colour: Colour::nth(colour) });
            for (x, pair) in by_rule.iter().enumerate() {
                let middle = x as f64 + if at == 0 { -0.2 } else { 0.2 };
                let high = of(&pair[at], f64::max);
                let text = high.map_or_else(|| "no run".to_owned(), |_| format!("{:.1}", stats::mean(&pair[at])));
                let half = if high.is_some() { HALF_NUMBER } else { HALF_TEXT };
                let at = (middle - half, high.unwrap_or(0.0) + ABOVE * most);
                chart = chart.with(Mark::Note { at, text });
            }
        }
        chart.into()
    }
}

fn table(halves: &[Half<'_>]) -> Table {
    let columns = ["data", "net", "rule", "places", "batch", "run", "epochs", "train_error", "validation_error"];
    let mut table = Table::new(columns);
    for course in halves.iter().flat_map(|half| half.runs.iter().flatten().flatten()) {
        let training = &course.training;
        let places = if training.places == Places::Tied { "tied" } else { "untied" };
        let names = [course.data.as_str(), training.net.name, training.rule.name, places].map(Into::into);
        let numbers = [training.batch.into(), course.seed.into(), course.epochs().into()];
        let ends = ["train_error", VALIDATION].map(|name| end(course, name, course.rows.len()).into());
        table.push(names.into_iter().chain(numbers).chain(ends));
    }
    table
}

fn picture(runs: &Runs<'_>, halves: &[Half<'_>]) -> plot::Figure {
    // As wide as a bar in the key.
    let style = |n: usize| Style { colour: Colour::nth(n), dash: Dash::Solid, width: 10.0 };
    let most = runs.courses.iter().filter_map(last).reduce(f64::max).unwrap_or(100.0);
    plot::Figure {
        title: format!("Figure 9: error with tied and untied convolutions\n{}", page::subtitle(runs, false)),
        key: COLOURS.map(|(name, n)| (name.to_owned(), style(n))).to_vec(),
        rows: vec![halves.iter().map(|half| half.panel(most)).collect()],
        panel: (400.0, 280.0),
    }
}
