//! Oja's subspace rule: units that together find the leading components, and unroll them back into the input.

use hebb_data::moments::{components, second_moments};
use hebb_data::{VectorSpec, Vectors};
use hebb_spec::Shape;
use hebb_systems::hebbian::{Hebbian, Rule};

use super::geometry::{largest_angle, product};
use super::{Made, PATCHES, images, reduced, rows, steps, whole};
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Colour, Image, Map, Mark, Sheet, Style};
use crate::report::{Claim, Report};
use crate::request::Request;
use crate::table::Table;

const STEPS: u32 = 2000;
const VARIANCES: &str = "4,3,2.5,1,0.6,0.4,0.3,0.2";
const RECORDS: u32 = 2000;
/// Units on the Gaussian and on patches.
const UNITS: (u32, u32) = (3, 9);
/// η times the largest variance.
const PACE: f64 = 0.7;
/// Between two looks at the angle, in steps.
const LOOK: u32 = 10;

/// One of the figure's runs.
struct Case {
    name: String,
    vectors: Vectors,
    units: u32,
}

/// What a run came to.
struct Course {
    name: String,
    seed: u64,
    shape: Shape,
    /// Step, |W Wᵀ − I| and the largest principal angle.
    path: Vec<(u32, f64, f64)>,
    /// The share of the power that is not unrolled at the end, and by the leading components.
    rest: (f64, f64),
    /// λ_k / λ_{k+1}.
    gap: f64,
    w: Vec<Vec<f64>>,
}

impl Course {
    fn end(&self) -> (f64, f64) {
        self.path.last().map_or((f64::NAN, f64::NAN), |(_, far, angle)| (*far, *angle))
    }
}

fn cases(request: &Request<'_>, seed: u64) -> Result<Vec<Case>, LabError> {
    let spec = |records| VectorSpec { records: Some(records), seed, ..VectorSpec::default() };
    let vectors = spec(RECORDS).load(&format!("gaussian:{VARIANCES}"))?;
    let mut cases = vec![Case { name: "Gaussian".to_owned(), vectors, units: UNITS.0 }];
    for data in images(request).0 {
        let outline = spec(PATCHES).outline(&data)?;
        let name = format!("patches of {}", outline.name());
        cases.push(Case { name, vectors: outline.load()?, units: UNITS.1 });
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
            let system = Hebbian::new(longest.vectors.dimensions() as u32, longest.units, Rule::OJA_SUBSPACE, 0.01);
            let runs = (cases.len() - 1) * request.seeds.0.len();
            done = steps(request, STEPS, &whole(request, &system, &longest.vectors, (1, seed)), runs)?;
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
        let (inputs, units) = (self.vectors.dimensions(), self.units as usize);
        let all = components(&second_moments(&self.vectors, self.vectors.count()), inputs);
        let leading: Vec<Vec<f64>> = all[..units].iter().map(|component| component.direction.clone()).collect();
        let lr = (PACE / all[0].variance) as f32;
        let system = Hebbian::new(inputs as u32, self.units, Rule::OJA_SUBSPACE, lr);
        let mut path = Vec::new();
        let run = whole(request, &system, &self.vectors, (steps, seed));
        let ran = run.train(run.start(), &mut |step, now| {
            if step % LOOK == 0 || step == steps {
                let w = rows(now, "W1", inputs);
                path.push((step, orthonormality(&w), largest_angle(&w, &leading)));
            }
        })?;
        let w = rows(&ran.end, "W1", inputs);
        let power: f64 = all.iter().map(|component| component.variance).sum();
        let kept: f64 = all[..units].iter().map(|component| component.variance).sum();
        Ok(Course {
            name: self.name.clone(),
            seed,
            shape: self.vectors.shape(),
            path,
            rest: (rest(&self.vectors, &w), 1.0 - kept / power),
            gap: all[units - 1].variance / all[units].variance,
            w,
        })
    }
}

