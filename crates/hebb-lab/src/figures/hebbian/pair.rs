//! Instar and outstar: forward and feedback weights that learn side by side.

use hebb_data::{VectorSpec, Vectors};
use hebb_spec::learning::Competition;
use hebb_spec::param::Weights;
use hebb_systems::hebbian::{Hebbian, Rule};

use super::{Made, PATCHES, images, reduced, rows, steps, whole};
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Image, Map, Sheet, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::{Cell, Table};

const STEPS: u32 = 600;
/// Learning rate of linear units, and of those that compete, whose activity is less.
const RATES: (f32, f32) = (0.1, 0.5);
const RECORDS: u32 = 10_000;
/// Inputs in each group of those that are active together, and their correlation there.
const GROUPS: [usize; 4] = [5, 4, 2, 1];
const CORRELATION: f64 = 0.9;
/// Deviations of the groups' inputs, where they are unequal.
const UNEQUAL: [f64; 4] = [0.5, 1.0, 0.25, 2.0];
/// Units of the three small cases, and on patches.
const UNITS: (u32, u32) = (4, 16);
/// How sharply units compete.
const SHARPNESS: f32 = 4.0;
/// The small cases.
const SMALL: [&str; 3] = ["equal means", "unequal means", "competing units"];

/// One of the figure's runs.
struct Case {
    name: String,
    vectors: Vectors,
    system: Hebbian,
    /// Whether what W and R should go to is told.
    is_small: bool,
}

/// What a run came to.
struct Course {
    name: String,
    seed: u64,
    is_small: bool,
    /// |W − W*| / |W*| and the same of R, by step, where they are told.
    apart: Vec<(f64, f64)>,
    /// The correlation of W and R, by step from 1 on.
    correlation: Vec<f64>,
    /// How unequal the means are: the largest over the smallest, of y and of x.
    means: (f64, f64),
    w: Vec<Vec<f64>>,
    r: Vec<Vec<f64>>,
}

/// The Gaussian of groups with these deviations.
fn groups(deviations: &[f64; 4]) -> String {
    let group: Vec<usize> = GROUPS.iter().enumerate().flat_map(|(group, inputs)| vec![group; *inputs]).collect();
    let entry = |i: usize, j: usize| {
        let share = if i == j { 1.0 } else { CORRELATION };
        if group[i] == group[j] { share * deviations[group[i]].powi(2) } else { 0.0 }
    };
    let row = |i: usize| (0..group.len()).map(|j| entry(i, j).to_string()).collect::<Vec<_>>().join(",");
    format!("gaussian:{}", (0..group.len()).map(row).collect::<Vec<_>>().join("/"))
}

fn system(vectors: &Vectors, units: u32, competes: bool) -> Hebbian {
    let competition = competes.then_some(Competition::Softmax { sharpness: SHARPNESS });
    let rate = if competes { RATES.1 } else { RATES.0 };
    Hebbian { competition, ..Hebbian::new(vectors.dimensions() as u32, units, Rule::PAIR, rate) }
}

fn cases(request: &Request<'_>, seed: u64) -> Result<Vec<Case>, LabError> {
    let spec = |records| VectorSpec { records: Some(records), rectify: true, seed, ..VectorSpec::default() };
    let mut cases = Vec::new();
    for (at, name) in SMALL.into_iter().enumerate() {
        let vectors = spec(RECORDS).load(&groups(if at == 1 { &UNEQUAL } else { &[1.0; 4] }))?;
        let system = system(&vectors, UNITS.0, at == 2);
        cases.push(Case { name: name.to_owned(), vectors, system, is_small: true });
    }
    for data in images(request).0 {
        let outline = spec(PATCHES).outline(&data)?;
        let name = format!("competing, patches of {}", outline.name());
        let vectors = outline.load()?;
        let system = system(&vectors, UNITS.1, true);
        cases.push(Case { name, vectors, system, is_small: false });
    }
    Ok(cases)
}

