//! The f32 twins stand within the f64 oracle's bounds on random odd shapes, and what is wrong does not.

use hebb_reference::sample::inputs;
use hebb_reference::{Expected, TwinStep, compare, expect, outputs};
use hebb_spec::backend::Rounding;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::update_splits;
use hebb_spec::learning::{Learning, Loss, MOST_RATES, Magnitudes, Rate};
use hebb_spec::operand::Slot;
use hebb_spec::pool::{Pool, PoolTies, PoolWindow};
use hebb_spec::problem::Problem;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::transfer::{Euler, Noise, Nudge, TransferFunction};
use hebb_spec::{Layout, Shape};

const RATE: Rate = Rate(2);

/// A step at which the rate above is this, and no other is.
fn step_of(seed: u64, step: u32, images: u32, rate: f32) -> TwinStep {
    let mut rates = [f32::NAN; MOST_RATES];
    rates[RATE.0 as usize] = rate;
    TwinStep { seed, step, images, repeat: 0, rates }
}

/// How the twins cut a problem's sum.
fn rounding(problem: &Problem) -> Rounding {
    match problem {
        Problem::ConnectUpdate { connection, .. } => Rounding::Runs { runs: update_splits(connection), lanes: 1 },
        _ => Rounding::STRAIGHT,
    }
}

/// One of each kernel's problems, of a random shape.
fn problems(seed: u64) -> Vec<Problem> {
    let stream = Stream::new(seed, Purpose::Test, 1000, 0);
    let pick = |index: u64, from: u32, to: u32| from + stream.below(index, to - from + 1);
    let either = |index: u64| stream.below(index, 2) == 0;
    let shape = Shape::new(pick(0, 1, 5), pick(1, 1, 7), pick(2, 1, 7));
    let batch = pick(3, 1, 9);
    let connection = if pick(4, 0, 3) == 0 {
        Connection::full(shape, pick(5, 1, 9))
    } else {
        Connection::conv(shape, pick(5, 1, 9), pick(6, 1, 5), pick(7, 1, 4))
    };
    let pool = Pool {
        input: shape,
        size: pick(8, 1, 4),
        stride: pick(9, 1, 3),
        window: if either(10) { PoolWindow::FromPixel } else { PoolWindow::Centred },
        ties: if either(11) { PoolTies::All } else { PoolTies::First },
    };
    let slope = [None, Some(0.5), Some(1.0)][pick(12, 0, 2) as usize];
    let epsilon = [None, Some(1.0), Some(0.3)][pick(13, 0, 2) as usize];
    let keep = if either(18) { 1.0 } else { 0.99 };
    let learning = Learning { rate: RATE, keep, epsilon, masked: either(19), trace: None };
    let local = if either(20) { connection.untie() } else { connection };
    let drawn = Magnitudes::Drawn { bound: 0.3, layer: 2 };
    let magnitudes = [Magnitudes::Uniform(0.7), Magnitudes::Kept, drawn][pick(21, 0, 2) as usize];
    let units = shape.units();
    let classes = pick(15, 2, 12);
    let index = pick(16, 1, 3);
    vec![
        Problem::GatherImages { shape, batch },
        Problem::ConnectForward { connection: local, batch, slope },
        Problem::ConnectFeedback { connection: local, batch, skip: either(22), gate: slope },
        Problem::ConnectUpdate { connection: local, batch, learning },
        Problem::SignFeedback { connection: local, magnitudes },
        Problem::SumForward { units, batch },
        Problem::SumFeedback { units, batch, slope: 0.5 },
        Problem::Saturation { units, batch },
        Problem::Difference { units, batch },
        Problem::ConnectUpdate { connection, batch, learning },
        Problem::PoolForward { pool, batch },
        Problem::PoolFeedback { pool, batch, gate: slope },
        Problem::Dropout { units: shape.units(), batch, index, probability: 0.3 },
        Problem::TargetDelta { classes, batch },
        Problem::Loss { classes, batch, loss: Loss::Hinge, mu: 1.0 / 9.0 },
        Problem::Loss { classes, batch, loss: Loss::Softmax, mu: 0.0 },
        Problem::PairStatistics { of: Layout::Weights(local), masked: either(23) },
        Problem::PairStatistics { of: Layout::Activity { units: pick(17, 1, 5000), batch }, masked: false },
    ]
    .into_iter()
    .chain(neurons(&pick, units, batch))
    .chain([Problem::ConnectUpdate {
        connection: local,
        batch,
        learning: Learning { masked: false, epsilon: None, trace: Some(0.9), ..learning },
    }])
    .collect()
}

