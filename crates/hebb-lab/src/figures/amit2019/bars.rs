//! Figures 5 and 6: the error at the end, by rule, loss and share of the connections.

use hebb_systems::layered::Rule;

use super::compare::{CLOSE, Ends, FAR, VALIDATION, above, end, last, points};
use super::page::{self, END, SEEDS};
use super::runs::{Course, Images, Runs};
use super::training::{Net, Training};
use super::{Made, several};
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Mark};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::stats;
use crate::table::Table;

/// The data sets of the paper's figures.
const DATA: usize = 2;
/// Between a bar and its number, as a share of the axis.
const ABOVE: f64 = 0.02;
/// Half the width of a number, and of what stands where there is none, as a share of the way between two bars.
const HALF_NUMBER: f64 = 0.17;
const HALF_TEXT: f64 = 0.26;

/// Figure 5.
pub fn fig5(request: &Request<'_>) -> Result<Made, LabError> {
    of(request, several(request, "amit2019/fig5")?, &[Net::SIMPNET], "Figure 5")
}

/// Figure 6.
pub fn fig6(request: &Request<'_>) -> Result<Made, LabError> {
    of(request, several(request, "amit2019/fig6")?, &[Net::DEEPNET, Net::DEEPERNET], "Figure 6")
}

/// The bars of a network, in the paper's order.
fn bars(net: Net) -> [Training; 6] {
    let [bp, urfb, frfb] = [Rule::BP, Rule::URFB, Rule::FRFB].map(|rule| Training::new(net, rule));
    [bp.softmax(), bp, urfb, frfb, urfb.half(), frfb.half()]
}

pub(super) fn of(request: &Request<'_>, images: Vec<Images>, nets: &[Net], figure: &str) -> Result<Made, LabError> {
    let runs = Runs::of(request, images, |_| nets.iter().flat_map(|net| bars(*net)).collect())?;
    let data: Vec<String> = runs.data().map(str::to_owned).collect();
    let mut claims: Vec<Claim> =
        data.iter().flat_map(|data| nets.iter().flat_map(|&net| each(&runs, net, data))).collect();
    claims.extend(data.iter().filter_map(|data| deeper(&runs, nets, data)).flatten());
    claims.extend(larger(&runs, nets, &data));
    let names = nets.iter().map(|net| net.name).collect::<Vec<_>>().join(" and ");
    let report = Report {
        shows: format!(
            "The validation error of {names} at the end: back-propagation with the softmax loss (BP), and with the hinge loss \
             (BP-H), as all others have it: updated (URFB) and fixed random feedback (FRFB), with all connections and with a \
             random half of them (50 %). {SEEDS} {END}"
        ),
        claims,
        ran: page::ran(&runs),
        reduced: page::reduced(&runs, DATA),
        remarks: page::remarks(),
    };
    Ok(Made { picture: picture(&runs, nets, figure), table: table(&runs), report })
}

/// The claims about a network on a data set.
fn each(runs: &Runs<'_>, net: Net, data: &str) -> Vec<Claim> {
    let [bp, hinge, urfb, frfb, urfb_half, frfb_half] = bars(net).map(|training| runs.get(&training, data));
    let all = f64::INFINITY;
    let of = format!("{}, {data}", net.name);
    let is_deep = net.name != Net::SIMPNET.name;
    let mut claims = vec![
        above(
            format!("{of}: the hinge loss does slightly worse than softmax, by at most {}", points(CLOSE)),
            [("BP-H", &hinge), ("BP", &bp)],
            (0.0, CLOSE),
        ),
        above(
            format!("{of}: URFB comes close to BP-H, at most {} above", points(CLOSE)),
            [("URFB", &urfb), ("BP-H", &hinge)],
            (-all, CLOSE),
        ),
    ];
    if is_deep {
        let says = format!("{of}: FRFB does far worse than URFB, by more than {}", points(FAR));
        claims.push(above(says, [("FRFB", &frfb), ("URFB", &urfb)], (FAR, all)));
    } else {
        let says = format!("{of}: FRFB does worse than URFB");
        claims.push(above(says, [("FRFB", &frfb), ("URFB", &urfb)], (0.0, all)));
        let says = format!("{of}: with 50 % of the connections FRFB falls further behind URFB");
        let groups: [(&str, &[&Course]); 4] =
            [("FRFB", &frfb), ("URFB", &urfb), ("FRFB 50 %", &frfb_half), ("URFB 50 %", &urfb_half)];
        claims.push(Ends::of(groups, VALIDATION).map(|ends| {
            let (whole, half) = (ends.difference(0, 1), ends.difference(2, 3));
            Claim::new(says, half.mean > whole.mean, format!("{}: {whole}, with 50 % {half}", ends.told()))
        }));
    }
    claims.into_iter().flatten().collect()
}

