//! Appendix 1 of Amit (2019): the circuit that computes the output's error signal, and the one that shuts feedback off.

use hebb_systems::section5::circuits::{Activity, Output, Shown, shut_off};

use super::Made;
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Colour, Image, Map, Mark, Sheet, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::{Cell, Table};

/// S, M, μ and ε of the drawn circuit.
const CIRCUIT: (f64, f64, f64, f64) = (1.0, 3.0, 0.5, 0.25);
/// K of the second.
const K: f64 = 2.0;
/// Inputs of the first circuit between 0 and the largest, and of the second, which has two.
const GRID: (i32, i32) = (120, 30);
/// Steps until a path is looked at, and steps that are looked at: two turns of the longest cycle.
const STEPS: (usize, usize) = (4, 4);

/// What the output's circuit does for one input.
struct Course {
    shown: Shown,
    h: f64,
    wanted: f64,
    visited: Vec<f64>,
}

impl Course {
    /// Whether it does what the text says: rests at (6), or goes between 0 and a signal with an excess.
    fn is_right(&self) -> bool {
        let is_zero = self.visited.contains(&0.0);
        if self.wanted != 0.0 { self.visited.iter().all(|delta| *delta == self.wanted) } else { is_zero }
    }
}

/// The figure.
pub fn make(_request: &Request<'_>) -> Result<Made, LabError> {
    let (s, m, mu, excess) = CIRCUIT;
    let circuit = Output::new(s, m, mu, excess)?;
    let courses: Vec<Course> = [Shown::Own, Shown::Other]
        .into_iter()
        .flat_map(|shown| inputs(m, GRID.0).map(move |h| course(&circuit, shown, h)))
        .collect();
    let passed: Vec<(f64, f64, f64)> = inputs(1.5, GRID.1)
        .flat_map(|x| inputs(K, GRID.1).map(move |delta| (x, delta, shut_off(x, delta, K))))
        .collect();
    Ok(Made {
        picture: picture(&circuit, &courses),
        table: table(&courses, &passed),
        report: report(&courses, &passed),
    })
}

/// Inputs on a grid of the open interval.
fn inputs(most: f64, grid: i32) -> impl Iterator<Item = f64> {
    (1 - grid..grid).map(move |at| f64::from(at) / f64::from(grid) * most)
}

fn course(circuit: &Output, shown: Shown, h: f64) -> Course {
    let path = circuit.run(h, shown, 0.0, STEPS.0 + STEPS.1);
    let mut visited: Vec<f64> = path[STEPS.0..].iter().map(|now| now.delta).collect();
    visited.sort_by(f64::total_cmp);
    visited.dedup();
    Course { shown, h, wanted: circuit.wanted(h, shown), visited }
}

fn table(courses: &[Course], passed: &[(f64, f64, f64)]) -> Table {
    let mut table = Table::new(["circuit", "shown", "input", "feedback", "wanted", "lowest", "highest", "visits_zero"]);
    for course in courses {
        let shown = if course.shown == Shown::Own { "own" } else { "other" };
        let (low, high) = course.visited.iter().fold((f64::MAX, f64::MIN), |(l, h), d| (l.min(*d), h.max(*d)));
        let zero = u32::from(course.visited.contains(&0.0));
        let numbers = [course.wanted, low, high].map(Cell::from);
        table.push(
            ["output".into(), shown.into(), course.h.into(), Cell::Empty]
                .into_iter()
                .chain(numbers)
                .chain([zero.into()]),
        );
    }
    for &(x, delta, result) in passed {
        let wanted = wanted(x, delta);
        let zero = u32::from(result == 0.0);
        table.push([
            "shutdown".into(),
            Cell::Empty,
            x.into(),
            delta.into(),
            wanted.into(),
            result.into(),
            result.into(),
            zero.into(),
        ]);
    }
    table
}

/// What (3) asks for.
fn wanted(x: f64, delta: f64) -> f64 {
    if x.abs() >= 1.0 { 0.0 } else { delta }
}

