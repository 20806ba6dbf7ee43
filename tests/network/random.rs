//! Random small networks drawn from the notation, with random rules, losses, masks and batches: three steps, an
//! evaluation and the statistics, each call on each device against its twin. What once failed is kept below by name.

use hebb_reference::check::{CallReport, CheckError, check_list};
use hebb_reference::sample::batch_of;
use hebb_spec::Shape;
use hebb_spec::backend::{Options, Runtime};
use hebb_spec::learning::Loss;
use hebb_spec::plan::{List, Plan};
use hebb_spec::system::System;
use hebb_systems::layered::{Activation, Preset, Rule};
use hebb_tests::{FORMS, Tested, devices};
use libtest_mimic::Trial;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::runner::{Batch, write};
use crate::setup::{Kind, Setup, model};

const CASES: u32 = 150;
const STEPS: u32 = 3;

/// Networks with something that random ones seldom have, or that once failed: notation, input, rule.
const KEPT: [(&str, &str, [u32; 3], &str); 5] = [
    ("SUM right below the output", "Conv 3 3x3; Conv 3 2x2; SUM; Output", [2, 5, 4], "urfb"),
    (
        "a SUM upon a SUM",
        "Local 2 3x3; Conv 2 3x3; SUM; Conv 4 1x2; Local 4 3x3; SUM; Maxpool 3; Output",
        [1, 6, 5],
        "kp",
    ),
    ("pools of pools upon a dropout", "Conv 5 3x3; Drop .5; Maxpool 3; Maxpool 2; Drop .2; Output", [3, 9, 8], "brsf"),
    ("one pixel", "Conv 2 3x3; Local 2 5x5; SUM; Full 1; Output", [1, 1, 1], "dfa"),
    ("nothing hidden", "Output", [1, 3, 3], "frsf"),
];

/// A network and how it is trained.
#[derive(Debug, Clone)]
struct Drawn {
    text: String,
    input: Shape,
    classes: u32,
    kind: Kind,
    rule: Rule,
    loss: Loss,
    activation: Activation,
    preset: Preset,
    batch: u32,
    frozen: Vec<u32>,
    track_r1: bool,
    all_statistics: bool,
}

/// The tests, on all runtimes but the twins themselves.
pub fn trials() -> Vec<Trial> {
    devices().chain(FORMS).flat_map(of_device).collect()
}

fn of_device(tested: Tested) -> Vec<Trial> {
    let kept = KEPT.into_iter().map(|(name, text, [c, h, w], rule)| {
        tested.trial(&format!("kept: {name}"), move |device| {
            let drawn = Drawn {
                text: text.to_owned(),
                input: Shape::new(c, h, w),
                classes: 3,
                kind: Kind::Sparse,
                rule: rule.parse().map_err(|error| format!("{error}"))?,
                loss: Loss::Hinge,
                activation: Activation::Clip,
                preset: Preset::AsRun,
                batch: 5,
                frozen: Vec::new(),
                track_r1: false,
                all_statistics: true,
            };
            holds(device, &drawn)
        })
    });
    let random = tested.trial(&format!("{CASES} random networks"), |device| {
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        // The same networks each time: a failure is for everyone to see.
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        TestRunner::new_with_rng(config, rng)
            .run(&drawn(), |drawn| holds(device, &drawn).map_err(TestCaseError::fail))
            .map_err(|error| error.to_string())
    });
    let control = tested.trial("control: a kernel with another slope is noticed", |device| {
        let right = Setup::new(Kind::Tied, Rule::URFB)?;
        let mut wrong = right.clone();
        wrong.model.slope *= 1.001;
        let plans = [&wrong, &right].map(|setup| setup.model.plan(setup.batch));
        match check(device, &right, plans) {
            Err(error) if error.contains("connect_forward") => Ok(()),
            other => Err(format!("another slope gave {other:?}")),
        }
    });
    kept.chain([random, control]).collect()
}

