//! Figure 1: from figure S1's end a new association is taught. Apical dendrites hold an error until it is learnt.

use hebb_data::patterns::rate;
use hebb_data::{Digest, Pairs, Vectors};
use hebb_engine::records::{Gathered, Records};
use hebb_spec::Shape;
use hebb_spec::param::Weights;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::settings::Table as Settings;
use hebb_spec::system::System;
use hebb_systems::microcircuit::{Microcircuit, Source};

use super::traces::{Traces, mean_size, range, resting, thin};
use super::{BATCH, Made, Protocol, dynamics, ends, list, s1, sizes};
use crate::error::LabError;
use crate::kept::{Beside, Done, Long};
use crate::plot::{self, Axis, Chart, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::Table;

/// The paper's η of W1 and W2, of IP and of PI, which is that of figure S1.
const RATES: ([f32; 2], f32, f32) = ([0.001_187_5, 0.0005], 0.001_187_5, 0.0005);
/// How often the association is shown.
const SHOWN: u32 = 200;
/// Target potentials are from U(−this, this).
const TARGET: f64 = 1.0;
/// What stays of an error, at most.
const LEFT: f64 = 0.1;
/// What is measured beside a run's rows, on a network that rests, without noise: mean |v_A| where no target is shown, and
/// where it is, and Σ(r₂ − r_trgt)² of the output without its target.
const MEASURED: [&str; 3] = ["apical_untaught", "apical_taught", "error"];

/// How the association is taught.
struct Lesson {
    circuit: Microcircuit,
    shown: u32,
}

/// A run, and the association.
struct Course {
    seed: u64,
    x: Vec<f32>,
    target: Vec<f32>,
    done: Done,
}

/// The figure.
pub fn make(request: &Request<'_>) -> Result<Made, LabError> {
    let before = s1::paper();
    let (up, ip, pi) = RATES;
    let circuit = Microcircuit {
        taught: true,
        source: Source::Pairs,
        lr_up: up.to_vec(),
        lr_ip: vec![ip],
        lr_pi: vec![pi],
        ..before.circuit.clone()
    };
    of(request, &before, &Lesson { circuit, shown: SHOWN })
}

fn of(request: &Request<'_>, before: &Protocol, full: &Lesson) -> Result<Made, LabError> {
    let (ran, before_courses) = s1::courses(request, before)?;
    let shown = request.scale.steps(full.shown, || 0.0).max(1);
    let lesson = Lesson { circuit: full.circuit.clone(), shown };
    let courses: Vec<Course> = before_courses.iter().map(|s1| lesson.course(request, s1)).collect::<Result<_, _>>()?;
    let traces = [&courses[0].done.start, &courses[0].done.end];
    let traces = [lesson.traces(request, &courses[0], traces[0])?, lesson.traces(request, &courses[0], traces[1])?];
    let mut reduced = before.reduced(ran.epochs);
    if shown < full.shown {
        reduced.push(format!("the association is shown {shown} of {} times", full.shown));
    }
    Ok(Made {
        picture: picture(&lesson, &courses, &traces),
        table: table(&courses),
        report: report(request, (&ran, &lesson), &courses, reduced),
    })
}

impl Lesson {
    fn course(&self, request: &Request<'_>, before: &super::Course) -> Result<Course, LabError> {
        self.circuit.check()?;
        let seed = before.seed;
        let (inputs, outputs) = (self.circuit.units(0), self.circuit.units(self.circuit.layers()));
        let uniform = |purpose, units: u32, bound: f64| -> Vec<f32> {
            let stream = Stream::new(seed, purpose, 2, 0);
            (0..units).map(|unit| ((2.0 * f64::from(stream.unit(unit.into())) - 1.0) * bound) as f32).collect()
        };
        let (x, target) = (uniform(Purpose::Inputs, inputs, 1.0), uniform(Purpose::Teacher, outputs, TARGET));
        // A record an epoch, and the same once more for validation.
        let pairs = Pairs {
            x: Vectors::new(inputs as usize, x.repeat(2)),
            target: Vectors::new(outputs as usize, target.repeat(2)),
        };
        let start = self.start(before, seed);
        let mut digest = Digest::default();
        digest.add(pairs.digest().as_bytes());
        for weight in &start.0 {
            digest.add(&weight.values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
        }
        let run = Long {
            name: format!("fig1-{seed}"),
            what: format!("association, seed {seed}"),
            system: &self.circuit,
            records: &pairs,
            data: "association",
            source: "association",
            digest: digest.text(),
            spec: super::settings(&self.circuit, Settings::default()),
            kind: (Shape::flat(inputs), 0),
            validation: 1,
            batch: BATCH,
            epochs: self.shown,
            seed,
            tells: "validation_error",
        };
        let one = one(&pairs);
        let measure = |weights: &Weights| self.measure(request, (weights, &one), &target, seed);
        let beside = Beside { columns: &MEASURED, of: &mut |_, weights| measure(weights) };
        let done = run.train(request, start, beside)?;
        Ok(Course { seed, x, target, done })
    }

    /// Weights and states as figure S1 left them; what it has not, as it is drawn.
    fn start(&self, before: &super::Course, seed: u64) -> Weights {
        let mut start = Weights::draw(&self.circuit.params(), seed);
        for weight in &mut start.0 {
            let of_s1 =
                before.done.end.0.iter().find(|other| other.name == weight.name && other.layout == weight.layout);
            of_s1.into_iter().for_each(|other| weight.values.clone_from(&other.values));
        }
        start
    }

    /// The circuit at rest, without or with its target.
    fn resting(&self, taught: bool, sigma: f32) -> Microcircuit {
        Microcircuit { taught, sigma, ..resting(&self.circuit) }
    }

    fn measure(
        &self,
        request: &Request<'_>,
        (weights, one): (&Weights, &Gathered),
        target: &[f32],
        seed: u64,
    ) -> Result<Vec<f64>, LabError> {
        let (mut traces, mut weights) = (Traces::default(), weights.clone());
        for taught in [false, true] {
            let circuit = self.resting(taught, 0.0);
            traces.add(request.runtime, &circuit, &mut weights, (std::slice::from_ref(one), seed))?;
        }
        let phi = |u: &f32| rate(self.circuit.transfer, f64::from(*u));
        let top = format!("u{}", self.circuit.layers());
        let output = traces.settled(&top, 0).iter().zip(target);
        let error = output.map(|(u, target)| (phi(u) - phi(target)).powi(2)).sum();
        Ok(vec![mean_size(traces.settled("vA1", 0)), mean_size(traces.settled("vA1", 1)), error])
    }

    /// The pattern once without its target, then once with it, with noise.
    fn traces(&self, request: &Request<'_>, course: &Course, weights: &Weights) -> Result<Traces, LabError> {
        let pairs = Pairs {
            x: Vectors::new(course.x.len(), course.x.clone()),
            target: Vectors::new(course.target.len(), course.target.clone()),
        };
        let (mut traces, mut weights, inputs) = (Traces::default(), weights.clone(), [one(&pairs)]);
        let sigma = self.circuit.sigma;
        Traces::default().add(request.runtime, &self.resting(false, sigma), &mut weights, (&inputs, course.seed))?;
        for taught in [false, true] {
            traces.add(request.runtime, &self.resting(taught, sigma), &mut weights, (&inputs, course.seed))?;
        }
        Ok(traces)
    }
}

/// The association as a step's input.
fn one(pairs: &Pairs) -> Gathered {
    let mut gathered = Gathered::default();
    pairs.gather(0, &[0], &mut gathered);
    gathered
}

fn table(courses: &[Course]) -> Table {
    let mut table = Table::new(["run", "shown"].into_iter().chain(MEASURED));
    for course in courses {
        for (shown, row) in course.done.rows.iter().enumerate() {
            let numbers = (0..MEASURED.len()).map(|at| course.done.beside(at)[shown].into());
            table.push([course.seed.into(), row.epoch.into()].into_iter().chain(numbers));
        }
    }
    table
}

fn report(
    request: &Request<'_>,
    (before, lesson): (&Protocol, &Lesson),
    courses: &[Course],
    reduced: Vec<String>,
) -> Report {
    let each = |of: &dyn Fn(&Course) -> String| {
        let text = |course: &Course| format!("seed {}: {}", course.seed, of(course));
        courses.iter().map(text).collect::<Vec<_>>().join("; ")
    };
    // What the target adds to the apical potentials.
    let apical = |course: &Course| {
        let more: Vec<f64> =
            course.done.beside(1).iter().zip(course.done.beside(0)).map(|(taught, not)| taught - not).collect();
        ends(&more)
    };
    let error = |course: &Course| ends(&course.done.beside(2));
    let Microcircuit { lr_up, lr_ip, lr_pi, .. } = &lesson.circuit;
    Report {
        shows: "The pattern to be learnt, first without, then, from the middle on, with its target, of the first seed, with \
                noise: above before learning, in the middle after it. Left the output cell that its target changes most \
                and, dashed, its target; then a hidden cell's apical dendrite (black) with its parts, what comes from the \
                layer above and from interneurons; right the interneuron that follows that output cell. Below, by how \
                often the association was shown, without noise: the mean size of apical potentials without and with the \
                target, and the output's error without it."
            .to_owned(),
        claims: vec![
            Claim::new(
                "a new target makes an error in apical dendrites: mean |v_A| at least doubles",
                courses.iter().all(|course| course.done.beside(1)[0] > 2.0 * course.done.beside(0)[0]),
                each(&|course| {
                    let (not, taught) = (course.done.beside(0)[0], course.done.beside(1)[0]);
                    format!("{not:.4} without and {taught:.4} with the target")
                }),
            ),
            Claim::new(
                format!("once it is learnt the apical error is gone: at most {LEFT} of what the target added at first"),
                courses.iter().all(|course| apical(course).1.abs() <= LEFT * apical(course).0),
                each(&|course| format!("from {:.4} to {:.4}", apical(course).0, apical(course).1)),
            ),
            Claim::new(
                format!("the output matches its target: an error of at most {LEFT} of its start"),
                courses.iter().all(|course| error(course).1 <= LEFT * error(course).0),
                each(&|course| format!("from {:.4} to {:.5}", error(course).0, error(course).1)),
            ),
        ],
        ran: vec![
            ("network", format!("{} as sacramento2018/s1 leaves it after {} patterns", sizes(&lesson.circuit), before.seen(before.epochs))),
            ("time", dynamics(&lesson.circuit)),
            (
                "learning",
                format!("R fixed; η of W1 and W2 {}, of IP {}, of PI {}", list(lr_up), list(lr_ip), list(lr_pi)),
            ),
            (
                "association",
                format!("a pattern of potentials from U(−1, 1), a target of potentials from U(−{TARGET}, {TARGET}), shown {} times", lesson.shown),
            ),
            ("seeds", request.seeds.to_string()),
            ("device", request.runtime.name()),
        ],
        reduced,
        remarks: vec![
            "The text names η of W and IP and says that all else is as for figure S1: so is that of PI. Neither targets nor \
             how often the pattern is shown stand there."
                .to_owned(),
            "Weights rest while traces are taken and errors measured, so that they show one state of them.".to_owned(),
        ],
    }
}

fn picture(lesson: &Lesson, courses: &[Course], traces: &[Traces; 2]) -> plot::Figure {
    let (first, top) = (&courses[0], format!("u{}", lesson.circuit.layers()));
    let far = |cell: usize| traces[0].settled(&top, 0).get(cell).map_or(0.0, |u| (u - first.target[cell]).abs());
    let cell = (0..first.target.len()).max_by(|a, b| far(*a).total_cmp(&far(*b))).unwrap_or(0);
    // What comes to the apical dendrite of hidden cell 0 through weights in the order [above, below].
    let part = |(traces, weights): (&Traces, &Weights), name: &str, population: &str| {
        let (w, below) = (weights.get(name).unwrap_or_default(), lesson.circuit.units(1) as usize);
        traces.curve(population, |row| {
            let term = |(above, u): (usize, &f32)| {
                let w = w.get(above * below).copied().map_or(0.0, f64::from);
                w * rate(lesson.circuit.transfer, f64::from(*u))
            };
            row.iter().enumerate().map(term).sum()
        })
    };
    let weights = [&first.done.start, &first.done.end];
    let both = || traces.iter().zip(weights);
    let wanted = vec![(0.0, f64::from(first.target[cell]))];
    let somata = traces.iter().flat_map(|traces| [traces.unit(&top, cell), traces.unit("i1", cell)]);
    let somata = range(&somata.chain([wanted]).collect::<Vec<_>>());
    let parts = both().flat_map(|of| [part(of, "R2", "u2"), part(of, "PI1", "i1"), of.0.unit("vA1", 0)]);
    let parts = range(&parts.collect::<Vec<_>>());
    let row = |(traces, weights, when): (&Traces, &Weights, &str)| -> Vec<plot::Panel> {
        let last = traces.times().last().unwrap_or(1.0);
        let target = [last / 2.0, last].map(|time| (time, f64::from(first.target[cell])));
        vec![
            traces
                .chart(&format!("{when}: output cell, target"), "potential", somata)
                .curve(traces.unit(&top, cell), thin(0))
                .curve(target.to_vec(), Style { width: 1.8, ..Style::nth(1) })
                .into(),
            traces
                .chart(&format!("{when}: apical dendrite"), "potential", parts)
                .curve(part((traces, weights), "R2", "u2"), thin(5))
                .curve(part((traces, weights), "PI1", "i1"), thin(1))
                .curve(traces.unit("vA1", 0), thin(6))
                .into(),
            traces
                .chart(&format!("{when}: interneuron"), "potential", somata)
                .curve(traces.unit("i1", cell), thin(1))
                .into(),
        ]
    };
    let times = || Axis::new("times shown").over(0.0, f64::from(lesson.shown));
    let column = |course: &Course, at: usize| -> Vec<(f64, f64)> {
        course.done.beside(at).into_iter().enumerate().map(|(shown, value)| (shown as f64, value)).collect()
    };
    let curves = |chart: Chart, which: &[(usize, Style)]| {
        let each = courses.iter().flat_map(|course| which.iter().map(move |(at, style)| (course, *at, *style)));
        each.fold(chart, |chart, (course, at, style)| chart.curve(column(course, at), style))
    };
    let apical = Chart::new("apical potentials: with target (black), without", times(), Axis::new("mean |v_A|").log());
    let error = Chart::new("output without target", times(), Axis::new("Σ(r₂ − r_trgt)²").log());
    plot::Figure {
        title: "Figure 1: an association is learnt, and the apical error with it".to_owned(),
        key: vec![
            ("output cell".to_owned(), thin(0)),
            ("target".to_owned(), Style { width: 1.8, ..Style::nth(1) }),
            ("apical dendrite".to_owned(), thin(6)),
            ("from above".to_owned(), thin(5)),
            ("interneuron, from interneurons".to_owned(), thin(1)),
        ],
        rows: vec![
            row((&traces[0], weights[0], "before")),
            row((&traces[1], weights[1], "after")),
            vec![curves(apical, &[(0, Style::guide()), (1, thin(6))]).into(), curves(error, &[(2, thin(0))]).into()],
        ],
        panel: (270.0, 150.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::s1::tests::small;
    use super::*;
    use crate::request::{Scale, Seeds};
    use hebb_cpu::Cpu;

    #[test]
    fn a_small_network_learns_an_association_and_its_apical_error_goes() {
        let runtime = Cpu::open(Some(1)).unwrap();
        let request = Request::new(&runtime, Scale::Full, Seeds(vec![3]));
        let before = small();
        let circuit =
            Microcircuit { taught: true, source: Source::Pairs, lr_up: vec![0.05, 0.02], ..before.circuit.clone() };
        let made = of(&request, &before, &Lesson { circuit: circuit.clone(), shown: 60 }).unwrap();
        assert!(made.report.claims.iter().all(|claim| claim.holds), "{:#?}", made.report.claims);
        assert!(!made.picture.svg().contains("NaN") && made.table.rows.len() == 61);
        let still = Microcircuit { lr_up: vec![0.0], ..circuit };
        let claims = of(&request, &before, &Lesson { circuit: still, shown: 3 }).unwrap().report.claims;
        assert!(!claims[1].holds && !claims[2].holds, "a control: nothing learns, {claims:#?}");
    }
}
