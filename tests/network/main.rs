//! Whole networks: against fixtures of an independent implementation, the rules' exact invariants, and repetition.

mod fixtures;
mod hebbian;
mod invariants;
mod linear;
mod microcircuit;
mod processor;
mod random;
mod repeats;
mod runner;
mod setup;
mod systems;
mod trained;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    hebb_tests::announce("network");
    let mut trials = fixtures::trials();
    trials.extend(invariants::trials());
    trials.extend(processor::trials());
    trials.extend(random::trials());
    trials.extend(repeats::trials());
    trials.extend(hebbian::trials());
    trials.extend(linear::trials());
    trials.extend(microcircuit::trials());
    trials.extend(systems::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
