//! Appendix 2 of Amit (2019) held beside a network: one that starts as the appendix has it falls apart into the scalar
//! systems (15), one for each singular value of T.

use hebb_data::Pairs;
use hebb_spec::param::Weights;
use hebb_spec::rng::{Purpose, Stream};
use hebb_systems::layered::Rule;
use hebb_systems::linear::Linear;
use hebb_systems::section5::scalar::Scalar;
use hebb_systems::section5::svd::{Matrix, Svd, svd};

use super::Made;
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Colour, Mark, Style};
use crate::report::{Claim, Report};
use crate::request::{Request, Scale};
use crate::runs::Run;
use crate::table::Table;

/// Iterations at full size.
const ITERATIONS: u32 = 1000;
/// Length of a step, η.
const STEP: f32 = 0.0015;
/// λ_{R,2} and λ_{R,3}, the same for every direction.
const FEEDBACK: [f64; 2] = [0.9, 0.7];
/// ε, and how it is written.
const EPSILONS: [(f32, &str); 4] = [(0.0, "0"), (0.25, "¼"), (0.5, "½"), (1.0, "1")];
/// Largest error of an integrator's step in any λ.
const TOLERANCE: f64 = 1e-11;
/// Points of the network that are drawn: one in so many.
const DRAWN: usize = 25;

/// A network and its theory, by iteration.
struct Course {
    seed: u64,
    epsilon: f32,
    /// log₁₀ e of the network and of the theory.
    errors: Vec<(f64, f64)>,
    /// λ₁, λ₂, λ₃ along the largest direction, of the network and of the theory.
    weights: Vec<[(f64, f64); 3]>,
    /// What of the network's W₂ lies along no direction, as a share.
    astray: f64,
}

/// A network laid out along the singular vectors of its T.
struct Layout {
    linear: Linear,
    target: Svd,
    /// U₁ … U₄: the directions at the input and behind each layer.
    sides: [Matrix; 4],
}

impl Layout {
    fn new(linear: Linear, seed: u64) -> Self {
        let (inputs, outputs) = (linear.inputs() as usize, linear.outputs() as usize);
        let values = linear.targets(seed);
        let target = svd(&Matrix::from_fn(outputs, inputs, |o, i| f64::from(values[i * outputs + o])));
        // Orthonormal columns: the left singular vectors of a random matrix.
        let hidden = |layer: usize| {
            let (units, stream) = (linear.sizes[layer] as usize, Stream::new(seed, Purpose::InitR, layer as u32, 0));
            let number = |row: usize, column: usize| stream.normal((row * target.values.len() + column) as u64);
            svd(&Matrix::from_fn(units, target.values.len(), number)).u
        };
        let sides = [target.v.clone(), hidden(1), hidden(2), target.u.clone()];
        Self { linear, target, sides }
    }

    /// The start: W = 0 and R_i = U_i Λ_{R,i} U_{i+1}ᵗ, each R in its W's order.
    fn start(&self, mut weights: Weights) -> Weights {
        for layer in 1..=3 {
            let (below, above) = (&self.sides[layer - 1], &self.sides[layer]);
            let size = if layer == 1 { 0.0 } else { FEEDBACK[layer - 2] };
            let transposed = above.times(&below.transposed());
            if let Some(r) = weights.get_mut(&format!("R{layer}")) {
                *r = transposed.values.iter().map(|value| (size * value) as f32).collect();
            }
        }
        weights
    }

    /// A layer's W as the directions see it: U_{i+1}ᵗ W_i U_i.
    fn along(&self, weights: &Weights, layer: usize) -> Matrix {
        let (rows, columns) = (self.linear.sizes[layer] as usize, self.linear.sizes[layer - 1] as usize);
        let values = weights.get(&format!("W{layer}")).unwrap_or_default();
        let w = Matrix::from_fn(rows, columns, |row, column| f64::from(values[row * columns + column]));
        self.sides[layer].transposed().times(&w).times(&self.sides[layer - 1])
    }