/// The figure.
pub fn make(request: &Request<'_>) -> Result<Made, LabError> {
    let mut courses = Vec::new();
    let mut done = STEPS;
    for (at, &seed) in request.seeds.0.iter().enumerate() {
        let cases = cases(request, seed)?;
        if at == 0 {
            // By far the longest runs are those on patches.
            let longest = &cases[cases.len() - 1];
            let runs = (cases.len() - SMALL.len()) * request.seeds.0.len();
            done = steps(request, STEPS, &whole(request, &longest.system, &longest.vectors, (1, seed)), runs)?;
        }
        for case in cases {
            (request.tell)(&format!("{}, seed {seed}: {done} steps", case.name));
            courses.push(case.course(request, (done, seed))?);
        }
    }
    let report = report(&courses, request, done);
    Ok(Made { picture: picture(&courses), table: table(&courses), report })
}

impl Case {
    fn course(&self, request: &Request<'_>, (steps, seed): (u32, u64)) -> Result<Course, LabError> {
        let inputs = self.vectors.dimensions();
        let mut apart = Vec::new();
        let run = whole(request, &self.system, &self.vectors, (steps, seed));
        let mut start = run.start();
        // The activity of linear units is to be non-negative.
        for name in ["W1", "R1"] {
            let weights = start.get_mut(name).into_iter().flatten();
            weights.for_each(|weight| *weight = weight.abs());
        }
        let ran = run.train(start, &mut |_, now| {
            if self.is_small {
                apart.push(self.apart(now));
            }
        })?;
        let (mean_y, mean_x, _) = self.moments(&ran.end);
        let spread = |means: &[f64]| {
            means.iter().copied().fold(f64::MIN, f64::max) / means.iter().copied().fold(f64::MAX, f64::min)
        };
        Ok(Course {
            name: self.name.clone(),
            seed,
            is_small: self.is_small,
            apart,
            correlation: ran.rows.iter().map(|row| row.get("corr").unwrap_or(f64::NAN)).collect(),
            means: (spread(&mean_y), spread(&mean_x)),
            w: rows(&ran.end, "W1", inputs),
            r: rows(&ran.end, "R1", inputs),
        })
    }

    /// ⟨y⟩, ⟨x⟩ and ⟨y xᵀ⟩ with y of these weights, in f64.
    fn moments(&self, weights: &Weights) -> (Vec<f64>, Vec<f64>, Vec<Vec<f64>>) {
        let (w, inputs, count) =
            (rows(weights, "W1", self.vectors.dimensions()), self.vectors.dimensions(), self.vectors.count());
        let (mut mean_y, mut mean_x, mut both) =
            (vec![0.0; w.len()], vec![0.0; inputs], vec![vec![0.0; inputs]; w.len()]);
        let share = 1.0 / count as f64;
        for at in 0..count {
            let x = self.vectors.vector(at);
            let y = w.iter().map(|row| row.iter().zip(x).map(|(w, x)| w * f64::from(*x)).sum()).collect();
            let y = if self.system.competition.is_some() { softmax(y) } else { y };
            for (unit, y) in y.into_iter().enumerate() {
                mean_y[unit] += share * y;
                both[unit].iter_mut().zip(x).for_each(|(sum, x)| *sum += share * y * f64::from(*x));
            }
            mean_x.iter_mut().zip(x).for_each(|(sum, x)| *sum += share * f64::from(*x));
        }
        (mean_y, mean_x, both)
    }

    /// How far W is from ⟨y x⟩/⟨y⟩ and R from ⟨x y⟩/⟨x⟩, as shares of these.
    fn apart(&self, weights: &Weights) -> (f64, f64) {
        let (mean_y, mean_x, both) = self.moments(weights);
        let off = |name: &str, wanted: &dyn Fn(usize, usize) -> f64| {
            let (mut less, mut all) = (0.0, 0.0);
            for (unit, row) in rows(weights, name, mean_x.len()).iter().enumerate() {
                for (input, weight) in row.iter().enumerate() {
                    less += (weight - wanted(unit, input)).powi(2);
                    all += wanted(unit, input).powi(2);
                }
            }
            (less / all).sqrt()
        };
        (off("W1", &|j, i| both[j][i] / mean_y[j]), off("R1", &|j, i| both[j][i] / mean_x[i]))
    }
}

/// Softmax of W x, as sharp as the units'.
fn softmax(h: Vec<f64>) -> Vec<f64> {
    let most = h.iter().copied().fold(f64::MIN, f64::max);
    let y: Vec<f64> = h.iter().map(|h| (f64::from(SHARPNESS) * (h - most)).exp()).collect();
    let all: f64 = y.iter().sum();
    y.iter().map(|y| y / all).collect()
}

