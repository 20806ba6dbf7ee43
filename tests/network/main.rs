//! Whole networks: against fixtures of an independent implementation, the rules' exact invariants, and repetition.

mod fixtures;
mod invariants;
mod random;
mod runner;
mod setup;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if let Err(error) = hebb_tests::gpu() {
        eprintln!("network: no device, only the twins are tested: {error}");
    }
    let mut trials = fixtures::trials();
    trials.extend(invariants::trials());
    trials.extend(random::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
