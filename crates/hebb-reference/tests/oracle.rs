//! The f32 twins stand within the f64 oracle's bounds on random odd shapes, and what is wrong does not.

use hebb_reference::sample::inputs;
use hebb_reference::{Data, Expected, StepInfo, compare, expect, outputs};
use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::pool::{Pool, PoolTies, PoolWindow};
use hebb_spec::problem::{Learning, Magnitudes, Problem};
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::rule::Loss;

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
    let learning = Learning { scale: 0.1 / batch as f32, keep, epsilon, masked: either(19) };
    let splits = pick(14, 1, connection.input.places());
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
        Problem::ConnectPartial { connection, batch, splits },
        Problem::ConnectApply { connection, splits, learning },
        Problem::PoolForward { pool, batch },
        Problem::PoolFeedback { pool, batch, gate: slope },
        Problem::Dropout { units: shape.units(), batch, index, probability: 0.3 },
        Problem::TargetDelta { classes, batch },
        Problem::Loss { classes, batch, loss: Loss::Hinge, mu: 1.0 / 9.0 },
        Problem::Loss { classes, batch, loss: Loss::Softmax, mu: 0.0 },
        Problem::PairStatistics { vectors: pick(17, 1, 2 * Problem::STATISTICS_CHUNK + 3), masked: either(23) },
    ]
}

struct Case {
    problem: Problem,
    step: StepInfo,
    expected: Vec<Expected>,
    got: Vec<Vec<f32>>,
}

fn cases() -> impl Iterator<Item = Case> {
    (0..60).flat_map(|seed| problems(seed).into_iter().map(move |problem| (seed, problem))).map(|(seed, problem)| {
        let step = StepInfo { seed, step: 3, images: 1 + seed as u32 % 9 };
        let inputs = inputs(&problem, &step, seed);
        let expected = expect(&problem, &step, &inputs, 1).expect("the sample fits");
        let got = outputs(&problem, &step, &inputs).expect("the sample fits");
        Case { problem, step, expected, got }
    })
}

#[test]
fn the_f32_twins_stand_within_their_bounds() {
    for case in cases() {
        assert_eq!(case.expected.len(), case.got.len());
        for (expected, got) in case.expected.iter().zip(&case.got) {
            let result = compare(expected, got);
            assert!(result.passes(), "{:?} at {:?}: {result:?}", case.problem, case.step);
        }
    }
}

#[test]
fn one_element_beyond_its_bound_is_found_anywhere() {
    for case in cases() {
        for (expected, got) in case.expected.iter().zip(&case.got) {
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
    let (learning, step) = (Learning::new(0.02, Some(0.5)), StepInfo { seed: 1, step: 2, images: 5 });
    let differs = |asked: Problem, ran: Problem| {
        let inputs = inputs(&asked, &step, 4);
        let expected = expect(&asked, &step, &inputs, 1).expect("the sample fits");
        let got: Vec<Vec<f32>> = outputs(&ran, &step, &inputs).expect("the same tensors");
        expected.iter().zip(&got).any(|(expected, got)| !compare(expected, got).passes())
    };
    let forward = |slope| Problem::ConnectForward { connection, batch: 5, slope: Some(slope) };
    let feedback = |slope| Problem::ConnectFeedback { connection, batch: 5, skip: false, gate: Some(slope) };
    let update = |learning| Problem::ConnectUpdate { connection, batch: 5, learning };
    let drop = |index| Problem::Dropout { units: 9, batch: 5, index, probability: 0.5 };
    assert!(!differs(forward(0.5), forward(0.5)));
    assert!(differs(forward(0.5), forward(0.5001)));
    assert!(differs(feedback(0.5), feedback(0.5001)));
    assert!(differs(update(learning), update(Learning { scale: 0.020_01, ..learning })));
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
    let inputs = [Data::Floats(vec![3.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), Data::Floats(vec![0.5; 8])];
    let expected = expect(&problem, &StepInfo::default(), &inputs, 1).expect("they fit");
    assert_eq!((expected[0].values[0], expected[0].bounds[0]), (1.0, 0.0));
    assert!(!compare(&expected[0], &[0.999_999_94; 4]).passes());
}

#[test]
fn lanes_narrow_the_bound_of_an_update() {
    let connection = Connection::full(Shape::flat(3), 4);
    let problem = Problem::ConnectUpdate { connection, batch: 500, learning: Learning::new(0.1, None) };
    let step = StepInfo { seed: 0, step: 0, images: 500 };
    let inputs = inputs(&problem, &step, 1);
    let bound = |lanes| expect(&problem, &step, &inputs, lanes).expect("they fit")[0].bounds[0];
    assert!(bound(32) < 0.5 * bound(1));
}

#[test]
fn softmax_bounds_hold_for_extreme_scores() {
    let problem = Problem::Loss { classes: 3, batch: 4, loss: Loss::Softmax, mu: 0.0 };
    let step = StepInfo { seed: 0, step: 0, images: 4 };
    let x = [1e4, 100.0, -80.0, 0.0, -1e4, 99.0, 3.0, 0.0, 0.0, -100.0, 3.0, 0.0].to_vec();
    let inputs = [Data::Floats(x), Data::Floats(vec![1.0, 0.0, 2.0, 0.0])];
    let expected = expect(&problem, &step, &inputs, 1).expect("they fit");
    let got: Vec<Vec<f32>> = outputs(&problem, &step, &inputs).expect("they fit");
    for (expected, got) in expected.iter().zip(&got) {
        assert!(compare(expected, got).passes(), "{expected:?} {got:?}");
    }
}