fn report(courses: &[Course], passed: &[(f64, f64, f64)]) -> Report {
    let (s, m, mu, excess) = CIRCUIT;
    let of = |is_signal: bool| courses.iter().filter(move |course| (course.wanted != 0.0) == is_signal);
    let right = |is_signal| of(is_signal).filter(|course| course.is_right()).count();
    let counts = |is_signal| (right(is_signal), of(is_signal).count());
    let (rests, cycles) = (counts(true), counts(false));
    let shut = passed.iter().filter(|(x, delta, result)| *result == wanted(*x, *delta)).count();
    let claim = |says: &str, (right, all): (usize, usize)| {
        Claim::new(says, right == all && all > 0, format!("{right} of {all} inputs"))
    };
    Report {
        shows: "Top: the transfer functions of the unit δ and of its control unit t (the paper's figure 13), and what \
                the second circuit passes on of a feedback δ. Middle: the values that δ visits for each input h once \
                the circuit has settled, its own class shown and another one: they lie on (6) where that is a signal; \
                past S, where (6) is 0, they are two, the signal with its excess and 0. Right of them, what the \
                second circuit passes on for each forward activity x and feedback δ: nothing (white) from |x| = 1 on. \
                Bottom: the cycles in the plane of δ and t, one for each class, with the points where the circuit \
                rests; and δ and t by half steps, as the text draws the update cycle."
            .to_owned(),
        claims: vec![
            claim("where (6) is not 0 the first circuit rests there", rests),
            claim(
                "elsewhere it follows the cycle δ = 1+ε → t = 1 → δ = 0 → t = 0 (or its mirror) and visits 0",
                cycles,
            ),
            claim("the second circuit gives (3) for |δ| < K", (shut, passed.len())),
        ],
        ran: vec![
            ("first circuit", format!("S = {s}, M = {m}, μ = {mu}, ε = {excess}, inputs on a grid of |h| < M")),
            ("second circuit", format!("K = {K}, on a grid of |x| < 1.5 and |δ| < K")),
        ],
        reduced: Vec::new(),
        remarks: vec![
            "The text has h in the closed interval [−M, M] and gives σ_δ two values at ±M. No choice serves both \
             ends: with σ_δ(M) = 1, as here, the circuit is right for all of |h| < M and rests rightly at h = ±M, but \
             does not visit 0 at h = M; with σ_δ(M) = 0 it would be stuck at 0 where h = −M and the signal should be \
             1."
            .to_owned(),
            "At |δ| = K the second circuit lets −K through: the bound is an open one.".to_owned(),
            "The text writes the condition of −μ once as h > −1 and then as h ≥ −S; (6) and the circuit have the \
             latter."
                .to_owned(),
        ],
    }
}

fn picture(circuit: &Output, courses: &[Course]) -> plot::Figure {
    let (_, m, _, _) = CIRCUIT;
    let delta = || Axis::new("δ").over(-1.0, 1.5);
    let curve = |most: f64, of: &dyn Fn(f64) -> f64| stairs((-1200..=1200).map(|at| f64::from(at) / 1200.0 * most), of);
    let unit = Chart::new("the unit's transfer function", Axis::new("input H").over(-9.0, 9.0), delta())
        .curve(curve(9.0, &|h| circuit.unit(h)), Style::nth(6).solid());
    let control = Chart::new("the control unit's", Axis::new("δ").over(-1.5, 1.5), Axis::new("t").over(-1.3, 1.3))
        .curve(curve(1.5, &|delta| circuit.control(delta)), Style::nth(6).solid());
    let pass =
        |x: f64| (-100..=100).map(|at| f64::from(at) / 100.1 * K).map(|d| (d, shut_off(x, d, K))).collect::<Vec<_>>();
    let second =
        Chart::new("second circuit", Axis::new("feedback δ").over(-K, K), Axis::new("passed on").over(-2.4, 2.4))
            .named(pass(0.5), Style::nth(6).solid(), "|x| < 1")
            .named(pass(1.0), Style::nth(2), "|x| ≥ 1");
    let visited = |shown: Shown, title: &str| {
        let of = || courses.iter().filter(move |course| course.shown == shown);
        let points = of().flat_map(|course| course.visited.iter().map(|delta| (course.h, *delta))).collect();
        let by_6 = stairs(of().map(|course| course.h), &|h| circuit.wanted(h, shown));
        Chart::new(title, Axis::new("input h").over(-m, m), delta())
            .curve(by_6, Style::guide().of_width(5.0).solid())
            .with(Mark::Points { points, colour: Colour::nth(usize::from(shown == Shown::Other)), radius: 1.5 })
    };
    let rows: Vec<f64> = (0..41).map(|at| f64::from(20 - at) / 20.5 * K).collect();
    let sheet = Sheet {
        title: "passed on: x from −1.5 to 1.5, δ upwards".to_owned(),
        images: vec![Image {
            size: (rows.len(), 61),
            values: rows
                .iter()
                .flat_map(|d| (0..61).map(move |at| shut_off(f64::from(at - 30) / 20.0, *d, K)))
                .collect(),
        }],
        columns: 1,
        map: Map::Diverging(K),
    };
    plot::Figure {
        title: "Appendix 1: circuits for the error signal (6) and its shutdown (3)".to_owned(),
        key: vec![
            ("own class shown".to_owned(), Style::nth(0)),
            ("another class shown".to_owned(), Style::nth(1).solid()),
            ("what (6) asks for".to_owned(), Style::guide().of_width(5.0).solid()),
        ],
        rows: vec![
            vec![unit.into(), control.into(), second.into()],
            vec![
                visited(Shown::Own, "δ visited, own class shown").into(),
                visited(Shown::Other, "δ visited, another class shown").into(),
                sheet.into(),
            ],
            vec![
                plane(circuit).into(),
                course_of(circuit, 2.0, Shown::Own, "h = 2 > S, own class").into(),
                course_of(circuit, -2.0, Shown::Other, "h = −2 < −S, another class").into(),
            ],
        ],
        panel: (270.0, 180.0),
    }
}

