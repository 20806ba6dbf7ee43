//! Whole networks: against fixtures of an independent implementation, the rules' exact invariants, and repetition.

mod fixtures;
mod invariants;
mod processor;
mod random;
mod runner;
mod setup;
mod subspace;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    hebb_tests::announce("network");
    let mut trials = fixtures::trials();
    trials.extend(invariants::trials());
    trials.extend(processor::trials());
    trials.extend(random::trials());
    trials.extend(subspace::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