impl Course {
    fn end(&self) -> f64 {
        self.correlation.last().copied().unwrap_or(f64::NAN)
    }
}

fn table(courses: &[Course]) -> Table {
    let mut table = Table::new(["data", "run", "step", "w_apart", "r_apart", "correlation"]);
    for course in courses {
        for step in 0..=course.correlation.len() {
            let (w, r) = course.apart.get(step).copied().unzip();
            let correlation = step.checked_sub(1).and_then(|at| course.correlation.get(at)).copied();
            let head = [course.name.as_str().into(), course.seed.into(), (step as u64).into()];
            table.push(head.into_iter().chain([Cell::from(w), r.into(), correlation.into()]));
        }
    }
    table
}

fn report(courses: &[Course], request: &Request<'_>, steps: u32) -> Report {
    let small = || courses.iter().filter(|course| course.is_small);
    let named = |name: &'static str| courses.iter().filter(move |course| course.name == name);
    let ends =
        |of: &dyn Fn(&(f64, f64)) -> f64| small().filter_map(|course| course.apart.last()).map(of).fold(0.0, f64::max);
    let list = |courses: &mut dyn Iterator<Item = &Course>| {
        courses.map(|course| format!("{:.3}", course.end())).collect::<Vec<_>>().join(", ")
    };
    let (w, r) = (ends(&|apart| apart.0), ends(&|apart| apart.1));
    let patches = || courses.iter().filter(|course| !course.is_small);
    let means = |course: &Course| {
        format!("{} (seed {}): {:.2} and {:.2}", course.name, course.seed, course.means.0, course.means.1)
    };
    Report {
        shows: "Top left how far W is from ⟨y x⟩/⟨y⟩ (thick) and R from ⟨x y⟩/⟨x⟩ (thin) by step, on a logarithmic \
                axis: both go there. Top right the correlation of W and R by step: it comes to 1 where all means are \
                equal; where those of the inputs are not, or those of the units, as when they compete, it stays near \
                0.9; on patches of images it comes as it does. Below W and R of the first seed, a row a unit, a \
                column an input: linear units all learn the same, most from the largest group of inputs; with unequal \
                means R has W's columns, each over its input's mean; of competing units each takes a group of its own."
            .to_owned(),
        claims: vec![
            Claim::new(
                "instar: W goes to ⟨y x⟩/⟨y⟩ (within 1 %)",
                w < 0.01,
                format!("at most {w:.1e} of its size off"),
            ),
            Claim::new(
                "outstar: R goes to ⟨x y⟩/⟨x⟩ (within 1 %)",
                r < 0.01,
                format!("at most {r:.1e} of its size off"),
            ),
            Claim::new(
                "they are transposes of each other where the means are equal (correlation at least 0.99)",
                named(SMALL[0]).all(|course| course.end() >= 0.99),
                format!(
                    "correlation {}; with unequal means {}; competing units {}",
                    list(&mut named(SMALL[0])),
                    list(&mut named(SMALL[1])),
                    list(&mut named(SMALL[2]))
                ),
            ),
        ],
        ran: vec![
            (
                "data",
                format!(
                    "{RECORDS} vectors of inputs in groups of {GROUPS:?} that correlate by {CORRELATION}, mean taken \
                     away, rectified; with unequal means the groups' deviations are {UNEQUAL:?}; {PATCHES} patches of \
                     8x8, mean taken away, rectified"
                ),
            ),
            (
                "connection",
                format!(
                    "{} linear units; competing ones ({} on patches) by softmax of sharpness {SHARPNESS}; ⟨ ⟩ over \
                     all vectors in every step; W and R start as the sizes of random numbers, so that activity is \
                     non-negative",
                    UNITS.0, UNITS.1
                ),
            ),
            ("η", format!("{}, of competing units {}", RATES.0, RATES.1)),
            ("steps", steps.to_string()),
            ("largest mean over the smallest, of y and of x", courses.iter().map(means).collect::<Vec<_>>().join("; ")),
            (
                "correlation on patches at the end",
                patches().map(|course| format!("{} {:.3}", course.name, course.end())).collect::<Vec<_>>().join(", "),
            ),
            ("seeds", request.seeds.to_string()),
            ("device", request.runtime.name()),
        ],
        reduced: reduced(steps, STEPS).into_iter().chain(images(request).1).collect(),
        remarks: vec![
            "The text writes both rules with one letter for the weights and says that both go to ⟨x⟩. Written out, \
             instar's rest is the mean input while the unit is active, ⟨y_j x_i⟩/⟨y_j⟩, and outstar's the mean output \
             while the input is, ⟨x_i y_j⟩/⟨x_i⟩: they agree up to a factor only where all ⟨y_j⟩ are alike and all \
             ⟨x_i⟩ are. In outstar the feedback weights that lead to one input x_i compete, over all units j."
                .to_owned(),
        ],
    }
}