    /// What of a layer's W lies off the directions' pairs, as a share of all of it.
    fn astray(&self, weights: &Weights, layer: usize) -> f64 {
        let values = weights.get(&format!("W{layer}")).unwrap_or_default();
        let all: f64 = values.iter().map(|w| f64::from(*w).powi(2)).sum();
        let along = self.along(weights, layer);
        let held: f64 = (0..self.target.values.len()).map(|at| along.at(at, at).powi(2)).sum();
        if all > 0.0 { ((all - held).max(0.0) / all).sqrt() } else { 0.0 }
    }
}

/// The figure.
pub fn make(request: &Request<'_>) -> Result<Made, LabError> {
    let seeds = &request.seeds.0;
    let layouts: Vec<Layout> =
        seeds.iter().map(|seed| Layout::new(Linear { lr: STEP, ..Linear::default() }, *seed)).collect();
    let mut seconds = 0.0;
    if let Scale::Minutes(_) = request.scale {
        let pairs = pairs(&layouts[0].linear, seeds[0]);
        let run = run(request, &layouts[0].linear, &pairs, (1, seeds[0]));
        seconds = run.seconds()? * (EPSILONS.len() * seeds.len()) as f64;
    }
    let iterations = request.scale.steps(ITERATIONS, || seconds);
    let mut courses = Vec::new();
    for (layout, &seed) in layouts.iter().zip(seeds) {
        (request.tell)(&format!("seed {seed}: {} networks, {iterations} iterations each", EPSILONS.len()));
        for (epsilon, _) in EPSILONS {
            courses.push(course(request, layout, epsilon, (iterations, seed))?);
        }
    }
    let report = report(&courses, request, (&layouts, iterations));
    Ok(Made { picture: picture(&courses), table: table(&courses), report })
}

fn pairs(linear: &Linear, seed: u64) -> Pairs {
    Pairs::of_unit_vectors(linear.outputs() as usize, linear.targets(seed))
}

fn run<'a>(request: &Request<'a>, system: &'a Linear, records: &'a Pairs, (epochs, seed): (u32, u64)) -> Run<'a> {
    Run { runtime: request.runtime, system, records, data: "linear", batch: system.inputs(), epochs, seed }
}

fn course(
    request: &Request<'_>,
    layout: &Layout,
    epsilon: f32,
    (iterations, seed): (u32, u64),
) -> Result<Course, LabError> {
    let linear = Linear { rule: Rule::urfb(epsilon), ..layout.linear.clone() };
    let pairs = pairs(&linear, seed);
    let run = run(request, &linear, &pairs, (iterations, seed));
    let mut found: Vec<[f64; 3]> = Vec::new();
    let mut each = |_: u32, weights: &Weights| found.push([1, 2, 3].map(|layer| layout.along(weights, layer).at(0, 0)));
    let ran = run.train(layout.start(run.start()), &mut each)?;
    let times: Vec<f64> = (0..=iterations).map(|at| f64::from(at) * f64::from(linear.lr)).collect();
    let theory = |target: f64| Scalar { target, feedback: FEEDBACK.to_vec(), epsilon: f64::from(epsilon) };
    let systems: Vec<Scalar> = layout.target.values.iter().map(|target| theory(*target)).collect();
    let paths: Vec<Vec<Vec<f64>>> =
        systems.iter().map(|system| system.run(&times, TOLERANCE)).collect::<Result<_, _>>()?;
    let of_theory = |at: usize| -> f64 {
        let square = |(system, path): (&Scalar, &Vec<Vec<f64>>)| system.error(&path[at]).powi(2);
        systems.iter().zip(&paths).map(square).sum()
    };
    let errors = [Some(ran.first.get("error"))].into_iter().chain(ran.rows.iter().map(|row| row.get("error")));
    Ok(Course {
        seed,
        epsilon,
        errors: errors.enumerate().map(|(at, e)| (e.unwrap_or(f64::NAN).log10(), of_theory(at).log10())).collect(),
        weights: found.iter().zip(&paths[0]).map(|(found, path)| [0, 1, 2].map(|at| (found[at], path[at]))).collect(),
        astray: layout.astray(&ran.end, 2),
    })
}

