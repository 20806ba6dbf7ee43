//! Plain Hebbian learning runs away; with a linear decay it stays, grows or dies by the decay's γ.

use hebb_data::Vectors;
use hebb_data::moments::{Component, components, second_moments};
use hebb_systems::hebbian::{Hebbian, Rule};

use super::geometry::{norm, product};
use super::{Made, gaussian, reduced, rows, steps, whole};
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::Table;

/// The seed's iterations and learning rate.
const ITERATIONS: u32 = 250;
const RATE: f32 = 0.1;
/// The variances of the inputs, and how many there are.
const VARIANCES: &str = "1,0.25";
const RECORDS: u32 = 1000;
/// γ as a share of λ₁; none: no decay.
const DECAYS: [(Option<f64>, &str); 4] =
    [(None, "no decay"), (Some(0.8), "γ = 0.8 λ₁"), (Some(1.0), "γ = λ₁"), (Some(1.2), "γ = 1.2 λ₁")];

/// A run: the weight vector by iteration.
struct Course {
    seed: u64,
    decay: usize,
    weights: Vec<[f64; 2]>,
    /// √⟨y²⟩ by iteration.
    outputs: Vec<f64>,
}

impl Course {
    fn size(&self, at: usize) -> f64 {
        norm(&self.weights[at])
    }

    fn last(&self) -> usize {
        self.weights.len() - 1
    }
}

/// A sample and its components.
struct Sample {
    vectors: Vectors,
    moments: Vec<f64>,
    components: Vec<Component>,
}

impl Sample {
    fn new(seed: u64) -> Result<Self, LabError> {
        let vectors = gaussian(VARIANCES, RECORDS, seed)?;
        let moments = second_moments(&vectors, vectors.count());
        Ok(Self { components: components(&moments, 2), vectors, moments })
    }

    fn system(&self, decay: usize) -> Hebbian {
        match DECAYS[decay].0 {
            None => Hebbian::new(2, 1, Rule::HEBB, RATE),
            Some(share) => {
                let gamma = (share * self.components[0].variance) as f32;
                Hebbian { gamma, ..Hebbian::new(2, 1, Rule::HEBB_DECAY, RATE) }
            }
        }
    }

    fn output(&self, w: &[f64; 2]) -> f64 {
        let [a, b] = w;
        let m = &self.moments;
        (a * a * m[0] + 2.0 * a * b * m[1] + b * b * m[3]).sqrt()
    }
}

/// The figure.
pub fn make(request: &Request<'_>) -> Result<Made, LabError> {
    let samples: Vec<Sample> = request.seeds.0.iter().map(|seed| Sample::new(*seed)).collect::<Result<_, _>>()?;
    let (first, runs) = (samples[0].system(0), DECAYS.len() * samples.len());
    let steps = steps(request, ITERATIONS, &whole(request, &first, &samples[0].vectors, (1, 1)), runs)?;
    let mut courses = Vec::new();
    for (sample, &seed) in samples.iter().zip(&request.seeds.0) {
        for decay in 0..DECAYS.len() {
            let (system, mut weights) = (sample.system(decay), Vec::new());
            let run = whole(request, &system, &sample.vectors, (steps, seed));
            run.train(run.start(), &mut |_, now| {
                weights.extend(rows(now, "W1", 2).iter().map(|row| [row[0], row[1]]));
            })?;
            let outputs = weights.iter().map(|w| sample.output(w)).collect();
            courses.push(Course { seed, decay, weights, outputs });
        }
    }
    let report = report(&courses, &samples, request, steps);
    Ok(Made { picture: picture(&courses, &samples), table: table(&courses), report })
}

fn table(courses: &[Course]) -> Table {
    let mut table = Table::new(["run", "gamma_over_lambda_1", "iteration", "w_1", "w_2", "norm", "output"]);
    for course in courses {
        for (at, [a, b]) in course.weights.iter().enumerate() {
            let head = [course.seed.into(), DECAYS[course.decay].0.into(), (at as u64).into()];
            let numbers = [*a, *b, course.size(at), course.outputs[at]];
            table.push(head.into_iter().chain(numbers.map(Into::into)));
        }
    }
    table
}