/// The problems of neurons with dendrites.
fn neurons(pick: &dyn Fn(u64, u32, u32) -> u32, units: u32, batch: u32) -> Vec<Problem> {
    let softplus = TransferFunction::Softplus { gamma: 0.1, beta: 2.0, theta: 3.0 };
    let transfer = [TransferFunction::Identity, TransferFunction::Logistic, softplus][pick(24, 0, 2) as usize];
    let one = pick(25, 0, 1) == 1;
    let noise = [None, Some(Noise { scale: 0.3, layer: 2 })][pick(26, 0, 1) as usize];
    let second = [None, Some(0.08)][pick(27, 0, 1) as usize];
    let euler = Euler { keep: 0.81, first: 0.1, second, noise, restart: pick(28, 0, 3) == 0 };
    vec![
        Problem::Transfer { units, batch, transfer, one },
        Problem::TransferError { units, batch, transfer, scale: 0.7 },
        Problem::TransferFeedback { units, batch, transfer, one },
        Problem::Nudge { units, batch, nudge: Nudge { transfer, keep: 0.9, pull: 0.1, rest: -0.2, scale: 0.7 } },
        Problem::Integrate { units, batch, euler },
        Problem::Record { units, batch, every: 3, rows: pick(29, 1, 4) },
    ]
}

struct Case {
    problem: Problem,
    step: TwinStep,
    expected: Vec<Expected>,
    got: Vec<(Slot, Vec<f32>)>,
}

fn cases() -> impl Iterator<Item = Case> {
    (0..60).flat_map(|seed| problems(seed).into_iter().map(move |problem| (seed, problem))).map(|(seed, problem)| {
        let step = step_of(seed, 3, 1 + seed as u32 % 9, 0.1 / problem.batch().max(1) as f32);
        let inputs = inputs(&problem, &step, seed);
        let expected = expect(&problem, &step, &inputs, rounding(&problem)).expect("the sample fits");
        let got = outputs(&problem, &step, &inputs).expect("the sample fits");
        Case { problem, step, expected, got }
    })
}

#[test]
fn the_f32_twins_stand_within_their_bounds() {
    for case in cases() {
        assert_eq!(case.expected.len(), case.got.len());
        for (expected, (slot, got)) in case.expected.iter().zip(&case.got) {
            assert_eq!(expected.slot, *slot);
            let result = compare(expected, got);
            assert!(result.passes(), "{:?} at {:?}: {result:?}", case.problem, case.step);
        }
    }
}

#[test]
fn one_element_beyond_its_bound_is_found_anywhere() {
    for case in cases() {
        for (expected, (_, got)) in case.expected.iter().zip(&case.got) {
            let stride = got.len().div_ceil(5);
            for at in (0..got.len()).step_by(stride) {
                let mut wrong = got.clone();
                wrong[at] += (2.5 * expected.bounds[at]) as f32 + 4.0 * f32::EPSILON * (1.0 + got[at].abs());
                let result = compare(expected, &wrong);
                assert!(!result.passes() && result.worst == at, "{:?} element {at}: {result:?}", case.problem);
            }
        }
    }
}

#[test]
fn bounds_are_small_beside_the_values() {
    for case in cases() {
        for expected in &case.expected {
            let largest = expected.values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
            let bound = expected.bounds.iter().fold(0.0_f64, |largest, bound| largest.max(*bound));
            let share = if matches!(case.problem, Problem::PairStatistics { .. }) { 0.1 } else { 1e-4 };
            // A small sum of large terms: ten is their number's scale here.
            assert!(bound <= share * largest.max(10.0), "{:?}: {bound} beside {largest}", case.problem);
        }
    }
}

