//! Learning rates past all reason.

use std::fs;

use super::data;
use super::support::{run, text};

#[test]
fn weights_that_run_away_end_the_run_and_no_false_number_is_kept() {
    let (folder, named) = data();
    let ends = |run: &super::support::Run| {
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{}", run.stderr);
        run.stderr.lines().last().unwrap().to_owned()
    };
    for rule in ["bp", "urfb", "frfb", "brsf", "usf", "kp", "dfa"] {
        for net in ["Conv 4 3x3; Maxpool 3; Full 10; Output", "Output"] {
            let out = folder.path().join("run");
            let train = ["train", "--device", "cpu", "--data", &named, "--rule", rule, "--net", net, "--lr", "1e30"];
            let rest = ["--batch", "4", "--epochs", "2", "--out", &text(&out), "--overwrite"];
            let said = ends(&run(&[&train[..], &rest].concat()));
            let remedy = ": the weights ran away, start again (--overwrite) with a lower --lr, or a lower --mu where it was \
                          given";
            assert!(
                said.starts_with("hebb: the loss of step 2 (epoch 1) is ") && said.ends_with(remedy),
                "{rule}: {said}"
            );
            assert!(!out.join("metrics.csv").exists() && !out.join("last.safetensors").exists());
            // A resume starts again from the start, and comes to the same end.
            assert_eq!(ends(&run(&["train", "--resume", "--out", &text(&out)])), said);
            assert!(!out.join("metrics.csv").exists());
        }
    }
    // Weights that no loss shows: a hidden layer's, which saturates its units.
    let out = folder.path().join("hidden");
    let train = ["train", "--device", "cpu", "--data", &named, "--net", "Full 5; Output", "--lr", "1e30"];
    let rest = ["--freeze", "2", "--batch", "4", "--epochs", "2", "--out", &text(&out)];
    let said = ends(&run(&[&train[..], &rest].concat()));
    assert!(
        said.starts_with("hebb: a number of W1 is ") && said.contains(" after step 4: the weights ran away"),
        "{said}"
    );
    assert!(!out.join("metrics.csv").exists());
    assert!(fs::read_to_string(out.join("run.toml")).is_ok());
}
