//! Every kernel against its twin in double precision: each form and variant, with wgpu's checks and without, on random
//! numbers within the error bound and on whole numbers exactly. One module a kernel, with its odd shapes.

mod connect_apply;
mod connect_feedback;
mod connect_forward;
mod connect_update;
mod control;
mod dropout;
mod gather_images;
mod large;
mod loss;
mod pair_statistics;
mod pool_feedback;
mod pool_forward;
mod saturation;
mod sign_feedback;
mod sum_feedback;
mod sum_forward;
mod target_delta;

use std::process::ExitCode;

use hebb_gpu::Options;
use hebb_shaders::{SHADERS, Shader};
use hebb_tests::{Case, Values, problem, trial};
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if let Err(error) = hebb_tests::gpu() {
        eprintln!("parity: no device, nothing can be compared: {error}");
    }
    let kernels = [
        connect_apply::cases(),
        connect_feedback::cases(),
        connect_forward::cases(),
        connect_update::cases(),
        dropout::cases(),
        gather_images::cases(),
        loss::cases(),
        pair_statistics::cases(),
        pool_feedback::cases(),
        pool_forward::cases(),
        saturation::cases(),
        sign_feedback::cases(),
        sum_feedback::cases(),
        sum_forward::cases(),
        target_delta::cases(),
    ];
    let mut trials = Vec::new();
    for case in kernels.iter().flatten() {
        for variant in Shader::variants(case.problem.stem()) {
            trials.push(parity(case.clone(), variant));
        }
    }
    trials.extend(control::trials());
    trials.extend(large::trials());
    trials.push(Trial::test("every kernel has cases", move || {
        let stems: Vec<&str> = kernels.iter().flatten().map(|case| case.problem.stem()).collect();
        match SHADERS.iter().find(|shader| !stems.contains(&shader.stem)) {
            Some(shader) => Err(format!("{} has none", shader.stem).into()),
            None => Ok(()),
        }
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn parity(case: Case, variant: &'static str) -> Trial {
    let name = format!("{} {variant}: {}", case.problem.stem(), case.name);
    trial(name, move |gpu| {
        for checked in [true, false] {
            let options = Options { checked, variant: Some(variant.to_owned()), max_binding: case.max_binding };
            for values in [Values::Random, Values::Whole] {
                if values == Values::Whole && !is_exact(&case) {
                    continue;
                }
                problem::check(gpu, &case, &options, values, 3)
                    .map_err(|error| format!("checked {checked}, {values:?} numbers: {error}"))?;
            }
        }
        Ok(())
    })
}

/// Whether whole numbers stay exact: not through pixel / 255, exponentials or a factor that is no power of two.
fn is_exact(case: &Case) -> bool {
    use hebb_spec::problem::{Magnitudes, Problem};
    use hebb_spec::rule::Loss;
    match case.problem {
        Problem::GatherImages { .. } => false,
        Problem::SignFeedback { magnitudes, .. } => !matches!(magnitudes, Magnitudes::Drawn { .. }),
        Problem::Loss { loss, mu, .. } => loss == Loss::Hinge && mu.log2().fract() == 0.0,
        Problem::Dropout { probability, .. } => (1.0 - probability).log2().fract() == 0.0,
        _ => true,
    }
}
