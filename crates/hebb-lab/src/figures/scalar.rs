//! The scalar systems (10) and (15) of Amit (2019), appendix 2, and what its theorems say of them.

use hebb_systems::section5::scalar::Scalar;

use super::Made;
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::{Cell, Table};

/// ε, and how it is written.
const EPSILONS: [(f64, &str); 4] = [(0.0, "0"), (0.25, "¼"), (0.5, "½"), (1.0, "1")];
/// λ_T.
const TARGET: f64 = 0.8;
/// λ_{R,2} … λ_{R,k} and the last time of the two systems.
const SYSTEMS: [(&[f64], f64); 2] = [(&[0.2], 20.0), (&[0.15, 0.1], 120.0)];
/// Times drawn.
const TIMES: u32 = 400;
/// Largest error of an integrator's step in any λ.
const TOLERANCE: f64 = 1e-12;
/// The least error that is drawn, and the least difference that is compared: of smaller ones the integrator can say
/// nothing.
const FLOOR: f64 = 1e-10;

/// A system along its way.
struct Path {
    system: Scalar,
    /// A time and the weights.
    states: Vec<(f64, Vec<f64>)>,
}

impl Path {
    fn new(feedback: &[f64], epsilon: f64, last: f64) -> Result<Self, LabError> {
        let system = Scalar { target: TARGET, feedback: feedback.to_vec(), epsilon };
        let times: Vec<f64> = (0..=TIMES).map(|at| f64::from(at) * last / f64::from(TIMES)).collect();
        let states = system.run(&times, TOLERANCE)?;
        Ok(Self { states: times.into_iter().zip(states).collect(), system })
    }

    fn errors(&self) -> impl Iterator<Item = f64> {
        self.states.iter().map(|(_, weights)| self.system.error(weights))
    }

    fn weights(&self, layer: usize) -> impl Iterator<Item = f64> {
        self.states.iter().map(move |(_, weights)| weights[layer])
    }
}

/// The figure.
pub fn make(_request: &Request<'_>) -> Result<Made, LabError> {
    let paths = paths()?;
    Ok(Made { picture: picture(&paths), table: table(&paths), report: report(&paths) })
}

/// Each system's ways, one for each ε.
fn paths() -> Result<Vec<Vec<Path>>, LabError> {
    let ways = |&(feedback, last): &(&[f64], f64)| {
        EPSILONS.iter().map(|(epsilon, _)| Path::new(feedback, *epsilon, last)).collect()
    };
    SYSTEMS.iter().map(ways).collect()
}

fn table(paths: &[Vec<Path>]) -> Table {
    let columns =
        ["layers", "epsilon", "time", "error", "lambda_1", "lambda_2", "lambda_3", "invariant_2", "invariant_3"];
    let mut table = Table::new(columns);
    for path in paths.iter().flatten() {
        for (time, weights) in &path.states {
            let invariants = path.system.invariants(weights);
            let at = |values: &[f64], at: usize| Cell::from(values.get(at).copied());
            let head = [(path.system.layers() as u64).into(), path.system.epsilon.into(), (*time).into()];
            let numbers = [path.system.error(weights).into(), at(weights, 0), at(weights, 1), at(weights, 2)];
            table.push(head.into_iter().chain(numbers).chain([at(&invariants, 0), at(&invariants, 1)]));
        }
    }
    table
}

/// Whether each larger ε has the smaller number, at all times at which the two can be told apart, and such there are.
fn falls(quantities: &[Vec<f64>]) -> bool {
    let falls = |pair: &[Vec<f64>]| {
        let mut told = pair[0].iter().zip(&pair[1]).map(|(a, b)| b - a).filter(|more| more.abs() > FLOOR).peekable();
        told.peek().is_some() && told.all(|more| more < 0.0)
    };
    quantities.windows(2).all(falls)
}

/// Where a weight ends, for each ε.
fn ends(paths: &[Path], layer: usize) -> String {
    let end = |path: &Path| format!("{:.3}", path.system.limit()[layer]);
    paths.iter().map(end).collect::<Vec<_>>().join(", ")
}