fn picture(courses: &[Course]) -> plot::Figure {
    let last = courses.first().map_or(1, |course| course.correlation.len()) as f64;
    let step = || Axis::new("step").over(0.0, last);
    let mut names: Vec<&str> = Vec::new();
    for course in courses {
        if !names.contains(&course.name.as_str()) {
            names.push(&course.name);
        }
    }
    let style = |course: &Course| Style::nth(names.iter().position(|name| *name == course.name).unwrap_or(0));
    let mut apart = Chart::new("from where they should go", step(), Axis::new("share of its size").log());
    for course in courses.iter().filter(|course| course.is_small) {
        let points =
            |of: fn(&(f64, f64)) -> f64| course.apart.iter().enumerate().map(|(at, a)| (at as f64, of(a))).collect();
        apart = apart.curve(points(|a| a.0), style(course)).curve(points(|a| a.1), style(course).of_width(1.0));
    }
    let mut correlation = Chart::new("W beside R", step(), Axis::new("correlation").over(-0.2, 1.02));
    for course in courses {
        let points = course.correlation.iter().enumerate().map(|(at, c)| ((at + 1) as f64, *c)).collect();
        correlation = correlation.curve(points, style(course));
    }
    let sheet = |course: &Course, title: &str, rows: &[Vec<f64>]| -> plot::Panel {
        let most = rows.iter().flatten().map(|w| w.abs()).fold(0.0, f64::max);
        Sheet {
            title: format!("{title}, {}", course.name),
            images: vec![Image { size: (rows.len(), rows[0].len()), values: rows.concat() }],
            columns: 1,
            map: Map::Diverging(most),
        }
        .into()
    };
    let mut rows = vec![vec![apart.into(), correlation.into()]];
    for course in courses.iter().filter(|course| course.is_small && course.seed == courses[0].seed) {
        rows.push(vec![sheet(course, "W", &course.w), sheet(course, "R", &course.r)]);
    }
    plot::Figure {
        title: "Instar and outstar: forward and feedback weights".to_owned(),
        key: names.iter().enumerate().map(|(n, name)| ((*name).to_owned(), Style::nth(n))).collect(),
        rows,
        panel: (330.0, 150.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Scale, Seeds};
    use hebb_cpu::Cpu;

    #[test]
    fn both_go_where_they_should_and_are_transposes_where_the_means_are_equal() {
        let runtime = Cpu::open(Some(1)).unwrap();
        let (scale, seeds) = (Scale::Full, Seeds(vec![2]));
        let request = Request::new(&runtime, scale, seeds);
        let spec = VectorSpec { records: Some(2000), rectify: true, seed: 2, ..VectorSpec::default() };
        let course = |name: &str, deviations: &[f64; 4]| {
            let vectors = spec.load(&groups(deviations)).unwrap();
            let system = system(&vectors, 3, false);
            Case { name: name.to_owned(), vectors, system, is_small: true }.course(&request, (400, 2)).unwrap()
        };
        let courses = [course(SMALL[0], &[1.0; 4]), course(SMALL[1], &[1.0, 0.9, 1.1, 2.0])];
        let report = report(&courses, &request, 400);
        assert!(report.claims.iter().all(|claim| claim.holds), "{:#?}", report.claims);
        assert!(courses[1].end() < 0.99, "a control: with unequal means they are none, {}", courses[1].end());
        assert_eq!(table(&courses).rows.len(), 2 * 401);
    }
}
