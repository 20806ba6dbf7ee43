//! Runs every program of examples/ and holds each to a number. They need a device: without one they show as ignored, and
//! where CI=true they fail.

macro_rules! example {
    ($name:ident, $path:literal) => {
        #[path = $path]
        #[allow(dead_code, reason = "a program's main is not the test's")]
        mod $name;
    };
}

example!(train, "../examples/train.rs");
example!(own_rule, "../examples/own_rule.rs");
example!(own_data, "../examples/own_data.rs");
example!(nudge, "../examples/nudge.rs");
example!(activations, "../examples/activations.rs");

use hebb::Device;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let found = Device::auto().map(|_| ()).map_err(|error| error.to_string());
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let trial = |name: &str, test: fn() -> Result<(), Failed>| {
        let found = found.clone();
        let is_ignored = found.is_err() && !in_ci;
        Trial::test(name, move || found.map_err(Failed::from).and_then(|()| test())).with_ignored_flag(is_ignored)
    };
    let trials = vec![
        trial("a_small_network_learns_shapes", a_small_network_learns_shapes),
        trial("a_rule_of_ones_own_learns", a_rule_of_ones_own_learns),
        trial("data_from_arrays_is_learned", data_from_arrays_is_learned),
        trial("nudged_feedback_aligns", nudged_feedback_aligns),
        trial("activations_come_out_of_every_layer", activations_come_out_of_every_layer),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn hold(holds: bool, found: impl std::fmt::Debug) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(format!("{found:?}").into()) }
}

fn a_small_network_learns_shapes() -> Result<(), Failed> {
    let error = train::run()?;
    // Chance is .9.
    hold(error < 0.6, error)
}

fn a_rule_of_ones_own_learns() -> Result<(), Failed> {
    let errors = own_rule::run()?;
    hold(errors[2].0 == "leaky" && errors[2].1 < 0.7 && errors[1].1 < errors[0].1, errors)
}

fn data_from_arrays_is_learned() -> Result<(), Failed> {
    let error = own_data::run()?;
    // Chance is .5.
    hold(error < 0.1, error)
}

fn nudged_feedback_aligns() -> Result<(), Failed> {
    let (before, after) = nudge::run()?;
    hold(before.abs() < 0.1 && after > 0.6, (before, after))
}

fn activations_come_out_of_every_layer() -> Result<(), Failed> {
    let seen = activations::run()?;
    let names: Vec<(&str, usize)> = seen.iter().map(|(name, units, _)| (name.as_str(), *units)).collect();
    hold(names == [("x0", 3072), ("x1", 8192), ("x1 pooled", 2048), ("x2", 32), ("x3", 10)], &seen)?;
    // With a slope of 2 some units of the first layer are saturated.
    hold(seen.iter().all(|(.., share)| (0.0..=1.0).contains(share)) && seen[1].2 > 0.0, &seen)
}
