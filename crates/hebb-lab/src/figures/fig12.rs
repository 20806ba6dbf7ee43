//! Figure 12 of Amit (2019): linear networks by back-propagation and by feedback weights that learn a share ε.

use hebb_data::Pairs;
use hebb_systems::layered::Rule;
use hebb_systems::linear::Linear;

use super::Made;
use crate::error::LabError;
use crate::plot::{self, Axis, Chart, Style};
use crate::report::{Claim, Report};
use crate::request::{Request, Scale};
use crate::runs::Run;
use crate::table::{Cell, Table};

/// The paper's iterations.
const ITERATIONS: u32 = 1000;
/// ε, and how it is written.
const EPSILONS: [(f32, &str); 4] = [(0.0, "0 (FRFB)"), (0.25, "¼"), (0.5, "½"), (1.0, "1 (URFB)")];

/// A network by one rule.
struct Course {
    seed: u64,
    rule: Rule,
    /// log₁₀ e, from iteration 0 on.
    errors: Vec<f64>,
    /// The correlation of W and R by layer, from iteration 1 on; empty under back-propagation.
    correlations: Vec<Vec<f64>>,
}

impl Course {
    fn end(&self) -> f64 {
        self.errors.last().copied().unwrap_or(f64::NAN)
    }

    /// A layer's correlation at the end.
    fn correlation(&self, layer: usize) -> f64 {
        self.correlations[layer - 1].last().copied().unwrap_or(f64::NAN)
    }

    fn epsilon(&self) -> Option<f64> {
        self.rule.epsilon().map(f64::from).or((self.rule == Rule::FRFB).then_some(0.0))
    }
}

/// The figure.
pub fn make(request: &Request<'_>) -> Result<Made, LabError> {
    let linear = Linear::default();
    let mut seconds = 0.0;
    if let Scale::Minutes(_) = request.scale {
        let (pairs, seed) = (pairs(&linear, 1), 1);
        seconds = run(request, &linear, &pairs, (1, seed)).seconds()? * (5 * request.seeds.0.len()) as f64;
    }
    let iterations = request.scale.steps(ITERATIONS, || seconds);
    let courses = courses(request, &linear, iterations)?;
    Ok(Made {
        picture: picture(&courses),
        table: table(&courses),
        report: report(&courses, request, &linear, iterations),
    })
}

/// X = I and T.
fn pairs(linear: &Linear, seed: u64) -> Pairs {
    Pairs::of_unit_vectors(linear.outputs() as usize, linear.targets(seed))
}

fn run<'a>(request: &Request<'a>, system: &'a Linear, records: &'a Pairs, (epochs, seed): (u32, u64)) -> Run<'a> {
    Run { runtime: request.runtime, system, records, data: "linear", batch: system.inputs(), epochs, seed }
}

/// All runs: for each seed back-propagation, then by ε.
fn courses(request: &Request<'_>, linear: &Linear, iterations: u32) -> Result<Vec<Course>, LabError> {
    let by_epsilon = EPSILONS.map(|(epsilon, _)| if epsilon == 0.0 { Rule::FRFB } else { Rule::urfb(epsilon) });
    let mut courses = Vec::new();
    for &seed in &request.seeds.0 {
        (request.tell)(&format!("seed {seed}: {} networks, {iterations} iterations each", EPSILONS.len() + 1));
        let pairs = pairs(linear, seed);
        for rule in [Rule::BP].into_iter().chain(by_epsilon) {
            let linear = Linear { rule, ..linear.clone() };
            let run = run(request, &linear, &pairs, (iterations, seed));
            let ran = run.train(run.start(), &mut |_, _| {})?;
            let column = |name: &str| ran.rows.iter().map(|row| row.get(name).unwrap_or(f64::NAN)).collect::<Vec<_>>();
            let layers = if rule == Rule::BP { 0 } else { linear.layers() };
            courses.push(Course {
                seed,
                rule,
                errors: [ran.first.get("error").log10()].into_iter().chain(column("log10_error")).collect(),
                correlations: (1..=layers).map(|layer| column(&format!("corr_{layer}"))).collect(),
            });
        }
    }
    Ok(courses)
}