/// One item, or a pair with its SUM.
fn block() -> impl Strategy<Value = String> {
    let conv = (select(vec!["Conv", "Local"]), 1..7_u32, 1..4_u32, 1..4_u32)
        .prop_map(|(kind, channels, kh, kw)| format!("{kind} {channels} {kh}x{kw}"));
    let pair = (1..6_u32, 1..4_u32, 1..4_u32, select(vec!["Conv", "Local"]))
        .prop_map(|(channels, a, b, kind)| format!("Conv {channels} {a}x{b}; {kind} {channels} {b}x{a}; SUM"));
    let pool = (1..5_u32, 1..4_u32).prop_map(|(size, stride)| format!("Maxpool {size}, stride {stride}"));
    let drop = (0..9_u32).prop_map(|tenths| format!("Drop 0.{tenths}"));
    prop_oneof![3 => conv, 2 => pair, 2 => pool, 1 => drop]
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let full = prop_oneof![
        3 => (1..40_u32).prop_map(|units| format!("Full {units}")),
        1 => (0..9_u32).prop_map(|tenths| format!("Drop 0.{tenths}")),
    ];
    let text = (prop::collection::vec(block(), 0..4), prop::collection::vec(full, 0..3)).prop_map(|(blocks, full)| {
        let mut items = blocks;
        items.extend(full);
        items.push("Output".to_owned());
        items.join("; ")
    });
    let input = (1..4_u32, 1..10_u32, 1..10_u32).prop_map(|(c, h, w)| Shape::new(c, h, w));
    let rules = Rule::ALL.into_iter().chain([Rule::urfb(0.3)]).collect::<Vec<_>>();
    let losses = select(vec![Loss::Hinge, Loss::Softmax, Loss::Quadratic]);
    let activation = prop_oneof![3 => Just(Activation::Clip), 1 => Just(Activation::Identity)];
    let how = (select(rules), losses, activation, select(vec![Preset::AsRun, Preset::Paper]));
    let frozen = subsequence(vec![1, 2, 3], 0..3);
    (text, input, 2..6_u32, select(Kind::ALL.to_vec()), how, 1..10_u32, frozen, any::<bool>(), any::<bool>()).prop_map(
        |(text, input, classes, kind, (rule, loss, activation, preset), batch, frozen, track_r1, all_statistics)| {
            Drawn {
                text,
                input,
                classes,
                kind,
                loss,
                activation,
                preset,
                batch,
                frozen,
                track_r1: track_r1 && rule.has_r(),
                all_statistics,
                rule,
            }
        },
    )
}

/// Whether every call of three steps, an evaluation and the statistics is within its bound.
fn holds(device: &dyn Runtime, drawn: &Drawn) -> Result<(), String> {
    let named = (drawn.text.as_str(), drawn.input, drawn.classes);
    let mut model = model(named, drawn.kind, drawn.rule, drawn.loss, drawn.preset)?;
    (model.track_r1, model.delta_statistics) = (drawn.track_r1, drawn.all_statistics);
    model.frozen.clone_from(&drawn.frozen);
    model.activation = drawn.activation;
    if drawn.activation == Activation::Identity || drawn.loss == Loss::Quadratic {
        // Nothing else keeps its numbers within three steps' reach of f32.
        model.lr = 1e-3;
    }
    let setup = Setup { model, batch: drawn.batch };
    let plan = setup.model.plan(setup.batch);
    check(device, &setup, [plan.clone(), plan])
}

/// Runs one plan's calls beside the twins of another, which is the same but in the control.
fn check(device: &dyn Runtime, setup: &Setup, [run, expected]: [Plan; 2]) -> Result<(), String> {
    let guarded = Options { guarded: true, ..Options::default() };
    let mut backend = device.prepare(run, &guarded).map_err(|error| error.to_string())?;
    write(&expected, &setup.start(false), &mut *backend)?;
    let network = &setup.model.network;
    let lists = (0..STEPS).map(|step| (List::TRAIN, step)).chain([(List::EVALUATE, 0), (List::STATISTICS, STEPS)]);
    for (list, step) in lists {
        let images = if list == List::EVALUATE { setup.batch.div_ceil(2) } else { setup.batch };
        let (pixels, labels) = batch_of(network.input, network.classes, images, step);
        let batch = Batch { images: &pixels, labels: &labels, step, seed: 11 };
        let mut wrong: Option<CallReport> = None;
        let first = |report: CallReport| {
            if !report.ok && wrong.is_none() {
                wrong = Some(report);
            }
            Ok::<(), CheckError>(())
        };
        batch
            .of(&setup.model, setup.batch, |step| check_list(&mut *backend, &expected, list, step, first))
            .map_err(|error| error.to_string())?;
        if let Some(report) = wrong {
            return Err(format!("{report:?}"));
        }
    }
    Ok(())
}