fn table(courses: &[Course]) -> Table {
    let numbers = ["error", "lambda_1", "lambda_2", "lambda_3"];
    let head = ["run", "epsilon", "iteration", "log10_error", "log10_error_theory"].map(str::to_owned);
    let of_weights = numbers[1..].iter().flat_map(|name| [(*name).to_owned(), format!("{name}_theory")]);
    let mut table = Table::new(head.into_iter().chain(of_weights));
    for course in courses {
        for (at, (error, weights)) in course.errors.iter().zip(&course.weights).enumerate() {
            let run = [course.seed.into(), f64::from(course.epsilon).into(), (at as u64).into()];
            let head = run.into_iter().chain([error.0.into(), error.1.into()]);
            let of_weights = weights.iter().flat_map(|(found, theory)| [(*found).into(), (*theory).into()]);
            table.push(head.chain(of_weights));
        }
    }
    table
}

/// The largest difference between network and theory in log₁₀ e where e is above what f32 can tell from 0, and in a λ.
fn off(courses: &[Course]) -> (f64, f64) {
    let apart = |pairs: &mut dyn Iterator<Item = (f64, f64)>| pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let told = |(_, theory): &&(f64, f64)| *theory > -8.0;
    let errors = apart(&mut courses.iter().flat_map(|course| course.errors.iter().filter(told).copied()));
    let weights = apart(&mut courses.iter().flat_map(|course| course.weights.iter().flatten().copied()));
    (errors, weights)
}

fn claims(courses: &[Course]) -> Vec<Claim> {
    let (errors, weights) = off(courses);
    let astray = courses.iter().map(|course| course.astray).fold(0.0, f64::max);
    let end = |course: &Course| course.errors.last().map_or(f64::NAN, |(network, _)| *network);
    let runs = || courses.chunk_by(|one, other| one.seed == other.seed);
    let ends = |run: &[Course]| run.iter().map(|course| format!("{:.2}", end(course))).collect::<Vec<_>>().join(", ");
    vec![
        Claim::new(
            "from an aligned start W stays along the singular vectors of T",
            astray < 1e-3,
            format!("of W₂ at most {astray:.1e} lies elsewhere"),
        ),
        Claim::new(
            "each direction is a scalar system (15)",
            errors < 0.2 && weights < 0.05,
            format!(
                "log₁₀ e is off by at most {errors:.3} (where e > 10⁻⁸), a λ of the largest direction by \
                 {weights:.4}: the network's steps have a length, the theory's none"
            ),
        ),
        Claim::new(
            "a larger ε ends lower",
            runs().all(|run| run.windows(2).all(|pair| end(&pair[1]) < end(&pair[0]))),
            format!("log₁₀ e at the end: {}", runs().map(ends).collect::<Vec<_>>().join("; ")),
        ),
    ]
}

fn report(courses: &[Course], request: &Request<'_>, (layouts, iterations): (&[Layout], u32)) -> Report {
    let values =
        |layout: &Layout| layout.target.values.iter().map(|value| format!("{value:.2}")).collect::<Vec<_>>().join(", ");
    let mut reduced = Vec::new();
    if iterations < ITERATIONS {
        reduced.push(format!("{iterations} of {ITERATIONS} iterations"));
    }
    Report {
        shows: "Lines are the theory: the scalar systems (15) integrated, one for each of T's singular values, at \
                time t = η · iteration. Points are the network, trained in f32 from W = 0 and R aligned with T's \
                singular vectors. A row a seed: left log₁₀ e, then the weights along the largest singular value, \
                layer by layer: the points lie on the lines."
            .to_owned(),
        claims: claims(courses),
        ran: vec![
            ("network", "40-100-100-10, T as in amit2019/fig12".to_owned()),
            (
                "start",
                format!(
                    "W = 0, R_i = U_i Λ U_{{i+1}}ᵗ with λ_R,2 = {} and λ_R,3 = {} in every direction",
                    FEEDBACK[0], FEEDBACK[1]
                ),
            ),
            ("singular values of T", layouts.iter().map(values).collect::<Vec<_>>().join("; ")),
            ("step size η", STEP.to_string()),
            ("iterations", iterations.to_string()),
            ("seeds", request.seeds.to_string()),
            ("device", request.runtime.name()),
        ],
        reduced,
        remarks: vec!["R₁ sends nothing and starts as 0.".to_owned()],
    }
}

