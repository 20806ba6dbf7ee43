//! All-to-all: recurrent weights become the covariance of their inputs.

use hebb_data::moments::second_moments;
use hebb_spec::param::Weights;
use hebb_systems::hebbian::{Hebbian, Rule};

use super::{Made, gaussian, reduced, steps, whole};
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Image, Map, Sheet, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::runs::Run;
use crate::table::{Cell, Table};

const STEPS: u32 = 150;
const RATE: f32 = 0.1;
const GAMMA: f32 = 2.0;
const VARIANCES: &str = "2,1,0.6,0.4,0.3,0.2,0.1,0.1";
const RECORDS: u32 = 2000;
/// Vectors in a batch of the run that goes through them once.
const BATCH: u32 = 20;

/// A run.
struct Course {
    seed: u64,
    /// ⟨x xᵀ⟩ of the sample, row by row.
    covariance: Vec<f64>,
    /// γW at the end.
    weights: Vec<f64>,
    /// |γW − C| / |C| by step (Frobenius).
    apart: Vec<f64>,
    /// The same after one pass in batches, each of which weighs the same.
    apart_once: f64,
}

/// How far γW is from a covariance, as a share of it (Frobenius).
fn apart(weights: &[f64], covariance: &[f64]) -> f64 {
    let size = covariance.iter().map(|c| c * c).sum::<f64>().sqrt();
    weights.iter().zip(covariance).map(|(w, c)| (w - c).powi(2)).sum::<f64>().sqrt() / size
}

/// γW.
fn scaled(weights: &Weights) -> Vec<f64> {
    weights.get("W1").unwrap_or_default().iter().map(|w| f64::from(GAMMA) * f64::from(*w)).collect()
}

/// The figure.
pub fn make(request: &Request<'_>) -> Result<Made, LabError> {
    let samples =
        request.seeds.0.iter().map(|seed| gaussian(VARIANCES, RECORDS, *seed)).collect::<Result<Vec<_>, _>>()?;
    let system = Hebbian { gamma: GAMMA, ..Hebbian::recurrent(samples[0].dimensions() as u32, Rule::HEBB_DECAY, RATE) };
    let steps = steps(request, STEPS, &whole(request, &system, &samples[0], (1, 1)), samples.len())?;
    let mut courses = Vec::new();
    for (vectors, &seed) in samples.iter().zip(&request.seeds.0) {
        let covariance = second_moments(vectors, vectors.count());
        let mut path = Vec::new();
        let run = whole(request, &system, vectors, (steps, seed));
        let ran = run.train(run.start(), &mut |_, now| path.push(apart(&scaled(now), &covariance)))?;
        // With ηγ = 1 at first and 1/t at the t-th batch, γW is the plain mean over the batches so far.
        let online = Hebbian { lr: 1.0 / GAMMA, halving: Some(1), ..system.clone() };
        let run = Run { system: &online, batch: BATCH, ..whole(request, &online, vectors, (1, seed)) };
        let once = run.train(run.start(), &mut |_, _| {})?;
        let apart_once = apart(&scaled(&once.end), &covariance);
        courses.push(Course { seed, weights: scaled(&ran.end), covariance, apart: path, apart_once });
    }
    let report = report(&courses, request, steps);
    Ok(Made { picture: picture(&courses, &system), table: table(&courses, &system), report })
}

fn table(courses: &[Course], system: &Hebbian) -> Table {
    let mut table = Table::new(["run", "step", "apart", "row", "column", "covariance", "gamma_w"]);
    for course in courses {
        for (at, apart) in course.apart.iter().enumerate() {
            let rest = [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty];
            table.push([course.seed.into(), (at as u64).into(), (*apart).into()].into_iter().chain(rest));
        }
        for (at, (c, w)) in course.covariance.iter().zip(&course.weights).enumerate() {
            let place =
                [at / system.inputs as usize + 1, at % system.inputs as usize + 1].map(|at| Cell::from(at as u64));
            let head = [course.seed.into(), ((course.apart.len() - 1) as u64).into(), Cell::Empty];
            table.push(head.into_iter().chain(place).chain([(*c).into(), (*w).into()]));
        }
    }
    table
}

fn report(courses: &[Course], request: &Request<'_>, steps: u32) -> Report {
    let list =
        |all: &mut dyn Iterator<Item = f64>| all.map(|apart| format!("{apart:.1e}")).collect::<Vec<_>>().join(", ");
    let ends = || courses.iter().filter_map(|course| course.apart.last());
    Report {
        shows: "Left the sample's covariance, in the middle γW after the last step: the same picture. Right how far \
                the two are apart by step, as a share of the covariance's size (Frobenius), on a logarithmic axis: \
                each step leaves 1 − ηγ of it, until f32 can tell no smaller one."
            .to_owned(),
        claims: vec![
            Claim::new(
                "all-to-all: γW becomes the covariance of the inputs",
                ends().all(|apart| *apart < 0.01),
                format!("apart by {} of the covariance's size", list(&mut ends().copied())),
            ),
            Claim::new(
                "the same from one pass in which all batches weigh the same",
                courses.iter().all(|course| course.apart_once < 0.01),
                format!("apart by {}", list(&mut courses.iter().map(|course| course.apart_once))),
            ),
        ],
        ran: vec![
            (
                "data",
                format!(
                    "{RECORDS} vectors of a Gaussian, variances {VARIANCES} along axes drawn from the seed, mean \
                     taken away"
                ),
            ),
            ("connection", "recurrent, all inputs to all, hebb-decay; ⟨ ⟩ over all vectors in every step".to_owned()),
            ("η and γ", format!("{RATE} and {GAMMA}; in one pass η = 1/(γ t) at the t-th batch of {BATCH}")),
            ("steps", steps.to_string()),
            ("seeds", request.seeds.to_string()),
            ("device", request.runtime.name()),
        ],
        reduced: reduced(steps, STEPS),
        remarks: vec!["Each input is connected to itself as well: the diagonal holds its variance.".to_owned()],
    }
}

fn picture(courses: &[Course], system: &Hebbian) -> plot::Figure {
    let size = (system.inputs as usize, system.inputs as usize);
    let row = |course: &Course| -> Vec<plot::Panel> {
        let most = course.covariance.iter().map(|c| c.abs()).fold(0.0, f64::max);
        let sheet = |title: &str, values: &[f64]| Sheet {
            title: format!("{title}, seed {}", course.seed),
            images: vec![Image { size, values: values.to_vec() }],
            columns: 1,
            map: Map::Diverging(most),
        };
        let points = course.apart.iter().enumerate().map(|(at, apart)| (at as f64, *apart)).collect();
        let step = Axis::new("step").over(0.0, (course.apart.len() - 1) as f64);
        let chart = Chart::new("apart", step, Axis::new("|γW − C| / |C|").log()).curve(points, Style::nth(0));
        vec![sheet("sample covariance C", &course.covariance).into(), sheet("γW", &course.weights).into(), chart.into()]
    };
    plot::Figure {
        title: "All-to-all: recurrent weights become the covariance".to_owned(),
        key: Vec::new(),
        rows: courses.iter().map(row).collect(),
        panel: (230.0, 220.0),
    }
}
