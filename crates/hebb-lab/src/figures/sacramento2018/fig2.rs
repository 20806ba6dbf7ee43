//! Figure 2: a nonlinear regression, learnt in continuous time beside a shallow learner.

use hebb_data::PatternSpec;
use hebb_data::patterns::rate;
use hebb_spec::transfer::TransferFunction;
use hebb_systems::microcircuit::{Input, Microcircuit, Source};

use super::traces::{Traces, before_and_after, range, thin};
use super::{Course, Made, Protocol, by_patterns, dynamics, ends, guide, list, phi, sizes};
use crate::error::LabError;
use crate::plot::{self, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::Table;

/// Its runs' folders, and what they are: of the whole network, and of the shallow learner.
const NAMES: [(&str, &str); 2] = [("fig2", "microcircuit"), ("fig2-shallow", "shallow learner")];
/// Patterns of an epoch, and those held aside.
const PATTERNS: (u32, u32) = (500, 64);
/// Of 500 patterns each: 40,000.
const EPOCHS: u32 = 80;
/// The paper's η of W1, W2, IP and PI.
const RATES: [f32; 4] = [0.001_187_5, 0.0005, 0.001_187_5, 0.005_937_5];
/// What they are multiplied by: the paper's own take millions of patterns.
const FACTORS: [f32; 4] = [100.0, 100.0, 100.0, 20.0];
/// The teacher.
const TEACHER: [u32; 3] = [30, 20, 10];
/// What a moving average keeps, an epoch.
const KEPT: f64 = 0.8;
/// Patterns shown before a trace begins, and in it.
const SHOWN: (u32, u32) = (1, 5);
/// The largest share of the shallow learner's error.
const SHARE: f64 = 0.5;

/// The whole network's protocol, then the shallow learner's, whose W1 is fixed.
pub fn paper() -> [Protocol; 2] {
    let [first, second, ip, pi] = std::array::from_fn(|at| RATES[at] * FACTORS[at]);
    let circuit = Microcircuit {
        sizes: vec![30, 50, 10],
        taught: true,
        input: Input::Rates,
        transfer: TransferFunction::Softplus { gamma: 0.1, beta: 1.0, theta: 3.0 },
        start_up: 0.1,
        start_ip: 0.1,
        sigma: 0.3,
        lr_up: vec![first, second],
        lr_ip: vec![ip],
        lr_pi: vec![pi],
        source: Source::Pairs,
        ..Microcircuit::continuous()
    };
    let spec = PatternSpec { patterns: PATTERNS.0, held: PATTERNS.1, teacher: Some(TEACHER), ..PatternSpec::default() };
    let whole = Protocol { circuit, spec, epochs: EPOCHS };
    let shallow = shallow(&whole);
    [whole, shallow]
}

/// The same without learning below the top.
fn shallow(whole: &Protocol) -> Protocol {
    let lr_up = whole.circuit.lr_up.iter().enumerate().map(|(at, rate)| if at == 0 { 0.0 } else { *rate }).collect();
    Protocol { circuit: Microcircuit { lr_up, ..whole.circuit.clone() }, ..whole.clone() }
}

/// The whole network's protocol as long as the request has it, and what comes of it by seed.
pub fn whole(request: &Request<'_>, full: &Protocol) -> Result<(Protocol, Vec<Course>), LabError> {
    courses(request, full, 0, scaled(request, full)?)
}

fn scaled(request: &Request<'_>, full: &Protocol) -> Result<u32, LabError> {
    full.scaled(request, NAMES[0], NAMES.len() * request.seeds.0.len())
}

fn courses(
    request: &Request<'_>,
    full: &Protocol,
    which: usize,
    epochs: u32,
) -> Result<(Protocol, Vec<Course>), LabError> {
    let protocol = Protocol { epochs, ..full.clone() };
    let course = |&seed: &u64| protocol.course(request, NAMES[which], seed);
    let courses = request.seeds.0.iter().map(course).collect::<Result<_, _>>()?;
    Ok((protocol, courses))
}

/// What an epoch's mean of the error goes into: the share of what was, and of what is.
fn moving(errors: &[f64]) -> Vec<f64> {
    let mut average = f64::NAN;
    let next = |error: &f64| {
        average = if average.is_nan() { *error } else { KEPT * average + (1.0 - KEPT) * error };
        average
    };
    errors.iter().map(next).collect()
}

fn errors(course: &Course) -> Vec<f64> {
    moving(&course.done.column("validation_error"))
}

fn end(course: &Course) -> f64 {
    ends(&errors(course)).1
}

/// The figure.
pub fn make(request: &Request<'_>) -> Result<Made, LabError> {
    of(request, &paper())
}

fn of(request: &Request<'_>, full: &[Protocol; 2]) -> Result<Made, LabError> {
    let epochs = scaled(request, &full[0])?;
    let (protocol, deep) = courses(request, &full[0], 0, epochs)?;
    let (_, shallow) = courses(request, &full[1], 1, epochs)?;
    let traces = before_and_after(request.runtime, &deep[0], &protocol.circuit, SHOWN)?;
    let runs = [deep, shallow];
    Ok(Made {
        picture: picture(&protocol, &runs, &traces),
        table: table(&protocol, &runs),
        report: report(request, (&full[0], &protocol), &runs),
    })
}

fn table(protocol: &Protocol, runs: &[Vec<Course>; 2]) -> Table {
    let mut table = Table::new(["learner", "run", "patterns", "error", "moving_average", "apical"]);
    for ((_, what), courses) in NAMES.iter().zip(runs) {
        for course in courses {
            for (row, average) in course.done.rows.iter().zip(errors(course)) {
                let head = [(*what).into(), course.seed.into(), protocol.seen(row.epoch).into()];
                let of = |name: &str| row.get(name).into();
                table.push(head.into_iter().chain([of("validation_error"), average.into(), of("apical_1")]));
            }
        }
    }
    table
}

/// The targets' rates that the traces were nudged to, of each output, by pattern.
fn wanted(course: &Course, transfer: TransferFunction) -> Vec<Vec<f64>> {
    let first = course.patterns.count() as u32 - course.patterns.held();
    let target = |pattern: u32| {
        let index = first + pattern % course.patterns.held().max(1);
        let target = course.patterns.target(&course.patterns.x(0, index)).unwrap_or_default();
        target.into_iter().map(|u| rate(transfer, u.into())).collect()
    };
    (SHOWN.0..SHOWN.0 + SHOWN.1).map(target).collect()
}

fn means(runs: &[Vec<Course>; 2]) -> [f64; 2] {
    [0, 1].map(|at| runs[at].iter().map(end).sum::<f64>() / runs[at].len() as f64)
}

fn report(request: &Request<'_>, (full, protocol): (&Protocol, &Protocol), runs: &[Vec<Course>; 2]) -> Report {
    let pairs = || runs[0].iter().zip(&runs[1]);
    let [deep, shallow] = means(runs);
    let each = |of: &dyn Fn(&Course, &Course) -> String| {
        let text = |(deep, shallow): (&Course, &Course)| format!("seed {}: {}", deep.seed, of(deep, shallow));
        pairs().map(text).collect::<Vec<_>>().join("; ")
    };
    let start = |course: &Course| ends(&errors(course)).0;
    let factors = FACTORS.map(|factor| factor.to_string()).join(", ");
    Report {
        shows: format!(
            "Above and in the middle, before and after learning, {} patterns held aside, with noise and with the target \
             nudging the output, of the first seed: left the rate of the output cell whose target varies most and, dashed, \
             the rate that is wanted, in the middle the apical dendrite of a hidden cell, right an input's rate. Below the \
             error Σ(r₂ − r_trgt)² of patterns held aside, without noise and without nudging, by patterns seen, each seed's \
             moving average: of the microcircuit, and of a shallow learner, the same network with W1 fixed; beside it the \
             former as a share of the latter.",
            SHOWN.1
        ),
        claims: vec![
            Claim::new(
                format!("the microcircuit ends at or below {SHARE} of the shallow learner's error, each seed and in the mean"),
                pairs().all(|(deep, shallow)| end(deep) <= SHARE * end(shallow)) && deep <= SHARE * shallow,
                format!(
                    "{}; mean {deep:.4} and {shallow:.4}, {:.3}",
                    each(&|deep, shallow| {
                        format!("{:.4} and {:.4}, {:.3}", end(deep), end(shallow), end(deep) / end(shallow))
                    }),
                    deep / shallow
                ),
            ),
            Claim::new(
                "the microcircuit learns: its error ends below its start's",
                runs[0].iter().all(|course| end(course) < start(course)),
                each(&|deep, _| format!("from {:.4} to {:.4}", start(deep), end(deep))),
            ),
        ],
        ran: ran(request, protocol),
        reduced: full.reduced(protocol.epochs),
        remarks: vec![
            format!(
                "The paper's η of W1, W2, IP and PI are {}; here they are multiplied by {factors}. At the paper's own the \
                 text's curves take millions of patterns of {} steps each.",
                list(&RATES),
                protocol.circuit.pattern_steps
            ),
            format!(
                "The error is measured each {} patterns on {}; an average keeps {KEPT} of what it was. The text averages \
                 after each pattern.",
                protocol.spec.patterns, protocol.spec.held
            ),
            "Weights rest while the traces are taken, so that they show one state of them; the pattern before the first is \
             not drawn."
                .to_owned(),
        ],
    }
}

/// What ran, for this figure and S2.
pub fn ran(request: &Request<'_>, protocol: &Protocol) -> Vec<(&'static str, String)> {
    let circuit = &protocol.circuit;
    let teacher = TEACHER.map(|size| size.to_string()).join("-");
    vec![
        (
            "network",
            format!(
                "{}, {}; W and IP from U(−{}, {}), R and PI from U(−{}, {})",
                sizes(circuit),
                phi(circuit),
                circuit.start_up,
                circuit.start_up,
                circuit.start_down,
                circuit.start_down
            ),
        ),
        (
            "teacher",
            format!(
                "a network {teacher} with weights from U(−1, 1), factors {} and {}; r₀ from U(−1, 1), each pattern new",
                protocol.spec.k10, protocol.spec.k21
            ),
        ),
        ("time", dynamics(circuit)),
        (
            "learning",
            format!(
                "R fixed; η of W1 and W2 {}, of IP {}, of PI {}",
                list(&circuit.lr_up),
                list(&circuit.lr_ip),
                list(&circuit.lr_pi)
            ),
        ),
        ("patterns", protocol.seen(protocol.epochs).to_string()),
        ("seeds", request.seeds.to_string()),
        ("device", request.runtime.name()),
    ]
}

fn picture(protocol: &Protocol, runs: &[Vec<Course>; 2], traces: &[Traces; 2]) -> plot::Figure {
    let transfer = protocol.circuit.transfer;
    let wanted = wanted(&runs[0][0], transfer);
    let spread = |unit: usize| {
        let of = || wanted.iter().map(|rates| rates[unit]);
        of().fold(f64::MIN, f64::max) - of().fold(f64::MAX, f64::min)
    };
    let outputs = wanted.first().map_or(0, Vec::len);
    let cell = (0..outputs).max_by(|a, b| spread(*a).total_cmp(&spread(*b))).unwrap_or(0);
    let output =
        |traces: &Traces| traces.curve("u2", |u| u.get(cell).map_or(f64::NAN, |u| rate(transfer, f64::from(*u))));
    let targets = wanted.iter().map(|rates| (0.0, rates[cell])).collect();
    let rates = range(&[output(&traces[0]), output(&traces[1]), targets]);
    let [apical, input] = ["vA1", "u0"].map(|name| range(&traces.each_ref().map(|traces| traces.unit(name, 0))));
    let row = |(traces, when): (&Traces, &str)| -> Vec<plot::Panel> {
        let output = output(traces);
        let target = output.iter().map(|(time, _)| (*time, wanted[traces.pattern(*time)][cell])).collect();
        vec![
            traces
                .chart(&format!("{when}: output cell, target"), "rate", rates)
                .curve(output, thin(0))
                .curve(target, Style { width: 1.5, ..Style::nth(1) })
                .into(),
            traces
                .chart(&format!("{when}: apical dendrite"), "v_A", apical)
                .curve(traces.unit("vA1", 0), thin(6))
                .into(),
            traces.chart(&format!("{when}: input"), "r₀", input).curve(traces.unit("u0", 0), thin(2)).into(),
        ]
    };
    let seen = protocol.seen(protocol.epochs);
    let mut chart = by_patterns("error on patterns held aside", "Σ(r₂ − r_trgt)²", seen, false);
    for (n, courses) in runs.iter().enumerate().rev() {
        for course in courses {
            chart = chart.curve(course.by_pattern(protocol, &errors(course)), learner(n));
        }
    }
    let mut share = by_patterns("microcircuit over shallow learner", "share", seen, false);
    for (deep, shallow) in runs[0].iter().zip(&runs[1]) {
        let shares: Vec<f64> = errors(deep).iter().zip(errors(shallow)).map(|(deep, shallow)| deep / shallow).collect();
        share = share.curve(deep.by_pattern(protocol, &shares), Style::nth(6).solid().of_width(1.3));
    }
    plot::Figure {
        title: "Figure 2: a nonlinear regression, learnt online and without phases".to_owned(),
        key: vec![
            ("microcircuit".to_owned(), learner(0)),
            ("shallow learner".to_owned(), learner(1)),
            ("target".to_owned(), Style { width: 1.5, ..Style::nth(1) }),
            ("apical dendrite".to_owned(), thin(6)),
            ("input".to_owned(), thin(2)),
        ],
        rows: vec![
            row((&traces[0], "before")),
            row((&traces[1], "after")),
            vec![chart.into(), guide(share, SHARE, seen).into()],
        ],
        panel: (270.0, 150.0),
    }
}

fn learner(n: usize) -> Style {
    Style::nth(if n == 0 { 0 } else { 3 }).solid().of_width(1.6)
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::request::{Scale, Seeds};
    use hebb_cpu::Cpu;

    /// A small network of cells that are hardly ever silent, of rates so many times what suits it.
    pub fn small(factor: f32) -> Protocol {
        let [paper, _] = paper();
        let circuit = Microcircuit {
            sizes: vec![4, 8, 2],
            transfer: TransferFunction::Softplus { gamma: 1.0, beta: 1.0, theta: 0.0 },
            lr_up: vec![factor * 0.02],
            lr_ip: vec![factor * 0.05],
            lr_pi: vec![factor * 0.1],
            pattern_steps: 300,
            sigma: 0.05,
            ..paper.circuit.clone()
        };
        let spec = PatternSpec { patterns: 60, held: 16, teacher: Some([4, 5, 2]), k21: 1.0, ..paper.spec.clone() };
        Protocol { circuit, spec, epochs: 8 }
    }

    #[test]
    fn a_small_network_learns_beside_the_shallow_learner() {
        let runtime = Cpu::open(Some(1)).unwrap();
        let request = Request::new(&runtime, Scale::Full, Seeds(vec![1]));
        let whole = small(1.0);
        let made = of(&request, &[whole.clone(), shallow(&whole)]).unwrap();
        assert!(made.report.claims.iter().all(|claim| claim.holds), "{:#?}", made.report.claims);
        assert!(!made.picture.svg().contains("NaN") && made.table.rows.len() == 18);
        assert_eq!(moving(&[1.0, 0.0, 0.0]), [1.0, KEPT, KEPT * KEPT]);
    }
}
