//! Every kernel against its twin in double precision, on every runtime: each form and variant, with bounds checks and
//! without, on random numbers within the error bound and on whole numbers exactly. One module a kernel, with its odd
//! shapes.

mod compete;
mod connect_apply;
mod connect_feedback;
mod connect_forward;
mod connect_update;
mod control;
mod decay;
mod difference;
mod dropout;
mod gather_images;
mod integrate;
mod large;
mod loss;
mod nudge;
mod pair_statistics;
mod pool_feedback;
mod pool_forward;
mod record;
mod saturation;
mod sign_feedback;
mod spoiling;
mod sum_feedback;
mod sum_forward;
mod target_delta;
mod transfer;
mod transfer_error;
mod transfer_feedback;

use std::collections::BTreeSet;
use std::process::ExitCode;

use hebb_shaders::SHADERS;
use hebb_spec::backend::{Options, Runtime};
use hebb_spec::learning::{Competition, Loss, Magnitudes};
use hebb_spec::problem::Problem;
use hebb_spec::transfer::TransferFunction;
use hebb_tests::{Case, GPU, LEVELS, RUNTIMES, Tested, Values, announce, problem};
use libtest_mimic::{Arguments, Trial};

/// Bytes from which a case is about a device's grid: the twins have none, and one kind of numbers will do.
const LARGE: u64 = 32_000_000;

/// The variant whose sums of whole numbers are not exact: F(4×4, 3×3) has filters divided by 24.
const INEXACT: &str = "winograd4";

/// Variants that leave a grid of 65,535 workgroups and more to the smallest of their text: how a grid is split does not
/// depend on a tile, and barriers of so many workgroups take half a minute and longer on a driver that computes on the CPU.
const GRIDLESS: [&str; 6] = ["tile_128x128", "tile_64x256", "tile_64x64", "tile_32x128", "few_32x128", "tile_256x64"];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    announce("parity");
    let kernels = [
        compete::cases(),
        connect_apply::cases(),
        connect_feedback::cases(),
        connect_forward::cases(),
        connect_update::cases(),
        decay::cases(),
        difference::cases(),
        dropout::cases(),
        gather_images::cases(),
        integrate::cases(),
        loss::cases(),
        nudge::cases(),
        pair_statistics::cases(),
        pool_feedback::cases(),
        pool_forward::cases(),
        record::cases(),
        saturation::cases(),
        sign_feedback::cases(),
        sum_feedback::cases(),
        sum_forward::cases(),
        target_delta::cases(),
        transfer::cases(),
        transfer_error::cases(),
        transfer_feedback::cases(),
    ];
    let cases: Vec<Case> = kernels.into_iter().flatten().collect();
    let mut trials = Vec::new();
    for tested in RUNTIMES {
        for case in cases.iter().filter(|case| !tested.is_twins || case.problem.bytes() < LARGE) {
            // Without a device nobody knows its variants: one trial a case shows as ignored.
            let variants = tested.open().map(|runtime| runtime.variants(&case.problem)).unwrap_or(vec!["any variant"]);
            let variants = variants.into_iter().filter(|variant| !case.is_grid() || !GRIDLESS.contains(variant));
            trials.extend(variants.map(|variant| parity(tested, case.clone(), variant)));
        }
    }
    for tested in LEVELS.into_iter().filter(|tested| tested.open().is_ok()) {
        for case in cases.iter().filter(|case| case.problem.bytes() < LARGE) {
            let variants = tested.open().map(|runtime| runtime.variants(&case.problem)).unwrap_or_default();
            trials.extend(variants.into_iter().map(|variant| parity(tested, case.clone(), variant)));
        }
    }
    trials.extend(control::trials());
    trials.extend(integrate::trials());
    trials.extend(record::trials());
    trials.extend(transfer::trials());
    trials.extend(large::trials());
    let few = cases[..1].to_vec();
    trials.push(GPU.trial("control: a form without a case is named", move |gpu| match every_form(gpu, &few) {
        Err(error) if error.contains("\"connect_feedback\", \"gate+skip\"") => Ok(()),
        other => Err(format!("one case gave {other:?}")),
    }));
    trials.push(GPU.trial("every form of every shader has a case", move |gpu| every_form(gpu, &cases)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn parity(tested: Tested, case: Case, variant: &'static str) -> Trial {
    let name = format!("{} {variant}: {}", case.problem.stem(), case.name);
    tested.trial(&name, move |runtime| {
        let values: &[Values] = match (is_exact(&case) && variant != INEXACT, case.problem.bytes() < LARGE) {
            (true, true) => &[Values::Random, Values::Whole],
            (true, false) => &[Values::Whole],
            (false, _) => &[Values::Random],
        };
        let one = |&values| problem::check(runtime, &case, (Some(variant), tested.checks), values, 3);
        values.iter().try_for_each(one)
    })
}

/// Whether whole numbers stay exact: not through pixel / 255, exponentials or a factor that is no power of two.
fn is_exact(case: &Case) -> bool {
    match case.problem {
        Problem::GatherImages { .. } => false,
        Problem::SignFeedback { magnitudes, .. } => !matches!(magnitudes, Magnitudes::Drawn { .. }),
        Problem::Loss { loss, mu, .. } => loss != Loss::Softmax && mu.log2().fract() == 0.0,
        Problem::Compete { competition, .. } => competition == Competition::Winner,
        Problem::Transfer { transfer, .. }
        | Problem::TransferError { transfer, .. }
        | Problem::TransferFeedback { transfer, .. } => transfer == TransferFunction::Identity,
        Problem::Nudge { nudge, .. } => nudge.transfer == TransferFunction::Identity,
        Problem::Integrate { euler, .. } => euler.noise.is_none(),
        Problem::Dropout { probability, .. } => (1.0 - probability).log2().fract() == 0.0,
        _ => true,
    }
}

/// Whether the cases meet each form of shaders/variants.toml.
fn every_form(gpu: &dyn Runtime, cases: &[Case]) -> Result<(), String> {
    let mut missing: BTreeSet<(&str, String)> =
        SHADERS.iter().map(|shader| (shader.stem, shader.features.join("+"))).collect();
    for case in cases {
        let options = Options { max_binding: case.max_binding, ..Options::default() };
        let backend = gpu.prepare(case.plan(), &options).map_err(|error| format!("{}: {error}", case.name))?;
        for kernel in backend.kernels() {
            missing.remove(&(kernel.stem, kernel.form));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("no case meets {missing:?}")) }
}
