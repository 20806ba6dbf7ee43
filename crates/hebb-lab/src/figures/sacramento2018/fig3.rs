//! Figure 3: handwritten digits, by networks of two-step dynamics.

use hebb_data::{Dataset, Source as Data};
use hebb_engine::Row;
use hebb_engine::evaluate::evaluate;
use hebb_spec::backend::Backend;
use hebb_spec::settings::Table as Settings;
use hebb_spec::system::System;
use hebb_systems::microcircuit::{Learner, Microcircuit, Source};

use super::{Made, list, sizes};
use crate::error::LabError;
use crate::kept::{Beside, Done, Long};
use crate::plot::{self, Axis, Chart, Dash, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::Table;

/// What images are taken where none are named.
const BUILT_IN: &str = "shapes";
/// Images in a batch, and those kept for validation.
const BATCH: u32 = 10;
const VALIDATION: usize = 5000;
/// Epochs at full size.
const EPOCHS: u32 = 100;
/// η of (9) and (10) of the network in which all is plastic, before its factor: the text has none.
const FREE_RATES: (f32, f32) = (0.000_25, 0.000_012_5);
/// η by layer of back-propagation, before its factor: the text has none.
const BP_RATES: [f32; 3] = [4.0, 2.0, 0.5];
/// The paper's test error of each, and what its η are multiplied by here.
const NETWORKS: [Network; 4] = [
    Network { name: "deep", what: "microcircuits, two hidden layers", kind: Kind::Deep, paper: 0.0196, factor: 8.0 },
    Network { name: "fixed", what: "the same, W₂ fixed", kind: Kind::Fixed, paper: 0.0211, factor: 8.0 },
    Network { name: "plastic", what: "one hidden layer, all plastic", kind: Kind::Plastic, paper: 0.0248, factor: 8.0 },
    Network { name: "bp", what: "back-propagation", kind: Kind::Bp, paper: 0.0153, factor: 1.0 },
];
/// Cells of the hidden layers: of most networks, and of the one in which all is plastic.
const HIDDEN: [&[u32]; 2] = [&[500, 500], &[1000]];
/// How far above the paper's test error is near, as a factor.
const NEAR: f64 = 1.25;
/// What is measured beside a run's rows.
const MEASURED: [&str; 1] = ["test_error"];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Deep,
    Fixed,
    Plastic,
    Bp,
}

/// One of the figure's networks.
#[derive(Clone, Copy)]
struct Network {
    name: &'static str,
    what: &'static str,
    kind: Kind,
    paper: f64,
    factor: f32,
}

/// What all of them have.
struct Protocol {
    networks: [Network; 4],
    hidden: [Vec<u32>; 2],
    validation: usize,
    epochs: u32,
}

/// A run.
struct Course {
    network: Network,
    circuit: Microcircuit,
    seed: u64,
    done: Done,
}

impl Course {
    fn validation(&self) -> Vec<f64> {
        self.done.column("validation_error")
    }

    /// The epoch of the lowest validation error, the first of equals, counted from 1, and its test error.
    fn best(&self) -> (usize, f64) {
        let errors = self.validation();
        let lowest = (1..errors.len()).min_by(|a, b| errors[*a].total_cmp(&errors[*b])).unwrap_or(0);
        (lowest, self.done.beside(0)[lowest])
    }
}

/// The figure.
pub fn make(request: &Request<'_>) -> Result<Made, LabError> {
    let text = match request.data {
        [] => BUILT_IN,
        [one] => one,
        _ => return Err(LabError::Several { figure: "sacramento2018/fig3" }),
    };
    let data = text.parse::<Data>()?.load()?;
    let hidden = HIDDEN.map(<[u32]>::to_vec);
    let protocol = Protocol { networks: NETWORKS, hidden, validation: VALIDATION, epochs: EPOCHS };
    of(request, &data, &protocol)
}

fn of(request: &Request<'_>, data: &Dataset, full: &Protocol) -> Result<Made, LabError> {
    let digest = data.digest();
    let mut courses: Vec<Course> = Vec::new();
    let mut epochs = full.epochs;
    for &seed in &request.seeds.0 {
        for network in full.networks {
            let circuit = network.circuit(data, full);
            circuit.check()?;
            let run = Long { epochs, ..network.long(&circuit, (data, digest.clone()), (full, seed)) };
            if courses.is_empty() {
                epochs = run.scaled(request, NETWORKS.len() * request.seeds.0.len())?;
            }
            let run = Long { epochs, ..run };
            let test = |backend: &mut dyn Backend| -> Result<Vec<f64>, LabError> {
                let go_on = |_| std::ops::ControlFlow::Continue(());
                let sums = evaluate(&circuit, backend, &data.test, 0..data.test.len(), go_on, |_, _| {})?;
                Ok(vec![sums.unwrap_or_default().mean("wrong")])
            };
            let done = {
                let beside = Beside { columns: &MEASURED, of: &mut |backend, _| test(backend) };
                run.train(request, run.start(), beside)?
            };
            courses.push(Course { network, circuit, seed, done });
        }
    }
    let protocol = Protocol { hidden: full.hidden.clone(), epochs, ..*full };
    Ok(Made {
        picture: picture(&courses, &protocol),
        table: table(&courses),
        report: report(request, data, (full, &protocol), &courses),
    })
}

