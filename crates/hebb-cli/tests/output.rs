//! What the commands print, for people and as JSON.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::io::Read;
use std::process::Stdio;

use serde_json::Value;
use support::{hebb, run, succeed, text, write_idx};

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&succeed(args)).unwrap()
}

#[test]
fn every_command_has_help() {
    // The commands that print a table print it as JSON, too.
    for command in [
        "train",
        "eval",
        "verify",
        "plan",
        "init",
        "inspect",
        "devices",
        "nets",
        "data list",
        "data info",
        "data fetch",
        "data preview",
    ] {
        let args: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = succeed(&args);
        assert!(help.contains(&format!("Usage: hebb {command}")), "{command}");
        let has_table = !["init", "data fetch", "data preview"].contains(&command);
        assert_eq!(help.contains("--json"), has_table, "{command}");
    }
    assert!(succeed(&["--version"]).starts_with("hebb "));
}

#[test]
fn train_help_names_every_default() {
    let help = succeed(&["train", "--help"]);
    for (option, default) in [
        ("--net", "simpnet"),
        ("--untied", "none"),
        ("--untied-start", "tied under as-run, independent under paper"),
        ("--connectivity", "1"),
        ("--decay", "0.001"),
        ("--statistics", "basic"),
        ("--rule", "urfb"),
        ("--epsilon", "1"),
        ("--loss", "hinge"),
        ("--mu", "1/(classes − 1)"),
        ("--slope", "0.5"),
        ("--lr", "0.1"),
        ("--preset", "as-run"),
        ("--data", "shapes"),
        ("--validation", "5000"),
        ("--epochs", "10"),
        ("--batch", "500"),
        ("--seed", "1"),
        ("--device", "auto"),
    ] {
        let (_, rest) = help.split_once(&format!("      {option} <")).unwrap_or_else(|| panic!("no {option}"));
        // The terminal's width breaks lines anywhere.
        let own = rest.split("\n      --").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(own.contains(&format!("[default: {default}")), "{option}: {own}");
    }
}

#[test]
fn plan_counts_the_step() {
    let plan = json(&["plan", "--batch", "20", "--json"]);
    assert_eq!(plan["net"], "Conv 32 5x5; Maxpool 3; Drop 0.8; Full 500; Drop 0.3; Output");
    assert_eq!((plan["weights"].as_u64(), plan["batch"].as_u64()), (Some(4_103_400), Some(20)));
    assert_eq!(plan["epsilon"], 1.0);
    let sum = |list: &str, key: &str| plan[list].as_array().unwrap().iter().map(|row| row[key].as_u64().unwrap()).sum();
    assert_eq!(plan["step"]["flops"].as_u64(), Some(sum("train", "flops")));
    assert_eq!(plan["step"]["bytes"].as_u64(), Some(sum("train", "bytes")));
    assert_eq!(plan["step"]["calls"].as_u64(), Some(plan["train"].as_array().unwrap().len() as u64));
    assert_eq!(plan["peak_bytes"].as_u64(), Some(sum("buffers", "bytes")));
    assert!(plan["buffers"].as_array().unwrap().iter().all(|buffer| !buffer["tensors"].as_array().unwrap().is_empty()));
    let forward = &plan["train"][1];
    assert_eq!(
        (forward["call"].as_str(), forward["kernel"].as_str()),
        (Some("layer 1 forward"), Some("connect_forward"))
    );
    assert_eq!(forward["shape"], "3x32x32 -> 32x32x32, 5x5");
    assert_eq!(forward["flops"], 2 * 2_276_736 * 20);

    let text = succeed(&["plan", "--net", "Output", "--rule", "bp", "--input", "1x2x2", "--classes", "3"]);
    for part in
        ["Output\n1x2x2 images, 3 classes, 12 weights; bp, hinge loss, as-run; batch 500\n\n", "peak", "layer 1 update"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("pair_statistics"), "bp has no R to compare");
}

