//! Figure S2: the self-predicting state comes about while figure 2's task is learnt. Its runs are figure 2's.

use hebb_spec::param::Weights;

use super::fig2::{paper, ran, whole};
use super::{Course, Made, Protocol, by_patterns, each, ends, guide};
use crate::error::LabError;
use crate::plot::{self, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::Table;

/// The angle that feedback alignment goes to, and how near is near, in degrees.
const ANGLE: (f64, f64) = (45.0, 15.0);
/// What is left of a distance, at most, each over the squared size of what the weights should be.
const LEFT: f64 = 0.25;
/// What is drawn: a column, what it is, and its axis.
const COLUMNS: [(&str, &str, &str); 3] = [
    ("ip_1", "to interneurons: distance to (12)", "|IP − IP*|²"),
    ("pi_1", "from interneurons: distance to (11)", "|PI − PI*|²"),
    ("angle_2", "weights up and down", "angle (degrees)"),
];

/// The figure.
pub fn make(request: &Request<'_>) -> Result<Made, LabError> {
    let [full, _] = paper();
    of(request, &full)
}

fn of(request: &Request<'_>, full: &Protocol) -> Result<Made, LabError> {
    let (protocol, courses) = whole(request, full)?;
    let report = report(request, (full, &protocol), &courses);
    Ok(Made { picture: picture(&protocol, &courses), table: table(&protocol, &courses), report })
}

fn table(protocol: &Protocol, courses: &[Course]) -> Table {
    let mut table = Table::new(["run", "patterns", "ip_distance", "pi_distance", "angle_degrees"]);
    for course in courses {
        for row in &course.done.rows {
            let head = [course.seed.into(), protocol.seen(row.epoch).into()];
            table.push(head.into_iter().chain(COLUMNS.map(|(name, ..)| row.get(name).into())));
        }
    }
    table
}

fn report(request: &Request<'_>, (full, protocol): (&Protocol, &Protocol), courses: &[Course]) -> Report {
    let distance = |name: &'static str, of: &'static str, says: &str| {
        // What they should be grows with what is learnt.
        let over = move |weights: &Weights, distance: f64| {
            distance / weights.get(of).unwrap_or_default().iter().map(|w| f64::from(*w).powi(2)).sum::<f64>()
        };
        let shares = move |course: &Course| {
            let (start, end) = ends(&course.done.column(name));
            (over(&course.done.start, start), over(&course.done.end, end))
        };
        Claim::new(
            format!("{says} (over its squared size at most {LEFT} of the start's)"),
            courses.iter().all(|course| shares(course).1 <= LEFT * shares(course).0),
            each(courses, &|course| {
                let ((start, end), (from, to)) = (ends(&course.done.column(name)), shares(course));
                format!("from {start:.3} to {end:.4}; over |{}|² from {from:.3} to {to:.4}", of)
            }),
        )
    };
    let angle = |course: &Course| ends(&course.done.column("angle_2"));
    Report {
        shows: "By patterns seen, a line for each seed: the squared Frobenius distances of the weights to interneurons from \
                what (12) has, and of those from interneurons from what (11) has, on logarithmic axes; and the angle \
                between the weights up to the output layer and those down from it."
            .to_owned(),
        claims: vec![
            distance("ip_1", "W2", "the weights to interneurons come near (12)"),
            distance("pi_1", "R2", "the weights from interneurons come near (11)"),
            Claim::new(
                format!("weights up align with those down, towards some {}° (within {}°)", ANGLE.0, ANGLE.1),
                courses.iter().all(|course| (angle(course).1 - ANGLE.0).abs() <= ANGLE.1),
                each(courses, &|course| format!("from {:.1}° to {:.1}°", angle(course).0, angle(course).1)),
            ),
        ],
        ran: ran(request, protocol),
        reduced: full.reduced(protocol.epochs),
        remarks: vec!["The runs are those of sacramento2018/fig2: in one folder they are done once.".to_owned()],
    }
}

fn picture(protocol: &Protocol, courses: &[Course]) -> plot::Figure {
    let seen = protocol.seen(protocol.epochs);
    let panel = |(at, (name, title, label)): (usize, &(&str, &str, &str))| -> plot::Panel {
        let chart = by_patterns(title, label, seen, at < 2);
        let chart = if at < 2 { chart } else { guide(chart, ANGLE.0, seen) };
        let curve = |course: &Course| course.by_pattern(protocol, &course.done.column(name));
        courses.iter().enumerate().fold(chart, |chart, (n, course)| chart.curve(curve(course), Style::nth(n))).into()
    };
    plot::Figure {
        title: "Figure S2: the self-predicting state emerges while a task is learnt".to_owned(),
        key: courses.iter().enumerate().map(|(n, course)| (format!("seed {}", course.seed), Style::nth(n))).collect(),
        rows: vec![COLUMNS.iter().enumerate().map(panel).collect()],
        panel: (270.0, 200.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fig2::tests::small;
    use super::*;
    use crate::request::{Scale, Seeds};
    use hebb_cpu::Cpu;

    #[test]
    fn a_small_network_comes_near_the_self_predicting_state() {
        let runtime = Cpu::open(Some(1)).unwrap();
        let request = Request::new(&runtime, Scale::Full, Seeds(vec![1]));
        let made = of(&request, &small(1.0)).unwrap();
        let claims = &made.report.claims;
        assert!(claims[0].holds && claims[1].holds, "{claims:#?}");
        assert!(!made.picture.svg().contains("NaN") && made.table.columns.len() == made.table.rows[0].len());
        let still = of(&request, &small(0.0)).unwrap().report.claims;
        assert!(!still[0].holds && !still[1].holds, "a control: nothing learns, {still:#?}");
    }
}
