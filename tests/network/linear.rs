//! Section 5's linear networks on every runtime: a larger ε ends lower, the top layer's correlation goes to 1; a run
//! resumes to the byte.

use hebb_data::Pairs;
use hebb_engine::settings::Length;
use hebb_spec::backend::Runtime;
use hebb_systems::layered::Rule;
use hebb_systems::linear::Linear;
use hebb_tests::{RUNTIMES, devices};
use libtest_mimic::Trial;

use crate::trained::Setup;

/// The tests.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for tested in RUNTIMES {
        trials.push(tested.trial("linear: a larger ε ends lower", larger_epsilon));
        trials.push(tested.trial("linear: URFB resumes to the byte", |runtime| {
            with(small(Rule::urfb(0.5)), 1, |setup| setup.resumes(runtime, 9, 30))
        }));
    }
    for tested in devices() {
        trials.push(tested.trial("linear: each call beside its twin", |runtime| {
            [Rule::BP, Rule::FRFB, Rule::urfb(0.25)]
                .into_iter()
                .try_for_each(|rule| with(small(rule), 1, |setup| setup.each_call(runtime)))
        }));
    }
    trials
}

/// A small figure 12: T's entries have about its variance.
fn small(rule: Rule) -> Linear {
    Linear { sizes: vec![12, 24, 24, 5], rule, lr: 0.01, start_sd: 0.2, target_sd: 0.4 }
}

fn with<T>(linear: Linear, seed: u64, then: impl FnOnce(Setup<'_>) -> T) -> T {
    let records = Pairs::of_unit_vectors(linear.outputs() as usize, linear.targets(seed));
    then(Setup { system: &linear, records: &records, batch: linear.inputs(), validation: 0 })
}

fn larger_epsilon(runtime: &dyn Runtime) -> Result<(), String> {
    const STEPS: u32 = 160;
    for seed in 1..=3 {
        let mut lowest = f64::INFINITY;
        for epsilon in [0.0, 0.25, 0.5, 1.0] {
            let run =
                with(small(Rule::urfb(epsilon)), seed, |setup| setup.trained(runtime, Length::Steps(STEPS), seed))?;
            let (first, last) = (&run.rows[0], &run.rows[STEPS as usize - 1]);
            let get = |column: &str| last.get(column).ok_or_else(|| format!("no {column}"));
            let (error, top, lower) = (get("error")?, get("corr_3")?, get("corr_1")?.max(get("corr_2")?));
            if !(error < 0.95 * lowest && first.get("error").is_some_and(|first| error < 0.05 * first)) {
                return Err(format!("seed {seed}, ε = {epsilon}: {error} after {STEPS} steps, {lowest} by less"));
            }
            if !(top > 0.75 + 0.2 * f64::from(epsilon) && lower < top) {
                return Err(format!(
                    "seed {seed}, ε = {epsilon}: the top layer's correlation is {top}, a lower one's {lower}"
                ));
            }
            lowest = error;
        }
        let bp = with(small(Rule::BP), seed, |setup| setup.trained(runtime, Length::Steps(STEPS), seed))?;
        let error = |row: usize| bp.rows[row].get("error").unwrap_or(f64::NAN);
        if !(error(STEPS as usize - 1) < 0.05 * error(0)) {
            return Err(format!("seed {seed}: back-propagation comes to {}", error(STEPS as usize - 1)));
        }
    }
    Ok(())
}