/// |W Wᵀ − I| (Frobenius).
fn orthonormality(w: &[Vec<f64>]) -> f64 {
    let far = |i: usize, j: usize| product(&w[i], &w[j]) - f64::from(u8::from(i == j));
    (0..w.len()).flat_map(|i| (0..w.len()).map(move |j| (i, j))).map(|(i, j)| far(i, j).powi(2)).sum::<f64>().sqrt()
}

/// Σ|x − Wᵀ W x|² / Σ|x|².
fn rest(vectors: &Vectors, w: &[Vec<f64>]) -> f64 {
    let (mut left, mut all) = (0.0, 0.0);
    for at in 0..vectors.count() {
        let x: Vec<f64> = vectors.vector(at).iter().map(|x| f64::from(*x)).collect();
        let mut rest = x.clone();
        for row in w {
            let y = product(row, &x);
            rest.iter_mut().zip(row).for_each(|(rest, w)| *rest -= y * w);
        }
        left += product(&rest, &rest);
        all += product(&x, &x);
    }
    left / all
}

fn table(courses: &[Course]) -> Table {
    let mut table = Table::new(["data", "run", "step", "orthonormality", "angle_degrees", "rest", "rest_pca"]);
    for course in courses {
        for &(step, far, angle) in &course.path {
            let is_last = course.path.last().is_some_and(|last| last.0 == step);
            let rest = is_last.then_some(course.rest);
            let head = [course.name.as_str().into(), course.seed.into(), step.into(), far.into(), angle.into()];
            table.push(head.into_iter().chain([rest.map(|r| r.0).into(), rest.map(|r| r.1).into()]));
        }
    }
    table
}

fn report(courses: &[Course], request: &Request<'_>, steps: u32) -> Report {
    let gaussians = || courses.iter().filter(|course| course.name == "Gaussian");
    let each = |of: &dyn Fn(&Course) -> String| {
        let text = |course: &Course| format!("{} (seed {}) {}", course.name, course.seed, of(course));
        courses.iter().map(text).collect::<Vec<_>>().join("; ")
    };
    Report {
        shows: "Top left how far the rows of W are from orthonormal, by step, beside it the largest principal angle \
                between the units' space and that of the sample's leading components; both axes are logarithmic. Top \
                right what Wᵀ cannot unroll of the input's power at the end, beside what the leading components \
                leave: bars of one height. Below, of the first seed, the units' weights on patches of images, a \
                unit's 0 in the middle of its range: soft blobs, edges and bars, each a mixture of principal \
                components, for the rule fixes their space and not their directions."
            .to_owned(),
        claims: vec![
            Claim::new(
                "W Wᵀ = I (within 1e-3)",
                courses.iter().all(|course| course.end().0 < 1e-3),
                format!("|W Wᵀ − I|: {}", each(&|course| format!("{:.1e}", course.end().0))),
            ),
            Claim::new(
                "the units span the space of the leading components (less than 1 degree, eigengap at least 2)",
                gaussians().all(|course| course.end().1 < 1.0 && course.gap >= 2.0),
                format!(
                    "largest angle: {}",
                    each(&|course| format!("{:.1e} degrees, gap {:.2}", course.end().1, course.gap))
                ),
            ),
            Claim::new(
                "Wᵀ unrolls y back into x with the error of PCA (within 1 %)",
                courses.iter().all(|course| (course.rest.0 / course.rest.1 - 1.0).abs() < 0.01),
                format!(
                    "share of the power that is left: {}",
                    each(&|course| format!("{:.5}, by PCA {:.5}", course.rest.0, course.rest.1))
                ),
            ),
        ],
        ran: vec![
            (
                "data",
                format!(
                    "{RECORDS} vectors of a Gaussian, variances {VARIANCES}; {PATCHES} patches of 8x8; mean taken away"
                ),
            ),
            (
                "units",
                format!("{} on the Gaussian, {} on patches; ⟨ ⟩ over all vectors in every step", UNITS.0, UNITS.1),
            ),
            ("η", format!("{PACE} over the sample's largest variance")),
            ("steps", steps.to_string()),
            ("seeds", request.seeds.to_string()),
            ("device", request.runtime.name()),
        ],
        reduced: reduced(steps, STEPS).into_iter().chain(images(request).1).collect(),
        remarks: vec![
            "On patches the eigengap at the last unit is what the images have, so that the space turns slowly there; \
             the error hardly depends on it."
                .to_owned(),
        ],
    }
}

