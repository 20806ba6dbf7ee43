//! Many-to-one: a unit's weights turn into the first principal component of its inputs.

use hebb_data::Vectors;
use hebb_data::moments::{Component, components, second_moments};
use hebb_systems::hebbian::{Hebbian, Rule};

use super::geometry::{angle, norm, product};
use super::{Made, gaussian, reduced, rows, steps, whole};
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Colour, Mark, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::Table;

const STEPS: u32 = 200;
const RATE: f32 = 0.1;
const VARIANCES: &str = "2.5,1,0.6,0.4,0.2";
const RECORDS: u32 = 2000;
/// Vectors that are drawn.
const DRAWN: usize = 400;
/// Both rules, and how they are called.
const RULES: [(Rule, &str); 2] = [(Rule::HEBB_DECAY, "Hebb with decay, γ = λ₁"), (Rule::OJA, "Oja's rule")];

/// A run: the weight vector by step.
struct Course {
    seed: u64,
    rule: usize,
    weights: Vec<Vec<f64>>,
    angles: Vec<f64>,
}

/// A sample and its components.
struct Sample {
    vectors: Vectors,
    components: Vec<Component>,
}

impl Sample {
    fn new(seed: u64) -> Result<Self, LabError> {
        let vectors = gaussian(VARIANCES, RECORDS, seed)?;
        let moments = second_moments(&vectors, vectors.count());
        Ok(Self { components: components(&moments, vectors.dimensions()), vectors })
    }

    fn gap(&self) -> f64 {
        self.components[0].variance / self.components[1].variance
    }
}

/// The figure.
pub fn make(request: &Request<'_>) -> Result<Made, LabError> {
    let samples: Vec<Sample> = request.seeds.0.iter().map(|seed| Sample::new(*seed)).collect::<Result<_, _>>()?;
    let inputs = samples[0].vectors.dimensions();
    let system = |sample: &Sample, rule: usize| {
        let system = Hebbian::new(inputs as u32, 1, RULES[rule].0, RATE);
        Hebbian { gamma: sample.components[0].variance as f32, ..system }
    };
    let first = system(&samples[0], 0);
    let run = whole(request, &first, &samples[0].vectors, (1, 1));
    let steps = steps(request, STEPS, &run, RULES.len() * samples.len())?;
    let mut courses = Vec::new();
    for (sample, &seed) in samples.iter().zip(&request.seeds.0) {
        for rule in 0..RULES.len() {
            let (system, mut weights) = (system(sample, rule), Vec::new());
            let run = whole(request, &system, &sample.vectors, (steps, seed));
            run.train(run.start(), &mut |_, now| weights.extend(rows(now, "W1", inputs)))?;
            let angles = weights.iter().map(|w| angle(w, &sample.components[0].direction)).collect();
            courses.push(Course { seed, rule, weights, angles });
        }
    }
    let report = report(&courses, &samples, request, steps);
    Ok(Made { picture: picture(&courses, &samples), table: table(&courses), report })
}

fn table(courses: &[Course]) -> Table {
    let mut table = Table::new(["run", "rule", "step", "angle_degrees", "norm"]);
    for course in courses {
        for (at, (w, angle)) in course.weights.iter().zip(&course.angles).enumerate() {
            let head = [course.seed.into(), RULES[course.rule].0.name.into(), (at as u64).into()];
            table.push(head.into_iter().chain([(*angle).into(), norm(w).into()]));
        }
    }
    table
}

