//! Figures 4 and 7: error by epoch, by rule.

use hebb_systems::layered::Rule;

use super::compare::{Band, CLOSE, Ends, FAR, VALIDATION, above, percent, points};
use super::page::{self, END, SEEDS};
use super::runs::{Course, Images, Runs};
use super::training::{Net, Training};
use super::{Made, one};
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::stats;
use crate::table::Table;

/// The rules, in the paper's order.
const RULES: [Rule; 3] = [Rule::BP, Rule::URFB, Rule::FRFB];
/// What is drawn: a column, what it is, and whether its line is solid.
const COLUMNS: [(&str, &str, bool); 2] = [("train_error", "training", true), (VALIDATION, "validation", false)];
/// The first epochs, of which the errors are compared.
const FIRST: usize = 5;

/// Figure 4.
pub fn fig4(request: &Request<'_>) -> Result<Made, LabError> {
    of(request, one(request, "amit2019/fig4")?, Net::SIMPNET, "Figure 4")
}

/// Figure 7.
pub fn fig7(request: &Request<'_>) -> Result<Made, LabError> {
    of(request, one(request, "amit2019/fig7")?, Net::DEEPERNET, "Figure 7")
}

pub(super) fn of(request: &Request<'_>, images: Images, net: Net, figure: &str) -> Result<Made, LabError> {
    let runs = Runs::of(request, vec![images], |_| RULES.map(|rule| Training::new(net, rule)).to_vec())?;
    let report = Report {
        shows: format!(
            "The error of {} by epoch: solid in training, dashed in validation; back-propagation (BP) green, updated random \
             feedback (URFB) blue, fixed random feedback (FRFB) red, all with the hinge loss. {SEEDS} {END}",
            net.name
        ),
        claims: claims(&runs, net),
        ran: page::ran(&runs),
        reduced: page::reduced(&runs, 1),
        remarks: page::remarks(),
    };
    Ok(Made { picture: picture(&runs, net, figure), table: table(&runs), report })
}

fn groups<'a>(runs: &'a Runs<'_>, net: Net) -> [Vec<&'a Course>; 3] {
    let data = runs.images.first().map_or("", |images| images.name.as_str());
    RULES.map(|rule| runs.get(&Training::new(net, rule), data))
}

fn claims(runs: &Runs<'_>, net: Net) -> Vec<Claim> {
    let [bp, urfb, frfb] = groups(runs, net);
    let is_deep = net.name != Net::SIMPNET.name;
    let all = f64::INFINITY;
    let mut claims = vec![
        above(
            format!("URFB comes close to BP: its validation error at most {} above", points(CLOSE)),
            [("URFB", &urfb), ("BP", &bp)],
            (-all, CLOSE),
        ),
        above("URFB never does as well as BP", [("URFB", &urfb), ("BP", &bp)], (0.0, all)),
    ];
    if is_deep {
        let says = format!("with depth FRFB degrades: its validation error more than {} above URFB's", points(FAR));
        claims.push(above(says, [("FRFB", &frfb), ("URFB", &urfb)], (FAR, all)));
    } else {
        let says = "in the shallow network URFB does somewhat better than FRFB";
        claims.push(above(says, [("FRFB", &frfb), ("URFB", &urfb)], (0.0, all)));
        claims.push(faster(&urfb, &frfb));
    }
    claims.extend(COLUMNS.map(|(column, what, _)| first(&urfb, &bp, column, what)));
    claims.into_iter().flatten().collect()
}

/// How early a rule comes to where another ends.
fn faster(urfb: &[&Course], frfb: &[&Course]) -> Option<Claim> {
    let ends = Ends::of([("URFB", urfb), ("FRFB", frfb)], VALIDATION)?;
    let (wanted, by_epoch) = (ends.mean(1), Band::of(urfb, VALIDATION, 1.0).mean);
    let there = by_epoch.iter().take(ends.epoch).find(|(_, error)| *error <= wanted);
    let found = match there {
        Some((epoch, _)) => {
            format!("where FRFB is at the end ({}, epoch {}) URFB is after epoch {epoch}", percent(wanted), ends.epoch)
        }
        None => format!("URFB does not come to FRFB's {} within {} epochs", percent(wanted), ends.epoch),
    };
    let holds = there.is_some_and(|(epoch, _)| *epoch < ends.epoch as f64);
    Some(Claim::new("URFB converges faster than FRFB: it is earlier where FRFB ends", holds, found))
}

/// How near a rule is to another over the first epochs.
fn first(urfb: &[&Course], bp: &[&Course], column: &str, what: &str) -> Option<Claim> {
    let mean = |courses: &[&Course]| -> Option<f64> {
        let band = Band::of(courses, column, 1.0).mean;
        let first: Vec<f64> = band.iter().take(FIRST).map(|(_, error)| *error).collect();
        (first.len() == FIRST).then(|| stats::mean(&first))
    };
    let (urfb, bp) = (mean(urfb)?, mean(bp)?);
    Some(Claim::new(
        format!(
            "from the first epochs on URFB's {what} error falls about as BP's: its mean over {FIRST} epochs at most {} above",
            points(CLOSE)
        ),
        urfb - bp <= CLOSE,
        format!("URFB {}, BP {}", percent(urfb), percent(bp)),
    ))
}

fn table(runs: &Runs<'_>) -> Table {
    let columns =
        ["net", "rule", "data", "run", "epoch", "train_loss", "train_error", "validation_loss", "validation_error"];
    let mut table = Table::new(columns);
    for course in &runs.courses {
        for row in &course.rows {
            let (net, rule) = (course.training.net.name.into(), course.training.rule.name.into());
            let head = [net, rule, course.data.as_str().into(), course.seed.into(), row.epoch.into()];
            table.push(head.into_iter().chain(columns[5..].iter().map(|name| row.get(name).into())));
        }
    }
    table
}

fn picture(runs: &Runs<'_>, net: Net, figure: &str) -> plot::Figure {
    let epoch = Axis::new("epoch").over(0.0, f64::from(runs.epochs));
    let mut chart = Chart::new("", epoch, Axis::new("error (% of images)"));
    let groups = groups(runs, net);
    let styled = || groups.iter().zip(RULES.map(|rule| Training::new(net, rule)));
    for (column, ..) in COLUMNS {
        for (courses, training) in styled().filter(|(courses, _)| courses.len() > 1) {
            let band = Band::of(courses, column, 100.0);
            chart = chart.band(band.low, band.high, training.colour());
        }
    }
    for (column, _, is_solid) in COLUMNS {
        for (courses, training) in styled().filter(|(courses, _)| !courses.is_empty()) {
            let (points, style) = (Band::of(courses, column, 100.0).mean, training.style(is_solid));
            // A grey print tells the rules apart by the names.
            chart = match is_solid {
                true => chart.curve(points, style),
                false => chart.named(points, style, training.letters()),
            };
        }
    }
    let rules = RULES.map(|rule| Training::new(net, rule)).map(|it| (it.letters().to_owned(), it.style(true)));
    let kinds = COLUMNS.map(|(_, what, is_solid)| {
        let ink = Style { colour: plot::Colour::INK, ..Training::new(net, Rule::BP).style(is_solid) };
        (what.to_owned(), ink)
    });
    plot::Figure {
        title: format!("{figure}: error of {} by epoch\n{}", net.name, page::subtitle(runs, true)),
        key: rules.into_iter().chain(kinds).collect(),
        rows: vec![vec![chart.into()]],
        panel: (560.0, 330.0),
    }
}