fn table(courses: &[Course]) -> Table {
    let mut table = Table::new(["run", "rule", "epsilon", "iteration", "log10_error", "corr_1", "corr_2", "corr_3"]);
    for course in courses {
        for (iteration, &error) in course.errors.iter().enumerate() {
            let of = |layer: usize| Some(*course.correlations.get(layer)?.get(iteration.checked_sub(1)?)?);
            let head = [course.seed.into(), course.rule.name.into(), course.epsilon().into()];
            let numbers = [(iteration as u64).into(), error.into()];
            table.push(head.into_iter().chain(numbers).chain([0, 1, 2].map(|layer| Cell::from(of(layer)))));
        }
    }
    table
}

/// The runs of each seed by ε, in its order.
fn by_seed(courses: &[Course]) -> impl Iterator<Item = Vec<&Course>> {
    let each = courses.chunk_by(|one, other| one.seed == other.seed);
    each.map(|courses| courses.iter().filter(|course| course.rule != Rule::BP).collect())
}

fn claims(courses: &[Course]) -> Vec<Claim> {
    let runs = || by_seed(courses);
    let all = |of: &dyn Fn(&[&Course]) -> bool| runs().all(|run| of(&run));
    let rises = |run: &[&Course], layer: usize| {
        run.windows(2).all(|pair| pair[1].correlation(layer) > pair[0].correlation(layer))
    };
    let top = |course: &Course| {
        let lower = (1..3).map(|layer| course.correlation(layer)).fold(f64::MIN, f64::max);
        course.correlation(3) > 0.9 && course.correlation(3) > lower
    };
    // By ε, the least and the largest over the runs.
    let by_epsilon = |of: &dyn Fn(&Course) -> f64| {
        let ends = |at: usize| {
            let all: Vec<f64> = runs().map(|run| of(run[at])).collect();
            let (low, high) = all.iter().fold((f64::MAX, f64::MIN), |(l, h), x| (l.min(*x), h.max(*x)));
            format!("ε = {}: {low:.2} to {high:.2}", EPSILONS[at].1)
        };
        (0..EPSILONS.len()).map(ends).collect::<Vec<_>>().join("; ")
    };
    vec![
        Claim::new(
            "in every run a larger ε ends lower",
            all(&|run| run.windows(2).all(|pair| pair[1].end() < pair[0].end())),
            format!("log₁₀ e at the end: {}", by_epsilon(&Course::end)),
        ),
        Claim::new(
            "the top layer's correlation goes to 1, those of the lower layers less far",
            all(&|run| run.iter().all(|course| top(course))),
            format!("layer 3: {}", by_epsilon(&|course| course.correlation(3))),
        ),
        Claim::new(
            "as ε goes to 1 the correlations come to higher values at each layer",
            all(&|run| (1..=3).all(|layer| rises(run, layer))),
            format!("layer 2: {}", by_epsilon(&|course| course.correlation(2))),
        ),
        Claim::new(
            "at ε = 1 the input layer's correlation ends above the middle layer's",
            all(&|run| run[3].correlation(1) > run[3].correlation(2)),
            format!("layer 1: {}", by_epsilon(&|course| course.correlation(1))),
        ),
    ]
}

fn report(courses: &[Course], request: &Request<'_>, linear: &Linear, iterations: u32) -> Report {
    let sizes = linear.sizes.iter().map(u32::to_string).collect::<Vec<_>>().join("-");
    let mut reduced = Vec::new();
    if iterations < ITERATIONS {
        reduced.push(format!("{iterations} of the paper's {ITERATIONS} iterations"));
    }
    if request.seeds.0.len() < 3 {
        reduced.push(format!("{} of the paper's 3 runs", request.seeds.0.len()));
    }
    Report {
        shows: "A column for each run. Top: log₁₀ of the error e = tr EᵗE by iteration. By feedback through R all stay on a \
                plateau for some 150 iterations; then a larger ε falls on a steeper line, so that the four lie in the \
                order of ε at the end. Back-propagation from random weights falls at once, on a flatter line, which \
                ε = 1 passes in each run. Below: the correlation of each layer's W with its R, top layer first. The \
                top layer's comes near 1 whatever ε is; the lower layers' rise to a value of their own, which grows \
                with ε; with ε = 0 W₁ stays uncorrelated with R₁, which sends no feedback."
            .to_owned(),
        claims: claims(courses),
        ran: vec![
            (
                "network",
                format!("{sizes}, X = I, T a product of matrices with entries from N(0, {}²)", linear.target_sd),
            ),
            ("start", format!("W = 0 and R uniform with deviation {} (under back-propagation W so)", linear.start_sd)),
            ("step size η", linear.lr.to_string()),
            ("iterations", iterations.to_string()),
            ("runs (seeds of T and of the start)", request.seeds.to_string()),
            ("device", request.runtime.name()),
        ],
        reduced,
        remarks: vec![
            "Neither the step size nor the scale of R(0) is in the text. These are the defaults of `hebb linear`: all five \
             errors fall by orders of magnitude within the 1,000 iterations, and none comes to where f32 cannot tell it \
             from 0, at some 10⁻¹¹."
                .to_owned(),
            "The integrated scalar theory beside a network that starts as appendix 2 has it is in amit2019/aligned."
                .to_owned(),
        ],
    }
}