impl Network {
    fn circuit(&self, data: &Dataset, protocol: &Protocol) -> Microcircuit {
        let hidden = &protocol.hidden[usize::from(self.kind == Kind::Plastic)];
        let ends = [data.shape.units(), data.classes()];
        let base = Microcircuit {
            sizes: [&ends[..1], hidden, &ends[1..]].concat(),
            learner: if self.kind == Kind::Bp { Learner::Bp } else { Learner::Microcircuit },
            source: Source::Images { shape: data.shape, classes: data.classes() },
            ..Microcircuit::two_step()
        };
        let times = |rate: f64| rate as f32 * self.factor;
        let lr_up: Vec<f32> = (1..=base.layers()).map(|layer| times(base.rate_up(layer))).collect();
        let lr_ip: Vec<f32> = base.hidden().map(|layer| times(base.rate_ip(layer))).collect();
        let paper = Microcircuit { lr_up, lr_ip, ..base };
        match self.kind {
            Kind::Deep => paper,
            Kind::Bp => {
                let lr_up = BP_RATES.map(|rate| rate * self.factor).to_vec();
                Microcircuit { lr_up, lr_ip: vec![0.0], ..paper }
            }
            Kind::Fixed => {
                let lr_up = (1..).zip(&paper.lr_up).map(|(layer, rate)| if layer == 2 { 0.0 } else { *rate }).collect();
                Microcircuit { lr_up, ..paper }
            }
            Kind::Plastic => Microcircuit {
                self_predicting: false,
                lr_pi: vec![FREE_RATES.0 * self.factor],
                lr_down: vec![FREE_RATES.1 * self.factor],
                ..paper
            },
        }
    }

    fn long<'a>(
        &self,
        circuit: &'a Microcircuit,
        (data, digest): (&'a Dataset, String),
        (protocol, seed): (&Protocol, u64),
    ) -> Long<'a> {
        Long {
            name: format!("fig3-{}-{seed}", self.name),
            what: format!("{} {}, seed {seed}", self.what, sizes(circuit)),
            system: circuit as &dyn System,
            records: &data.train,
            data: &data.name,
            source: &data.name,
            digest,
            spec: super::settings(circuit, Settings::default()),
            kind: (data.shape, data.classes()),
            validation: protocol.validation,
            batch: BATCH,
            epochs: protocol.epochs,
            seed,
            tells: "validation_error",
        }
    }
}

fn table(courses: &[Course]) -> Table {
    let columns = ["network", "sizes", "run", "epoch", "train_error", "validation_error", "test_error", "seconds"];
    let mut table = Table::new(columns);
    for course in courses {
        for (row, test) in course.done.rows.iter().zip(course.done.beside(0)) {
            let of = |name: &str| Row::get(row, name).into();
            let sizes = sizes(&course.circuit);
            let head = [course.network.what.into(), sizes.as_str().into(), course.seed.into(), row.epoch.into()];
            let seconds = (row.epoch > 0).then_some(row.seconds).into();
            table.push(head.into_iter().chain([of("train_error"), of("validation_error"), test.into(), seconds]));
        }
    }
    table
}

/// A share as a percentage.
fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn report(
    request: &Request<'_>,
    data: &Dataset,
    (full, protocol): (&Protocol, &Protocol),
    courses: &[Course],
) -> Report {
    let of = |kind: Kind| courses.iter().filter(move |course| course.network.kind == kind);
    let near = |network: &Network| {
        let found = |course: &Course| {
            let (epoch, test) = course.best();
            format!("seed {}: {} after epoch {epoch}", course.seed, percent(test))
        };
        Claim::new(
            format!(
                "{}: a test error of {} (at most {NEAR} times it), at the epoch of the lowest validation error",
                network.what,
                percent(network.paper)
            ),
            of(network.kind).all(|course| course.best().1 <= NEAR * network.paper),
            of(network.kind).map(found).collect::<Vec<_>>().join("; "),
        )
    };
    let mut reduced = Vec::new();
    if protocol.epochs < full.epochs {
        reduced.push(format!("{} of {} epochs", protocol.epochs, full.epochs));
    }
    if request.data.is_empty() {
        reduced.push("the built-in shapes, in place of images named with --data".to_owned());
    }
    let mut ran = vec![
        (
            "data",
            format!(
                "{}: {} images to train on, {} for validation, {} to test",
                data.name,
                data.train.len() - protocol.validation,
                protocol.validation,
                data.test.len()
            ),
        ),
        ("batch", format!("{BATCH}, changes averaged")),
        ("epochs", protocol.epochs.to_string()),
    ];
    ran.extend(courses.iter().map(|course| (course.network.what, rates(course))));
    ran.extend([("seeds", request.seeds.to_string()), ("device", request.runtime.name())]);
    Report {
        shows: "Left the validation error, right the test error by epoch, both on logarithmic axes, of four networks; dashed, \
                in the colour of each, the test error that the paper has."
            .to_owned(),
        claims: NETWORKS.iter().map(near).collect(),
        ran,
        reduced,
        remarks: vec![
            "The text gives no number of epochs, no η of (9) and (10), and none of back-propagation. Rates and epoch are chosen on \
             the validation images alone."
                .to_owned(),
            "Presynaptic rates of (7) and (8) are those before anything is nudged; (9) and (10) take those after it.".to_owned(),
        ],
    }
}

