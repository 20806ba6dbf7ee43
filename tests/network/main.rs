//! Whole networks: against fixtures of an independent implementation, the rules' exact invariants, and repetition.

mod fixtures;
mod invariants;
mod runner;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if let Err(error) = hebb_tests::gpu() {
        eprintln!("network: no device, only the twins are tested: {error}");
    }
    let mut trials = fixtures::trials();
    trials.extend(invariants::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
