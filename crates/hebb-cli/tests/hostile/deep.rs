//! Notations of very many layers.

use std::time::{Duration, Instant};

use super::support::succeed;

/// A plan's JSON, and how long it took.
fn plan(item: &str, count: usize) -> (usize, Duration) {
    let net = format!("{}Output", format!("{item}; ").repeat(count));
    let started = Instant::now();
    let json = succeed(&["plan", "--json", "--net", &net, "--input", "1x2x2", "--classes", "2", "--batch", "1"]);
    (json.len(), started.elapsed())
}

#[test]
fn a_plan_grows_with_its_layers_not_with_their_square() {
    for (item, count) in [("Drop .5", 10_000), ("Full 4", 10_000), ("Maxpool 1; Drop .5", 5_000)] {
        let ((small, _), (large, took)) = (plan(item, count / 4), plan(item, count));
        assert!(large < 5 * small, "{item}: {small} bytes of plan become {large}");
        // The square of the layers took half a minute and more.
        assert!(took < Duration::from_secs(10), "{item}: {took:?}");
    }
}