/// A run's rates and speed.
fn rates(course: &Course) -> String {
    let Microcircuit { lr_up, lr_ip, lr_pi, lr_down, .. } = &course.circuit;
    let (sizes, factor) = (sizes(&course.circuit), course.network.factor);
    let text = match course.network.kind {
        Kind::Bp => format!("{sizes}; η of W {}", list(lr_up)),
        _ => format!(
            "{sizes}; {factor} times the paper's η: W {}, IP {}, PI {}, R {}",
            list(lr_up),
            list(lr_ip),
            list(lr_pi),
            list(lr_down)
        ),
    };
    format!("{text}; {:.2} s an epoch as it ran (seed {})", course.done.seconds(), course.seed)
}

fn picture(courses: &[Course], protocol: &Protocol) -> plot::Figure {
    let last = f64::from(protocol.epochs);
    let style = |kind: Kind| {
        let at = NETWORKS.iter().position(|network| network.kind == kind).unwrap_or(0);
        Style::nth(at).solid().of_width(1.6)
    };
    let chart = |title: &str, of: &dyn Fn(&Course) -> Vec<f64>| {
        let epoch = Axis::new("epoch").over(0.0, last);
        let mut chart = Chart::new(title, epoch, Axis::new("images (%)").log());
        for network in NETWORKS {
            let paper = Style { dash: Dash::Short, width: 1.0, ..style(network.kind) };
            chart = chart.curve(vec![(0.0, 100.0 * network.paper), (last, 100.0 * network.paper)], paper);
        }
        for course in courses {
            let points = of(course).into_iter().enumerate().skip(1).map(|(epoch, error)| (epoch as f64, 100.0 * error));
            chart = chart.curve(points.collect(), style(course.network.kind));
        }
        chart.into()
    };
    plot::Figure {
        title: "Figure 3: images classified by microcircuits".to_owned(),
        key: NETWORKS.iter().map(|network| (network.what.to_owned(), style(network.kind))).collect(),
        rows: vec![vec![
            chart("validation error", &Course::validation),
            chart("test error", &|course| course.done.beside(0)),
        ]],
        panel: (360.0, 260.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Scale, Seeds};
    use hebb_cpu::Cpu;
    use hebb_data::Split;
    use hebb_spec::Shape;

    /// Three kinds of bright rows.
    fn rows() -> Dataset {
        let shape = Shape::new(1, 4, 4);
        let image = |record: u16| {
            (0..16).map(move |at| if at / 4 == record % 3 { 200 } else { (record * 7 + at * 5) as u8 % 60 })
        };
        let split = |count: u16| {
            let labels = (0..count).map(|record| record % 3).collect();
            Split::new(shape, (0..count).flat_map(image).collect(), labels).unwrap()
        };
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        Dataset::new("rows", shape, names, split(330), split(30)).unwrap()
    }

    #[test]
    fn four_small_networks_learn_and_tell_their_best_epoch() {
        let runtime = Cpu::open(Some(1)).unwrap();
        let request = Request::new(&runtime, Scale::Full, Seeds(vec![1]));
        // Its steps are few.
        let factor = |kind| if kind == Kind::Bp { 1.0 } else { 40.0 };
        let networks = NETWORKS.map(|network| Network { factor: factor(network.kind), ..network });
        let protocol = Protocol { networks, hidden: [vec![20, 15], vec![20]], validation: 30, epochs: 60 };
        let made = of(&request, &rows(), &protocol).unwrap();
        assert_eq!((made.report.claims.len(), made.table.rows.len()), (4, 4 * 61));
        for claim in &made.report.claims {
            assert!(claim.holds && claim.found.contains("seed 1: "), "{claim:#?}");
        }
        assert!(!made.picture.svg().contains("NaN"));
        let fixed = NETWORKS[1].circuit(&rows(), &protocol);
        assert!(fixed.lr_up[1] == 0.0 && fixed.lr_up[0] > fixed.lr_up[2]);
    }
}
