//! The command line on a GPU, a software one too. Without any adapter these tests show as ignored; where CI=true they
//! fail instead.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

#[path = "../support/mod.rs"]
mod support;
mod tuning;

use std::iter;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use support::{fail, run, succeed, text, write_idx};

fn main() {
    let arguments = Arguments::from_args();
    let mut adapters: Vec<Value> = serde_json::from_str(&run(&["devices", "--json"]).stdout).unwrap();
    adapters.retain(|device| device["name"] != "cpu" && device["name"] != "reference");
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let trial = |name: &str, test: fn(&[Value])| {
        let adapters = adapters.clone();
        let ignored = adapters.is_empty() && !in_ci;
        let run = move || -> Result<(), Failed> {
            if adapters.is_empty() {
                return Err("no GPU answers".into());
            }
            test(&adapters);
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(ignored)
    };
    let is_llvmpipe = adapters.iter().any(|adapter| adapter["name"].as_str().is_some_and(|n| n.contains("llvmpipe")));
    let trials = vec![
        trial("a_tensor_past_the_devices_limits_is_named", a_tensor_past_the_devices_limits_is_named),
        trial("a_layer_too_wide_for_llvmpipe_is_refused", a_layer_too_wide_for_llvmpipe_is_refused)
            .with_ignored_flag(!is_llvmpipe),
        trial("every_call_is_within_its_bound", every_call_is_within_its_bound),
        trial("a_device_is_found_by_a_part_of_its_name", a_device_is_found_by_a_part_of_its_name),
        trial("auto_takes_the_processor_before_a_software_device", auto_takes_the_processor_before_a_software_device),
        trial("a_resume_takes_the_recorded_device", a_resume_takes_the_recorded_device),
        trial("a_run_that_is_killed_goes_on_to_the_same_bytes", |_| {
            support::kill::killed_runs_go_on_to_the_same_bytes("gpu", 6);
        }),
    ];
    // A table is measured first, beside what needs none: the tests after these wait for it.
    let [table, others @ ..] = tuning::TRIALS.map(|(name, test)| trial(name, test));
    let trials = iter::once(table).chain(trials).chain(others).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// 3.5 GiB of weights: past what any adapter binds, and refused before anything so large is made.
fn a_tensor_past_the_devices_limits_is_named(_: &[Value]) {
    let sentence = fail(&["verify", "--device", "gpu", "--batch", "1", "--net", "Full 300000; Output"]);
    assert!(sentence.starts_with("tensor '") && sentence.contains("needs 3516 MiB but "), "{sentence}");
    assert!(sentence.ends_with("use a smaller batch or layer, or another device"), "{sentence}");
    // A training asks the plan before it draws the weights, which would take a while and gigabytes.
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 20, 10);
    let (data, out) = (format!("mnist:{}", folder.path().display()), text(&folder.path().join("run")));
    let train = ["train", "--device", "gpu", "--data", &data, "--batch", "1", "--out", &out, "--net"];
    let started = std::time::Instant::now();
    let sentence = fail(&[&train[..], &["Full 300000; Full 3000; Output"]].concat());
    assert!(sentence.starts_with("tensor '") && sentence.contains("needs 3434 MiB but "), "{sentence}");
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

/// The driver would end the loop early and say nothing.
fn a_layer_too_wide_for_llvmpipe_is_refused(_: &[Value]) {
    let wide = ["verify", "--device", "llvmpipe", "--batch", "1", "--input", "2x1x35000", "--net", "Full 4; Output"];
    let sentence = fail(&wide);
    assert!(sentence.starts_with("'layer 1 forward' adds over 70000 units, and llvmpipe"), "{sentence}");
    assert!(sentence.contains("stops after 65535") && sentence.contains("another device"), "{sentence}");
}

fn every_call_is_within_its_bound(_: &[Value]) {
    let small = "Conv 6 3x3; Maxpool 3; Drop .5; Full 20; Drop .3; Output";
    let deep = "Conv 6 3x3; Conv 6 2x2; SUM; Maxpool 2; Drop .5; Conv 5 3x3; Full 20; Output";
    let full = ["--statistics", "full"];
    let mut kinds: Vec<(&str, Vec<&str>)> = vec![(small, vec!["--rule", "bp"])];
    for rule in ["frfb", "urfb", "kp", "usf", "frsf", "brsf", "dfa", "drtp"] {
        let r1: &[&str] = if ["dfa", "drtp"].contains(&rule) { &[] } else { &["--track-r1"] };
        kinds.push((deep, [&["--rule", rule][..], &full, r1].concat()));
    }
    kinds.push((deep, vec!["--untied", "all", "--preset", "paper"]));
    kinds.push((deep, [&["--untied", "2-3", "--connectivity", "0.5", "--track-r1"][..], &full].concat()));
    for (net, options) in kinds {
        let fixed = ["verify", "--net", net, "--input", "3x9x8", "--batch", "10"];
        let text = succeed(&[&fixed[..], &options].concat());
        assert!(text.trim_end().ends_with("calls are within their bounds"), "{options:?}: {text}");
    }
}

fn a_device_is_found_by_a_part_of_its_name(adapters: &[Value]) {
    let name = adapters[0]["name"].as_str().unwrap();
    let part: String = name.to_uppercase().chars().take(8).collect();
    let net = ["verify", "--net", "Output", "--input", "1x3x3", "--batch", "2"];
    assert!(succeed(&[&net[..], &["--device", &part]].concat()).contains(name));
    let sentence = fail(&[&net[..], &["--device", "no such card"]].concat());
    assert!(sentence.contains(name) && sentence.contains("reference"), "{sentence}");
}

fn auto_takes_the_processor_before_a_software_device(adapters: &[Value]) {
    let found = run(&["verify", "--net", "Output", "--input", "1x3x3", "--batch", "2", "--device", "auto"]);
    assert_eq!(found.code, 0, "{}", found.stderr);
    let all_software = adapters.iter().all(|adapter| adapter["software"] == true);
    assert_eq!(found.stderr.contains("no hardware GPU found: using cpu ("), all_software, "{}", found.stderr);
}

fn a_resume_takes_the_recorded_device(adapters: &[Value]) {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 20, 10);
    let (data, out) = (format!("mnist:{}", folder.path().display()), text(&folder.path().join("run")));
    let train = ["train", "--net", "Output", "--batch", "4", "--steps", "2", "--device", "auto", "--data", &data];
    succeed(&[&train[..], &["--out", &out]].concat());
    let record = || std::fs::read_to_string(folder.path().join("run/run.toml")).unwrap();
    let before = record();
    let hardware = adapters.iter().find(|adapter| adapter["software"] == false);
    let taken = hardware.map_or("cpu", |adapter| adapter["name"].as_str().unwrap());
    assert!(before.contains(&format!("device = \"{taken} (")), "{before}");
    let resumed = run(&["train", "--resume", "--steps", "3", "--out", &out]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    let notes = ["no hardware GPU", "the run was on"];
    assert!(!notes.iter().any(|note| resumed.stderr.contains(note)), "{}", resumed.stderr);
    assert_eq!(record(), before.replace("steps = 2", "steps = 3"));
}