fn report(paths: &[Vec<Path>]) -> Report {
    let mut claims = Vec::new();
    for paths in paths {
        let k = paths[0].system.layers();
        let each = |of: &dyn Fn(&Path) -> Vec<f64>| paths.iter().map(of).collect::<Vec<_>>();
        let theorem = if k == 2 { "Theorem 1" } else { "Theorem 2" };
        claims.push(Claim::new(
            format!("{theorem}, k = {k}: at every time e is smaller for a larger ε"),
            falls(&each(&|path| path.errors().collect())),
            format!("ε = 0, ¼, ½, 1 at {TIMES} times each"),
        ));
        // Of the top weight Theorem 1 says nothing.
        for layer in 0..if k == 2 { 1 } else { k } {
            let rises = falls(&each(&|path| path.weights(layer).map(|weight| -weight).collect()));
            let found = format!("they end at {}", ends(paths, layer));
            claims.push(Claim::new(format!("{theorem}: λ{} grows with ε", ["₁", "₂", "₃"][layer]), rises, found));
        }
    }
    let off = |path: &Path| {
        path.states.iter().flat_map(|(_, weights)| path.system.invariants(weights)).map(f64::abs).fold(0.0, f64::max)
    };
    let off = paths.iter().flatten().map(off).fold(0.0, f64::max);
    claims.push(Claim::new("(16) holds at all times", off < 1e3 * TOLERANCE, format!("off by at most {off:.1e}")));
    let system =
        |(feedback, last): &(&[f64], f64)| format!("k = {}: λ_R = {feedback:?}, to time {last}", feedback.len() + 1);
    Report {
        shows: "Top: two layers, the system (10). Bottom: three, the system (15), under Theorem 2's condition. Left \
                the error e = λ_T − Πλ: a larger ε ends lower from the first moment on. Then the weights: the lower \
                ones are larger at every time for a larger ε; the top one is so only at first, then its curves cross \
                and it ends the lower the larger ε is."
            .to_owned(),
        claims,
        ran: vec![
            ("systems", SYSTEMS.iter().map(system).collect::<Vec<_>>().join("; ")),
            ("λ_T", TARGET.to_string()),
            (
                "integrator",
                format!(
                    "Dormand–Prince 5(4), at most {TOLERANCE:.0e} of error a step; differences below {FLOOR:.0e} are \
                     not compared"
                ),
            ),
        ],
        reduced: Vec::new(),
        remarks: vec![
            "The text of Theorem 2 has λ₃ grow with ε as well. It cannot: the product of the weights ends at λ_T \
             whatever ε is, and the lower weights end higher. Its proof shows λ₁ and λ₂ alone, which is all that it \
             needs; of the top weight it uses √ε·λ (below equation 13), which does grow."
                .to_owned(),
            format!(
                "With k = 2, of which the text makes no such statement, λ₂ does the same: it ends at {}.",
                ends(&paths[0], 1)
            ),
        ],
    }
}

fn picture(paths: &[Vec<Path>]) -> plot::Figure {
    let row = |paths: &Vec<Path>| -> Vec<plot::Panel> {
        let k = paths[0].system.layers();
        let time = || Axis::new("time (steps × η)").over(0.0, paths[0].states.last().map_or(1.0, |(time, _)| *time));
        let draw = |chart: Chart, of: &dyn Fn(&Path) -> Vec<f64>| -> plot::Panel {
            let points = |path: &Path| path.states.iter().map(|(time, _)| *time).zip(of(path)).collect();
            paths.iter().enumerate().fold(chart, |chart, (n, path)| chart.curve(points(path), Style::nth(n))).into()
        };
        let error = Chart::new(format!("k = {k}: error"), time(), Axis::new("e").over(FLOOR, 1.0).log());
        let error = draw(error, &|path| path.errors().map(|e| if e > FLOOR { e } else { f64::NAN }).collect());
        let weight = |layer: usize| {
            let name = ["₁", "₂", "₃"][layer];
            let chart = Chart::new(format!("k = {k}: λ{name}"), time(), Axis::new(format!("λ{name}")));
            draw(chart, &|path| path.weights(layer).collect())
        };
        [error].into_iter().chain((0..k).map(weight)).collect()
    };
    plot::Figure {
        title: "Scalar systems (10) and (15): the error and the weights by time".to_owned(),
        key: EPSILONS.iter().enumerate().map(|(n, (_, name))| (format!("ε = {name}"), Style::nth(n))).collect(),
        rows: paths.iter().map(row).collect(),
        panel: (230.0, 190.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_as_the_paper_says_but_for_the_top_weight() {
        let paths = paths().unwrap();
        let (table, report) = (table(&paths), report(&paths));
        let failed: Vec<&str> =
            report.claims.iter().filter(|claim| !claim.holds).map(|claim| claim.says.as_str()).collect();
        assert_eq!(failed, ["Theorem 2: λ₃ grows with ε"]);
        assert!(report.remarks[1].ends_with("it ends at 1.170, 0.995, 0.908, 0.809."), "{:?}", report.remarks);
        assert_eq!(table.rows.len(), 2 * 4 * 401);
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
    }
}
