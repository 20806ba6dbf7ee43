//! Notations of very many layers.

use std::time::{Duration, Instant};

use super::data;
use super::support::{succeed, text};

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

#[test]
fn a_training_of_many_layers_takes_no_square_of_their_number() {
    let (folder, named) = data();
    let (net, out) = (format!("{}Output", "Full 4; ".repeat(6_000)), text(&folder.path().join("run")));
    let started = Instant::now();
    let train = ["train", "--device", "cpu", "--data", &named, "--net", &net, "--batch", "2", "--steps", "1"];
    succeed(&[&train[..], &["--out", &out]].concat());
    // It took 40 s and more to look through all calls for each layer's readouts.
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}
