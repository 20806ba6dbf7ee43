//! Runs every program of examples/ and holds each to a number. They need a device; without one they run on the twins only
//! where that is asked for, and where CI=true no device is a failure.

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

/// Whether there is a device; says so where there is none.
fn has_device() -> bool {
    let found = Device::auto();
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    if let Err(error) = &found {
        assert!(!in_ci, "{error}");
        eprintln!("skipped: {error}");
    }
    found.is_ok()
}

#[test]
fn a_small_network_learns_shapes() {
    if has_device() {
        let error = train::run().unwrap();
        assert!(error < 0.6, "chance is .9, this is {error}");
    }
}

#[test]
fn a_rule_of_ones_own_learns() {
    if has_device() {
        let errors = own_rule::run().unwrap();
        assert_eq!(errors[2].0, "leaky");
        assert!(errors[2].1 < 0.7 && errors[1].1 < errors[0].1, "{errors:?}");
    }
}

#[test]
fn data_from_arrays_is_learned() {
    if has_device() {
        let error = own_data::run().unwrap();
        assert!(error < 0.1, "chance is .5, this is {error}");
    }
}

#[test]
fn nudged_feedback_aligns() {
    if has_device() {
        let (before, after) = nudge::run().unwrap();
        assert!(before.abs() < 0.1 && after > 0.6, "{before} {after}");
    }
}

#[test]
fn activations_come_out_of_every_layer() {
    if has_device() {
        let seen = activations::run().unwrap();
        let names: Vec<(&str, usize)> = seen.iter().map(|(name, units, _)| (name.as_str(), *units)).collect();
        assert_eq!(names, [("x0", 3072), ("x1", 8192), ("x1 pooled", 2048), ("x2", 32), ("x3", 10)]);
        assert!(seen.iter().all(|(.., share)| (0.0..=1.0).contains(share)), "{seen:?}");
        assert!(seen[1].2 > 0.0, "with a slope of 2 some units of the first layer are saturated: {seen:?}");
    }
}