fn picture(courses: &[Course]) -> plot::Figure {
    let last = courses.first().map_or(1, |course| course.errors.len() - 1) as f64;
    type Pair<'a> = &'a dyn Fn(&Course, usize) -> (f64, f64);
    let draw = |run: &[Course], title: String, label: &str, of: Pair<'_>| -> plot::Panel {
        let mut chart = Chart::new(title, Axis::new("iteration").over(0.0, last), Axis::new(label));
        for (n, course) in run.iter().enumerate() {
            let all = (0..course.weights.len()).map(|at| (at as f64, of(course, at)));
            let theory = all.clone().map(|(x, (_, theory))| (x, theory)).collect();
            let points = all.step_by(DRAWN).map(|(x, (network, _))| (x, network)).collect();
            chart = chart.curve(theory, Style::nth(n).of_width(1.4));
            chart = chart.with(Mark::Points { points, colour: Colour::nth(n), radius: 2.2 });
        }
        chart.into()
    };
    let row = |run: &[Course]| -> Vec<plot::Panel> {
        let error = draw(run, format!("error, seed {}", run[0].seed), "log₁₀ e", &|course, at| course.errors[at]);
        let weight = |layer: usize| {
            let name = ["λ₁", "λ₂", "λ₃"][layer];
            draw(run, format!("{name} of the largest direction"), name, &|course, at| course.weights[at][layer])
        };
        [error].into_iter().chain((0..3).map(weight)).collect()
    };
    plot::Figure {
        title: "An aligned network (points) and the scalar systems (15) (lines)".to_owned(),
        key: EPSILONS.iter().enumerate().map(|(n, (_, name))| (format!("ε = {name}"), Style::nth(n))).collect(),
        rows: courses.chunk_by(|one, other| one.seed == other.seed).map(row).collect(),
        panel: (230.0, 190.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Seeds;
    use hebb_cpu::Cpu;

    #[test]
    fn a_small_network_follows_the_theory() {
        let runtime = Cpu::open(Some(1)).unwrap();
        let request = Request::new(&runtime, Scale::Full, Seeds(vec![3]));
        let linear = Linear { sizes: vec![8, 20, 20, 3], lr: 0.002, target_sd: 0.3, ..Linear::default() };
        let layout = Layout::new(linear, 3);
        let courses: Vec<Course> =
            [0.0, 0.5, 1.0].map(|epsilon| course(&request, &layout, epsilon, (800, 3)).unwrap()).into();
        let claims = claims(&courses);
        assert!(claims.iter().all(|claim| claim.holds), "{claims:#?}");
        // A control: the theory of another ε is elsewhere.
        let mixed = [Course {
            seed: 3,
            epsilon: 0.0,
            errors: courses[0].errors.iter().zip(&courses[2].errors).map(|(a, b)| (a.0, b.1)).collect(),
            weights: courses[0]
                .weights
                .iter()
                .zip(&courses[2].weights)
                .map(|(a, b)| [0, 1, 2].map(|at| (a[at].0, b[at].1)))
                .collect(),
            astray: 0.0,
        }];
        assert!(!super::claims(&mixed)[1].holds);
    }
}