#[test]
fn nets_are_listed_with_shapes_and_weights() {
    let nets = json(&["nets", "--json"]);
    let simpnet = &nets[0];
    assert_eq!((simpnet["name"].as_str(), simpnet["weights"].as_u64()), (Some("simpnet"), Some(4_103_400)));
    assert_eq!(simpnet["items"][0]["output"], "32x32x32");
    assert_eq!((simpnet["items"][0]["layer"].as_u64(), simpnet["items"][1]["layer"].as_u64()), (Some(1), None));
    let weights = |name: &str| {
        let net = nets.as_array().unwrap().iter().find(|net| net["name"] == name).unwrap();
        (net["layers"].as_u64().unwrap(), net["weights"].as_u64().unwrap())
    };
    // By hand, layer by layer: 10 classes, images of 3x32x32.
    let deepnet = 2_400 + 4 * 9_216 + 500 * 32 * 4 * 4 + 5_000;
    let deepernet = 432 + 2_304 + 4_608 + 9_216 + 18_432 + 36_864 + 73_728 + 147_456 + 500 * 128 * 4 * 4 + 5_000;
    let deepnet_s = 432 + 2_304 + 9_216 + 36_864 + 2 * 16_384 + 500 * 64 * 3 * 3 + 5_000;
    assert_eq!(weights("deepnet"), (7, deepnet));
    assert_eq!(weights("deepernet"), (10, deepernet));
    assert_eq!(weights("deepnet_s"), (8, deepnet_s));
    let text = succeed(&["nets"]);
    for part in ["simpnet: Conv 32 5x5; Maxpool 3;", "deepnet: ", "deepernet: ", "deepnet_s: ", "4,103,400", "SUM"] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn devices_are_listed_and_it_is_an_error_if_there_are_none() {
    let (list, table) = (run(&["devices", "--json"]), run(&["devices"]));
    let devices: Vec<Value> = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!((list.code, table.code), if devices.len() == 1 { (1, 1) } else { (0, 0) });
    // What always exists comes last.
    let twins = devices.last().unwrap();
    assert_eq!((&twins["name"], &twins["software"]), (&"reference".into(), &true.into()));
    assert!(table.stdout.contains("\nreference "), "{}", table.stdout);
}

#[test]
fn verify_measures_every_call() {
    let args = ["verify", "--device", "cpu", "--net", "Conv 4 3x3; Maxpool 3; Drop .5; Output", "--input", "3x8x7"];
    let text = succeed(&args);
    assert!(text.contains("train          1  connect_update"), "{text}");
    assert!(text.trim_end().ends_with("calls are within their bounds"), "{text}");
    assert!(!text.contains("FAIL"));

    let report = json(&[&args[..], &["--steps", "1", "--batch", "5", "--json"]].concat());
    assert_eq!((report["failed"].as_u64(), report["batch"].as_u64()), (Some(0), Some(5)));
    let calls = report["calls"].as_array().unwrap();
    assert!(calls.iter().all(|call| call["ok"] == true && call["ratio"].as_f64().unwrap() <= 1.0));
    for list in ["train", "evaluate", "statistics"] {
        assert!(calls.iter().any(|call| call["list"] == list), "{list}");
    }
}

#[test]
fn every_table_is_there_as_json() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 40, 10);
    let (data, out) = (format!("mnist:{}", folder.path().display()), text(&folder.path().join("run")));
    let train = ["train", "--device", "cpu", "--net", "Output", "--batch", "12", "--data", &data, "--out", &out];
    let whole = json(&[&train[..], &["--epochs", "2", "--json"]].concat());
    assert_eq!((whole["epochs"].as_u64(), whole["steps"].as_u64()), (Some(2), Some(6)));
    assert_eq!(
        (&whole["run"], &whole["last"]),
        (&Value::from(out.as_str()), &format!("{out}/last.safetensors").into())
    );
    assert_eq!(whole["lowest_at"].as_str().unwrap().split(' ').next(), Some("epoch"));
    for number in ["train_loss", "train_error", "validation_loss", "validation_error", "lowest_validation_error"] {
        assert!(whole[number].as_f64().is_some_and(|number| number >= 0.0), "{number}: {whole}");
    }
    let again = json(&["train", "--resume", "--out", &out, "--json"]);
    assert_eq!((again["steps"].as_u64(), &again["train_loss"]), (Some(6), &Value::Null), "nothing was left to do");
    assert_eq!(again["lowest_validation_error"], whole["lowest_validation_error"]);
    let table = succeed(&[&train[..], &["--epochs", "2", "--overwrite"]].concat());
    assert!(table.contains("lowest validation error  ") && table.contains(" (epoch "), "{table}");

    let last = format!("{out}/last.safetensors");
    let eval = ["eval", "--device", "cpu", "--data", &data, "--checkpoint", &last];
    let evaluated = json(&[&eval[..], &["--json"]].concat());
    let (wrong, images) = (evaluated["wrong"].as_u64().unwrap(), evaluated["images"].as_u64().unwrap());
    assert_eq!((images, evaluated["confusion"].as_array().unwrap().len()), (10, 10));
    let counts = |at: usize| evaluated["confusion"][at].as_array().unwrap().iter().map(|count| count.as_u64().unwrap());
    assert_eq!((0..10).flat_map(counts).sum::<u64>(), images);
    let right: u64 = (0..10).map(|class| counts(class).nth(class).unwrap()).sum();
    assert_eq!(right, images - wrong);
    assert!(succeed(&eval).starts_with(&format!("{wrong} of 10 wrong\n")));

    let inspected = json(&["inspect", &last, "--json"]);
    assert_eq!((&inspected["metadata"]["net"], &inspected["tensors"][0]["name"]), (&"Output".into(), &"W1".into()));
    let info = json(&["data", "info", &data, "--json"]);
    assert_eq!((info["train"].as_u64(), info["classes"].as_array().unwrap().len()), (Some(40), 10));
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let mut child = hebb(&["nets"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn data_sets_are_listed() {
    let list = json(&["data", "list", "--json"]);
    assert!(list.as_array().unwrap().iter().any(|row| row["data"] == "shapes[:SEED]"), "{list}");
    assert!(succeed(&["data", "list"]).contains("cifar10[:DIR]"));
    assert_eq!(run(&["data"]).code, 2, "data alone shows its help");
}