fn picture(courses: &[Course]) -> plot::Figure {
    let runs: Vec<&[Course]> = courses.chunk_by(|one, other| one.seed == other.seed).collect();
    let last = courses.first().map_or(1, |course| course.errors.len() - 1) as f64;
    let low = courses.iter().flat_map(|course| &course.errors).copied().fold(f64::MAX, f64::min);
    let iteration = || Axis::new("iteration").over(0.0, last);
    let points = |first: usize, values: &[f64]| {
        values.iter().enumerate().map(|(at, value)| ((first + at) as f64, *value)).collect::<Vec<_>>()
    };
    let errors = |(number, run): (usize, &&[Course])| -> plot::Panel {
        let axis = Axis::new("log₁₀ e").over(low.floor(), 3.0);
        let chart = Chart::new(format!("run {} (seed {})", number + 1, run[0].seed), iteration(), axis);
        let each = run.iter().enumerate();
        each.fold(chart, |chart, (n, course)| chart.curve(points(0, &course.errors), style(n))).into()
    };
    let correlation = |layer: usize, run: &[Course]| -> plot::Panel {
        let chart =
            Chart::new(format!("layer {layer}"), iteration(), Axis::new("correlation of W and R").over(-0.1, 1.0));
        let each = run.iter().enumerate().filter(|(_, course)| course.rule != Rule::BP);
        each.fold(chart, |chart, (n, course)| chart.curve(points(1, &course.correlations[layer - 1]), style(n))).into()
    };
    let mut rows = vec![runs.iter().enumerate().map(errors).collect()];
    rows.extend([3, 2, 1].map(|layer| runs.iter().map(|run| correlation(layer, run)).collect()));
    let names = EPSILONS.iter().enumerate().map(|(n, (_, name))| (format!("ε = {name}"), style(n + 1)));
    plot::Figure {
        title: "Figure 12: error and correlation of linear networks, 40-100-100-10".to_owned(),
        key: [("back-propagation".to_owned(), style(0))].into_iter().chain(names).collect(),
        rows,
        panel: (260.0, 150.0),
    }
}

/// Back-propagation black, the others by ε.
fn style(n: usize) -> Style {
    if n == 0 { Style::nth(6).solid() } else { Style::nth(n - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Seeds;
    use hebb_cpu::Cpu;

    #[test]
    fn a_small_network_shows_what_the_paper_says() {
        let runtime = Cpu::open(Some(1)).unwrap();
        let request = Request::new(&runtime, Scale::Full, Seeds(vec![1, 2]));
        let linear =
            Linear { sizes: vec![10, 40, 40, 4], lr: 0.004, start_sd: 0.12, target_sd: 0.3, ..Linear::default() };
        let courses = courses(&request, &linear, 600).unwrap();
        let claims = claims(&courses);
        assert!(claims[..3].iter().all(|claim| claim.holds), "{claims:#?}");
        let rows = table(&courses).rows;
        assert_eq!(rows.len(), 2 * 5 * 601);
        assert!(rows[0][5..].iter().chain(&rows[601][5..]).all(|cell| *cell == Cell::Empty), "none at iteration 0");
        assert_eq!((&rows[601][3], &rows[602][3]), (&Cell::Whole(0), &Cell::Whole(1)));
        assert!(matches!(rows[602][7], Cell::Real(_)) && rows[5][7] == Cell::Empty, "none under back-propagation");
    }
}