/// Whether more depth helps, rule by rule.
fn deeper(runs: &Runs<'_>, nets: &[Net], data: &str) -> Option<Vec<Claim>> {
    let [shallow, deep] = nets else { return None };
    let claim = |at: usize, says: &str| {
        let [from, to] = [shallow, deep].map(|net| runs.get(&bars(*net)[at], data));
        let label = bars(*deep)[at].bar();
        let names = [shallow, deep].map(|net| format!("{label} in {}", net.name));
        let says = format!("{data}: {says} falls from {} to {}", shallow.name, deep.name);
        above(says, [(&names[1], &to), (&names[0], &from)], (f64::NEG_INFINITY, 0.0))
    };
    let all = [
        claim(0, "BP's error (in the paper from 50 % to 42 %)"),
        claim(1, "BP-H's error (in the paper from 50 % to 42 %)"),
        claim(2, "URFB's error"),
    ];
    Some(all.into_iter().flatten().collect())
}

/// Whether fixed feedback falls further behind with more classes.
fn larger(runs: &Runs<'_>, nets: &[Net], data: &[String]) -> Option<Claim> {
    let ([net], [few, many]) = (nets, data) else { return None };
    let behind = |data: &str| {
        let [urfb, frfb] = [2, 3].map(|at| runs.get(&bars(*net)[at], data));
        Some(Ends::of([("FRFB", &frfb), ("URFB", &urfb)], VALIDATION)?.difference(0, 1))
    };
    let (of_few, of_many) = (behind(few)?, behind(many)?);
    let found = format!("FRFB less URFB: {few} {of_few}, {many} {of_many}");
    Some(Claim::new(format!("FRFB falls further behind URFB with {many}"), of_many.mean > of_few.mean, found))
}

fn table(runs: &Runs<'_>) -> Table {
    let columns =
        ["data", "net", "bar", "rule", "loss", "connectivity", "run", "epochs", "train_error", "validation_error"];
    let mut table = Table::new(columns);
    for course in runs.courses.iter().filter(|course| course.epochs() > 0) {
        let training = &course.training;
        let loss = training.loss.to_string();
        let names =
            [course.data.as_str(), training.net.name, &training.bar(), training.rule.name, &loss].map(Into::into);
        let numbers = [if training.is_half { 0.5 } else { 1.0 }.into(), course.seed.into(), course.epochs().into()];
        let ends = ["train_error", VALIDATION].map(|name| end(course, name, course.rows.len()).into());
        table.push(names.into_iter().chain(numbers).chain(ends));
    }
    table
}

fn picture(runs: &Runs<'_>, nets: &[Net], figure: &str) -> plot::Figure {
    // One scale for all panels.
    let most = runs.courses.iter().filter_map(last).reduce(f64::max).unwrap_or(100.0);
    let panel = |net: Net, data: &str| -> plot::Panel {
        let trainings = bars(net);
        let ends: Vec<Vec<f64>> =
            trainings.iter().map(|it| runs.get(it, data).iter().filter_map(|course| last(course)).collect()).collect();
        let names = trainings.iter().map(Training::bar);
        let title = format!("{}, {data}", net.name);
        let mut chart =
            Chart::new(title, Axis::new("").of(names), Axis::new("validation error (%)").over(0.0, 1.1 * most));
        for (at, (training, ends)) in trainings.iter().zip(&ends).enumerate() {
            let x = at as f64;
            if ends.is_empty() {
                chart = chart.with(Mark::Note { at: (x - HALF_TEXT, ABOVE * most), text: "no run".to_owned() });
                continue;
            }
            let (mean, [low, high]) =
                (stats::mean(ends), [f64::min, f64::max].map(|of| ends.iter().copied().reduce(of)));
            let mut values = vec![0.0; trainings.len()];
            let mut spans = vec![None; trainings.len()];
            values[at] = mean;
            spans[at] = low.zip(high).filter(|_| ends.len() > 1);
            chart = chart.with(Mark::Bars { values, spans, place: (0, 1), colour: training.colour() });
            let top = (x - HALF_NUMBER, high.unwrap_or(mean) + ABOVE * most);
            chart = chart.with(Mark::Note { at: top, text: format!("{mean:.1}") });
        }
        chart.into()
    };
    let data: Vec<&str> = runs.data().collect();
    let rows = match nets {
        [net] => vec![data.iter().map(|data| panel(*net, data)).collect()],
        nets => data.iter().map(|data| nets.iter().map(|net| panel(*net, data)).collect()).collect(),
    };
    let names = nets.iter().map(|net| net.name).collect::<Vec<_>>().join(" and ");
    plot::Figure {
        title: format!("{figure}: error of {names} by rule and loss\n{}", page::subtitle(runs, false)),
        key: Vec::new(),
        rows,
        panel: (470.0, 280.0),
    }
}