/// A function's points, broken where it jumps.
fn stairs(at: impl Iterator<Item = f64>, of: &dyn Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for x in at {
        let y = of(x);
        if points.last().is_some_and(|last| last.1 != y) {
            points.push((x, f64::NAN));
        }
        points.push((x, y));
    }
    points
}

/// The circuit's states by half steps: δ, then t.
fn halves(path: &[Activity], control: f64) -> Vec<(f64, f64)> {
    let before = [control].into_iter().chain(path.iter().map(|now| now.control));
    path.iter().zip(before).flat_map(|(now, before)| [(now.delta, before), (now.delta, now.control)]).collect()
}

/// The cycles and the points of rest.
fn plane(circuit: &Output) -> Chart {
    let (delta, t) = (Axis::new("δ").over(-1.2, 1.7), Axis::new("t").over(-1.4, 1.4));
    let mut chart = Chart::new("cycles and points of rest", delta, t);
    for (at, (h, shown)) in [(2.0, Shown::Own), (-2.0, Shown::Other)].into_iter().enumerate() {
        let states = halves(&circuit.run(h, shown, 0.0, 3), 0.0);
        for pair in states.windows(2).take(4) {
            chart = chart.with(Mark::Arrow { from: pair[0], to: pair[1], style: Style::nth(at).solid() });
        }
        let rest = halves(&circuit.run(0.0, shown, 0.0, 1), 0.0);
        chart = chart.with(Mark::Points { points: rest, colour: Colour::nth(at), radius: 5.0 });
    }
    chart
        .with(Mark::Note { at: (0.93, 0.12), text: "1".to_owned() })
        .with(Mark::Note { at: (-0.58, 0.12), text: "−μ".to_owned() })
}

/// δ and t by half steps.
fn course_of(circuit: &Output, h: f64, shown: Shown, title: &str) -> Chart {
    let states = halves(&circuit.run(h, shown, 0.0, 6), 0.0);
    let line = |of: fn(&(f64, f64)) -> f64| {
        states
            .iter()
            .enumerate()
            .flat_map(|(at, state)| [(at as f64, of(state)), (at as f64 + 1.0, of(state))])
            .collect()
    };
    Chart::new(title, Axis::new("half step").over(0.0, 12.0), Axis::new("activity").over(-1.4, 1.4))
        .named(line(|state| state.0), Style::nth(6).solid(), "δ")
        .named(line(|state| state.1), Style::nth(2), "t")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circuit_that_does_otherwise_is_seen() {
        let (s, m, mu, excess) = CIRCUIT;
        let circuit = Output::new(s, m, mu, excess).unwrap();
        let right = || inputs(m, GRID.0).map(|h| course(&circuit, Shown::Own, h));
        assert!(right().all(|course| course.is_right()));
        // Held beside another threshold it is wrong between the two.
        let other = Output::new(2.0, m, mu, excess).unwrap();
        let wrong = right().filter(|course| {
            let wanted = other.wanted(course.h, course.shown);
            !Course { wanted, visited: course.visited.clone(), ..*course }.is_right()
        });
        assert_eq!(wrong.count(), 40);
    }
}
