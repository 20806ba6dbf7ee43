//! Figure S1: interneurons learn to follow the layer above, and to silence the apical dendrites.

use hebb_data::PatternSpec;
use hebb_systems::microcircuit::Microcircuit;

use super::traces::{Traces, before_and_after, range, thin};
use super::{Course, Made, Protocol, by_patterns, dynamics, each, ends, guide, phi, sizes};
use crate::error::LabError;
use crate::plot::{self, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::Table;

/// Its runs' folders, and what they are.
const NAMES: (&str, &str) = ("s1", "self-prediction");
/// Patterns of an epoch, and those held aside.
const PATTERNS: (u32, u32) = (60, 20);
/// Of 60 patterns each: 12,000.
const EPOCHS: u32 = 200;
/// Patterns shown before a trace begins, and in it.
const SHOWN: (u32, u32) = (1, 3);
/// What stays of |v_A|, at most, and the least correlation.
const LIMITS: (f64, f64) = (0.02, 0.99);

/// What the paper has.
pub fn paper() -> Protocol {
    let spec = PatternSpec { patterns: PATTERNS.0, held: PATTERNS.1, ..PatternSpec::default() };
    Protocol { circuit: Microcircuit::continuous(), spec, epochs: EPOCHS }
}

/// The protocol as long as the request has it, and what comes of it by seed.
pub fn courses(request: &Request<'_>, full: &Protocol) -> Result<(Protocol, Vec<Course>), LabError> {
    let epochs = full.scaled(request, NAMES, request.seeds.0.len())?;
    let protocol = Protocol { epochs, ..full.clone() };
    let courses =
        request.seeds.0.iter().map(|&seed| protocol.course(request, NAMES, seed)).collect::<Result<_, _>>()?;
    Ok((protocol, courses))
}

/// The figure.
pub fn make(request: &Request<'_>) -> Result<Made, LabError> {
    of(request, &paper())
}

fn of(request: &Request<'_>, full: &Protocol) -> Result<Made, LabError> {
    let (protocol, courses) = courses(request, full)?;
    let traces = before_and_after(request.runtime, &courses[0], &protocol.circuit, SHOWN)?;
    Ok(Made {
        picture: picture(&protocol, &courses, &traces),
        table: table(&protocol, &courses),
        report: report(request, full, &protocol, &courses),
    })
}

/// |v_A| by epoch as a share of its start.
fn share(course: &Course) -> Vec<f64> {
    let apical = course.done.column("apical_1");
    let (start, _) = ends(&apical);
    apical.iter().map(|apical| apical / start).collect()
}

fn table(protocol: &Protocol, courses: &[Course]) -> Table {
    let columns =
        ["run", "patterns", "apical", "apical_share", "interneuron_correlation", "ip_distance", "pi_distance"];
    let mut table = Table::new(columns);
    for course in courses {
        for (row, share) in course.done.rows.iter().zip(share(course)) {
            let of = |name: &str| row.get(name).into();
            let head = [course.seed.into(), protocol.seen(row.epoch).into(), of("apical_1"), share.into()];
            table.push(head.into_iter().chain([of("inter_1"), of("ip_1"), of("pi_1")]));
        }
    }
    table
}

fn report(request: &Request<'_>, full: &Protocol, protocol: &Protocol, courses: &[Course]) -> Report {
    let last = |course: &Course, name: &str| ends(&course.done.column(name)).1;
    let Microcircuit { lr_ip, lr_pi, .. } = &protocol.circuit;
    Report {
        shows: "Three patterns held aside, one after the other, with noise, of the first seed: above before, in the middle \
                after learning. Left a cell of the output layer and the interneuron that is to follow it, in the middle \
                the apical dendrite of a hidden cell, right an input. Below, by patterns seen, on patterns held aside and \
                without noise: what is left of the apical potentials, their mean size as a share of the start; the \
                correlation of interneurons with the cells above; the squared distances of the weights to and from \
                interneurons to what (12) and (11) have."
            .to_owned(),
        claims: vec![
            Claim::new(
                format!("apical dendrites fall silent: mean |v_A| below {} % of its start", 100.0 * LIMITS.0),
                courses.iter().all(|course| ends(&share(course)).1 < LIMITS.0),
                each(courses, &|course| {
                    let (start, end) = ends(&course.done.column("apical_1"));
                    format!("from {start:.3} to {end:.4}, {:.2} %", 100.0 * end / start)
                }),
            ),
            Claim::new(
                format!("interneurons follow the pyramidal cells above: correlation above {}", LIMITS.1),
                courses.iter().all(|course| last(course, "inter_1") > LIMITS.1),
                each(courses, &|course| {
                    let (start, end) = ends(&course.done.column("inter_1"));
                    format!("from {start:.3} to {end:.4}")
                }),
            ),
        ],
        ran: vec![
            ("network", format!("{}, {}, no targets; all weights from U(−1, 1)", sizes(&protocol.circuit), phi(&protocol.circuit))),
            ("time", dynamics(&protocol.circuit)),
            ("learning", format!("W and R fixed; η of IP {}, of PI {}", super::list(lr_ip), super::list(lr_pi))),
            (
                "patterns",
                format!(
                    "{}, potentials from U(−1, 1), each new; {} held aside, measured each {}",
                    protocol.seen(protocol.epochs),
                    protocol.spec.held,
                    protocol.spec.patterns
                ),
            ),
            ("seeds", request.seeds.to_string()),
            ("device", request.runtime.name()),
        ],
        reduced: full.reduced(protocol.epochs),
        remarks: vec![
            "The text gives no number of patterns. σ is read as the strength of white noise: each of Euler's steps adds σ√dt \
             times a normal number."
                .to_owned(),
            "Weights rest while the traces are taken, so that they show one state of them; the pattern before the first is \
             not drawn."
                .to_owned(),
        ],
    }
}

fn picture(protocol: &Protocol, courses: &[Course], traces: &[Traces; 2]) -> plot::Figure {
    let ranges = [vec!["u2", "i1"], vec!["vA1"], vec!["u0"]].map(|populations| {
        let each = traces.iter().flat_map(|traces| populations.iter().map(|name| traces.unit(name, 0)));
        range(&each.collect::<Vec<_>>())
    });
    let row = |(traces, when): (&Traces, &str)| -> Vec<plot::Panel> {
        let cells = traces.chart(&format!("{when}: cell above, interneuron"), "potential", ranges[0]);
        let apical = traces.chart(&format!("{when}: apical dendrite"), "v_A", ranges[1]);
        let input = traces.chart(&format!("{when}: input"), "u₀", ranges[2]);
        vec![
            cells.curve(traces.unit("u2", 0), thin(0)).curve(traces.unit("i1", 0), thin(1)).into(),
            apical.curve(traces.unit("vA1", 0), thin(6)).into(),
            input.curve(traces.unit("u0", 0), thin(2)).into(),
        ]
    };
    let seen = protocol.seen(protocol.epochs);
    let column = |title: &str, label: &str, is_log: bool, of: &dyn Fn(&Course) -> Vec<Vec<f64>>| {
        let curves = courses.iter().flat_map(|course| {
            let curve = |(n, values): (usize, &Vec<f64>)| (course.by_pattern(protocol, values), n);
            of(course).iter().enumerate().map(curve).collect::<Vec<_>>()
        });
        curves.fold(by_patterns(title, label, seen, is_log), |chart, (points, n)| chart.curve(points, Style::nth(n)))
    };
    let apical = column("apical potentials", "mean |v_A|, share of start", true, &|course| vec![share(course)]);
    let inter =
        column("interneurons and cells above", "correlation", false, &|course| vec![course.done.column("inter_1")]);
    let distances = column("distance to (12) (blue), (11) (red)", "squared distance", true, &|course| {
        vec![course.done.column("ip_1"), course.done.column("pi_1")]
    });
    let last = vec![guide(apical, LIMITS.0, seen).into(), guide(inter, LIMITS.1, seen).into(), distances.into()];
    plot::Figure {
        title: "Figure S1: microcircuits learn to predict what the layer above sends down".to_owned(),
        key: vec![
            ("pyramidal cell above".to_owned(), thin(0)),
            ("interneuron".to_owned(), thin(1)),
            ("apical dendrite".to_owned(), thin(6)),
            ("input".to_owned(), thin(2)),
        ],
        rows: vec![row((&traces[0], "before")), row((&traces[1], "after")), last],
        panel: (270.0, 150.0),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::request::{Scale, Seeds};
    use hebb_cpu::Cpu;

    /// A small network that learns fast.
    pub fn small() -> Protocol {
        let circuit = Microcircuit {
            sizes: vec![6, 5, 2],
            lr_ip: vec![0.05],
            lr_pi: vec![0.05],
            sigma: 0.0,
            pattern_steps: 300,
            ..Microcircuit::continuous()
        };
        let spec = PatternSpec { patterns: 50, held: 5, ..PatternSpec::default() };
        Protocol { circuit, spec, epochs: 12 }
    }

    #[test]
    fn apical_dendrites_of_a_small_network_fall_silent() {
        let runtime = Cpu::open(Some(1)).unwrap();
        let request = Request::new(&runtime, Scale::Full, Seeds(vec![3]));
        let made = of(&request, &small()).unwrap();
        assert!(made.report.claims.iter().all(|claim| claim.holds), "{:#?}", made.report.claims);
        assert!(!made.picture.svg().contains("NaN") && made.table.rows.len() == 13);
        let claims = of(&request, &Protocol { epochs: 1, ..small() }).unwrap().report.claims;
        assert!(!claims[0].holds, "a control: too few patterns, {claims:#?}");
    }
}