fn report(courses: &[Course], samples: &[Sample], request: &Request<'_>, steps: u32) -> Report {
    let end = |course: &Course| course.angles.last().copied().unwrap_or(f64::NAN);
    let of = |rule: usize| courses.iter().filter(move |course| course.rule == rule);
    let claim = |rule: usize, says: &str| {
        let first = |course: &Course| course.angles.iter().position(|angle| *angle < 1.0);
        let step = |course: &Course| first(course).map_or("never".to_owned(), |step| step.to_string());
        Claim::new(
            says,
            of(rule).all(|course| end(course) < 1.0),
            format!(
                "after {steps} steps {} degrees off; below 1 degree from step {}",
                of(rule).map(|course| format!("{:.1e}", end(course))).collect::<Vec<_>>().join(", "),
                of(rule).map(step).collect::<Vec<_>>().join(", ")
            ),
        )
    };
    let lengths = || of(1).filter_map(|course| course.weights.last()).map(|w| norm(w));
    Report {
        shows: "Left the angle between the weights and the sample's first principal component by step, on a \
                logarithmic axis: straight lines downwards, until f32 can tell no smaller angle. Middle the length of \
                the weights: Oja's rule brings it to 1, with decay it stays at what the start had along the \
                component. Right the inputs of the first seed in the plane of their first two components, with the \
                way of the weights by both rules and where they end: along the cloud's long axis."
            .to_owned(),
        claims: vec![
            claim(0, "many-to-one, Hebb with decay: w becomes the first principal component"),
            claim(1, "Oja's rule: w becomes the first principal component"),
            Claim::new(
                "Oja's rule: its length becomes 1",
                lengths().all(|length| (length - 1.0).abs() < 1e-3),
                lengths().map(|length| format!("{length:.5}")).collect::<Vec<_>>().join(", "),
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
            (
                "eigengap λ₁/λ₂ of the samples",
                samples.iter().map(|s| format!("{:.2}", s.gap())).collect::<Vec<_>>().join(", "),
            ),
            (
                "connection",
                format!("{} inputs, 1 unit; ⟨ ⟩ over all vectors in every step", samples[0].vectors.dimensions()),
            ),
            ("η", RATE.to_string()),
            ("steps", steps.to_string()),
            ("seeds", request.seeds.to_string()),
            ("device", request.runtime.name()),
        ],
        reduced: reduced(steps, STEPS),
        remarks: Vec::new(),
    }
}

fn picture(courses: &[Course], samples: &[Sample]) -> plot::Figure {
    let last = courses.first().map_or(1, |course| course.weights.len() - 1) as f64;
    let step = || Axis::new("step").over(0.0, last);
    let draw = |chart: Chart, of: &dyn Fn(&Course) -> Vec<f64>| -> plot::Panel {
        let points = |course: &Course| of(course).into_iter().enumerate().map(|(at, y)| (at as f64, y)).collect();
        courses
            .iter()
            .fold(chart, |chart, course| chart.curve(points(course), Style::nth(course.rule).of_width(1.6)))
            .into()
    };
    let angles = Chart::new("angle to the first component", step(), Axis::new("degrees").log());
    let lengths = Chart::new("length of w", step(), Axis::new("|w|"));
    let sample = &samples[0];
    let (first, second) = (&sample.components[0], &sample.components[1]);
    let flat = |v: &[f64]| (product(v, &first.direction), product(v, &second.direction));
    let vector = |at: usize| sample.vectors.vector(at).iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
    let cloud = (0..DRAWN).map(|at| flat(&vector(at))).collect();
    let mut plane =
        Chart::new("inputs and weights", Axis::new("along the first component"), Axis::new("along the second"))
            .square()
            .with(Mark::Points { points: cloud, colour: Colour(190, 190, 190), radius: 1.8 });
    for course in courses.iter().filter(|course| course.seed == courses[0].seed) {
        let path: Vec<(f64, f64)> = course.weights.iter().map(|w| flat(w)).collect();
        let (end, style) = (path[path.len() - 1], Style::nth(course.rule).solid().of_width(2.5 - course.rule as f64));
        plane = plane.curve(path, style.of_width(1.2)).with(Mark::Arrow { from: (0.0, 0.0), to: end, style });
    }
    plot::Figure {
        title: "Many-to-one: a unit finds the first principal component".to_owned(),
        key: RULES.iter().enumerate().map(|(n, (_, name))| ((*name).to_owned(), Style::nth(n))).collect(),
        rows: vec![vec![
            draw(angles, &|course| course.angles.clone()),
            draw(lengths, &|course| course.weights.iter().map(|w| norm(w)).collect()),
            plane.into(),
        ]],
        panel: (270.0, 220.0),
    }
}