fn report(courses: &[Course], samples: &[Sample], request: &Request<'_>, steps: u32) -> Report {
    let of = |decay: usize| courses.iter().filter(move |course| course.decay == decay);
    let runs = || samples.iter().zip(&request.seeds.0);
    let growth = |course: &Course| course.size(course.last()) / course.size(0);
    let all = |decay: usize, is: &dyn Fn(&Course, &Sample) -> bool| {
        of(decay).zip(runs()).all(|(course, (sample, _))| is(course, sample))
    };
    let list = |decay: usize, text: &dyn Fn(&Course) -> String| of(decay).map(text).collect::<Vec<_>>().join(", ");
    let along = |course: &Course, sample: &Sample, at: usize| {
        product(&course.weights[at], &sample.components[0].direction).abs()
    };
    let factor = |sample: &Sample| (1.0 + f64::from(RATE) * sample.components[0].variance).powi(steps as i32);
    Report {
        shows: "Left the length of the weight vector by iteration: without decay a straight line upwards (the axis is \
                logarithmic), with γ = λ₁ level once the other component has died away, rising with a smaller γ and \
                falling with a larger one. Middle the output, which does the same. Right the weight vectors \
                themselves: each leaves the start, turns into the first component (dashed line), and on it runs out, \
                rests or shrinks to 0."
            .to_owned(),
        claims: vec![
            Claim::new(
                "plain Hebbian learning grows without bound",
                all(0, &|course, sample| {
                    let grown = along(course, sample, course.last()) / along(course, sample, 0);
                    (grown / factor(sample) - 1.0).abs() < 0.01
                }),
                format!(
                    "|w| grew by a factor of {}; along the first component by (1 + η λ₁)^{steps} within 1 %",
                    list(0, &|course| format!("{:.2e}", growth(course)))
                ),
            ),
            Claim::new(
                "with a linear decay of γ = λ₁ |w| stays",
                all(2, &|course, sample| (course.size(course.last()) / along(course, sample, 0) - 1.0).abs() < 0.01),
                format!("|w| ends at {} times its start's part along the first component", {
                    let share = |(course, (sample, _)): (&Course, (&Sample, &u64))| {
                        format!("{:.4}", course.size(course.last()) / along(course, sample, 0))
                    };
                    of(2).zip(runs()).map(share).collect::<Vec<_>>().join(", ")
                }),
            ),
            Claim::new(
                "with a smaller γ it grows, with a larger one it dies",
                all(1, &|course, _| growth(course) > 3.0) && all(3, &|course, _| growth(course) < 0.3),
                format!(
                    "γ = 0.8 λ₁: by a factor of {}; γ = 1.2 λ₁: by {}",
                    list(1, &|course| format!("{:.3}", growth(course))),
                    list(3, &|course| format!("{:.4}", growth(course)))
                ),
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
                "λ₁ of the sample",
                samples.iter().map(|s| format!("{:.4}", s.components[0].variance)).collect::<Vec<_>>().join(", "),
            ),
            ("connection", "2 inputs, 1 unit; ⟨ ⟩ over all vectors in every step".to_owned()),
            ("η", RATE.to_string()),
            ("iterations", steps.to_string()),
            ("seeds", request.seeds.to_string()),
            ("device", request.runtime.name()),
        ],
        reduced: reduced(steps, ITERATIONS),
        remarks: Vec::new(),
    }
}

fn picture(courses: &[Course], samples: &[Sample]) -> plot::Figure {
    let last = courses.first().map_or(1, Course::last) as f64;
    let mut rows: Vec<Vec<plot::Panel>> = Vec::new();
    for (run, sample) in courses.chunk_by(|one, other| one.seed == other.seed).zip(samples) {
        let by = |of: &dyn Fn(&Course, usize) -> f64, title: &str, label: &str| -> plot::Panel {
            let axis = Axis::new("iteration").over(0.0, last);
            let chart = Chart::new(format!("{title}, seed {}", run[0].seed), axis, Axis::new(label).log());
            let points = |course: &Course| (0..=course.last()).map(|at| (at as f64, of(course, at))).collect();
            run.iter().fold(chart, |chart, course| chart.curve(points(course), Style::nth(course.decay))).into()
        };
        let most = 4.0 * run[0].size(0);
        let axis = &sample.components[0].direction;
        let line = [-9.0, 9.0].map(|way| (way * most * axis[0], way * most * axis[1]));
        let plane = Chart::new("weight vectors", Axis::new("w₁").over(-most, most), Axis::new("w₂").over(-most, most));
        let plane = plane.square().curve(line.to_vec(), Style::guide());
        let path = |course: &Course| course.weights.iter().map(|w| (w[0], w[1])).collect();
        let plane = run.iter().fold(plane, |plane, course| plane.curve(path(course), Style::nth(course.decay)));
        rows.push(vec![
            by(&Course::size, "length of w", "|w|"),
            by(&|course, at| course.outputs[at], "output", "√⟨y²⟩"),
            plane.into(),
        ]);
    }
    plot::Figure {
        title: "Hebbian learning without and with linear decay".to_owned(),
        key: DECAYS.iter().enumerate().map(|(n, (_, name))| ((*name).to_owned(), Style::nth(n))).collect(),
        rows,
        panel: (270.0, 220.0),
    }
}