fn picture(courses: &[Course]) -> plot::Figure {
    let last = courses.first().and_then(|course| course.path.last()).map_or(1, |(step, ..)| *step);
    let step = || Axis::new("step").over(0.0, f64::from(last));
    let first = || courses.iter().filter(|course| course.seed == courses[0].seed);
    let position = |course: &Course| first().position(|other| other.name == course.name).unwrap_or(0);
    let draw = |chart: Chart, of: &dyn Fn(&(u32, f64, f64)) -> f64| -> plot::Panel {
        let points = |course: &Course| course.path.iter().map(|at| (f64::from(at.0), of(at))).collect();
        courses.iter().fold(chart, |chart, course| chart.curve(points(course), Style::nth(position(course)))).into()
    };
    let far = Chart::new("rows of W", step(), Axis::new("|W Wᵀ − I|").log());
    let angle = Chart::new("space of the units", step(), Axis::new("largest angle (degrees)").log());
    let names: Vec<String> = first().map(|course| course.name.replace("patches of ", "")).collect();
    let bars = |of: &dyn Fn(&Course) -> f64, at: usize, colour: Colour| Mark::Bars {
        values: first().map(of).collect(),
        place: (at, 2),
        colour,
        spans: Vec::new(),
    };
    let most = first().map(|course| course.rest.0.max(course.rest.1)).fold(0.0, f64::max);
    let rest = Chart::new(
        "not unrolled: Wᵀ (blue), PCA (grey)",
        Axis::new("").of(names),
        Axis::new("share of power").over(0.0, 1.1 * most),
    )
    .with(bars(&|course| course.rest.0, 0, Colour::nth(0)))
    .with(bars(&|course| course.rest.1, 1, Colour::MIDDLE));
    let sheet = |course: &Course| -> plot::Panel {
        let size = (course.shape.height as usize, course.shape.width as usize);
        let images = course.w.iter().map(|row| Image { size, values: row.clone() }).collect();
        Sheet { title: format!("weights, {}", course.name), images, columns: 3, map: Map::Own }.into()
    };
    let sheets: Vec<plot::Panel> = first().filter(|course| course.shape.height > 1).map(sheet).collect();
    let mut rows = vec![vec![draw(far, &|at| at.1), draw(angle, &|at| at.2), rest.into()]];
    rows.push(sheets);
    plot::Figure {
        title: "Oja's subspace rule: the space of the leading components".to_owned(),
        key: first().enumerate().map(|(n, course)| (course.name.clone(), Style::nth(n))).collect(),
        rows,
        panel: (250.0, 210.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Scale, Seeds};
    use hebb_cpu::Cpu;

    #[test]
    fn the_units_find_the_leading_space_and_unroll_as_pca_does() {
        let runtime = Cpu::open(Some(1)).unwrap();
        let (scale, seeds) = (Scale::Full, Seeds(vec![2]));
        let request = Request::new(&runtime, scale, seeds);
        let spec = VectorSpec { records: Some(500), seed: 2, ..VectorSpec::default() };
        let vectors = spec.load(&format!("gaussian:{VARIANCES}")).unwrap();
        let case = Case { name: "Gaussian".to_owned(), vectors, units: UNITS.0 };
        let found = |steps| report(&[case.course(&request, (steps, 2)).unwrap()], &request, steps).claims;
        assert!(found(200).iter().all(|claim| claim.holds), "{:#?}", found(200));
        assert!(found(2).iter().all(|claim| !claim.holds), "a control: too few steps, {:#?}", found(2));
    }
}