#[test]
fn another_constant_is_found() {
    let connection = Connection::conv(Shape::new(3, 5, 4), 5, 3, 2);
    let (learning, step) = (Learning::new(RATE, Some(0.5)), step_of(1, 2, 5, 0.02));
    let differs_at = |asked: Problem, ran: Problem, at: &TwinStep| {
        let inputs = inputs(&asked, &step, 4);
        let expected = expect(&asked, &step, &inputs, rounding(&asked)).expect("the sample fits");
        let got = outputs(&ran, at, &inputs).expect("the same tensors");
        expected.iter().zip(&got).any(|(expected, (_, got))| !compare(expected, got).passes())
    };
    let differs = |asked, ran| differs_at(asked, ran, &step);
    let forward = |slope| Problem::ConnectForward { connection, batch: 5, slope: Some(slope) };
    let feedback = |slope| Problem::ConnectFeedback { connection, batch: 5, skip: false, gate: Some(slope) };
    let update = |learning| Problem::ConnectUpdate { connection, batch: 5, learning };
    let drop = |index| Problem::Dropout { units: 9, batch: 5, index, probability: 0.5 };
    assert!(!differs(forward(0.5), forward(0.5)));
    assert!(differs(forward(0.5), forward(0.5001)));
    assert!(differs(feedback(0.5), feedback(0.5001)));
    assert!(!differs(update(learning), update(learning)));
    assert!(differs_at(update(learning), update(learning), &step_of(1, 2, 5, 0.020_01)));
    assert!(differs(update(learning), update(Learning { rate: Rate(0), ..learning })), "there is no such rate");
    assert!(differs(update(learning), update(Learning { epsilon: Some(0.5001), ..learning })));
    assert!(differs(update(learning), update(Learning { keep: 0.9999, ..learning })));
    assert!(differs(drop(1), drop(2)));
    let signs = |layer| Problem::SignFeedback { connection, magnitudes: Magnitudes::Drawn { bound: 0.5, layer } };
    assert!(differs(signs(1), signs(2)));
}

#[test]
fn saturated_units_are_exact() {
    let problem =
        Problem::ConnectForward { connection: Connection::full(Shape::flat(2), 1), batch: 1, slope: Some(1.0) };
    let inputs = [(Slot::X, vec![0.5; 2]), (Slot::W, vec![3.0, 1.0])];
    let expected = expect(&problem, &TwinStep::default(), &inputs, Rounding::STRAIGHT).expect("they fit");
    assert_eq!((expected[0].values[0], expected[0].bounds[0]), (1.0, 0.0));
    assert!(!compare(&expected[0], &[0.999_999_94]).passes());
}

#[test]
fn lanes_and_runs_narrow_the_bound_of_an_update() {
    let connection = Connection::conv(Shape::new(3, 4, 4), 4, 1, 1);
    let problem = Problem::ConnectUpdate { connection, batch: 500, learning: Learning::new(RATE, None) };
    let step = step_of(0, 0, 500, 0.1);
    let inputs = inputs(&problem, &step, 1);
    let bound =
        |runs, lanes| expect(&problem, &step, &inputs, Rounding::Runs { runs, lanes }).expect("they fit")[0].bounds[0];
    assert!(bound(1, 32) < 0.5 * bound(1, 1));
    assert!(bound(16, 1) < 0.5 * bound(1, 1));
}

#[test]
fn a_difference_rounds_once() {
    let problem = Problem::Difference { units: 1, batch: 2 };
    let inputs = [(Slot::X, vec![1.0, 1.0]), (Slot::X2, vec![0.25, 1e-8])];
    let expected = expect(&problem, &TwinStep::default(), &inputs, Rounding::STRAIGHT).expect("they fit");
    assert_eq!(expected[0].values, [0.75, 1.0 - f64::from(1e-8_f32)]);
    assert!(compare(&expected[0], &[0.75, 1.0]).passes());
    assert!(!compare(&expected[0], &[0.750_000_1, 1.0]).passes());
}

#[test]
fn softmax_bounds_hold_for_extreme_scores() {
    let problem = Problem::Loss { classes: 3, batch: 4, loss: Loss::Softmax, mu: 0.0 };
    let step = step_of(0, 0, 4, 0.0);
    let x = vec![1e4, -1e4, 0.0, 100.0, 99.0, -100.0, -80.0, 3.0, 3.0, 0.0, 0.0, 0.0];
    let inputs = [(Slot::X, x), (Slot::Labels, vec![1.0, 0.0, 2.0, 0.0])];
    let expected = expect(&problem, &step, &inputs, Rounding::STRAIGHT).expect("they fit");
    let got = outputs(&problem, &step, &inputs).expect("they fit");
    for (expected, (_, got)) in expected.iter().zip(&got) {
        assert!(compare(expected, got).passes(), "{expected:?} {got:?}");
    }
}
