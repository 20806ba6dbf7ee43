//! Rules, sparse and untied networks through every command, on the twins.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{fail, run, succeed, write_idx};
use tempfile::TempDir;

const NET: [&str; 2] = ["--net", "Conv 4 3x3; Conv 4 2x2; SUM; Maxpool 3, stride 3; Drop .3; Full 6; Output"];

/// A folder with 28x28 images, and how --data names it.
fn data() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 20, 10);
    let named = format!("mnist:{}", folder.path().display());
    (folder, named)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&succeed(args)).unwrap()
}

/// Trains two steps on the twins.
fn train(data: &str, out: &Path, options: &[&str]) -> support::Run {
    let fixed = ["train", "--device", "cpu", "--data", data, "--batch", "4", "--steps", "2", "--seed", "3"];
    let run = run(&[&fixed[..], &["--out", text(out)], options].concat());
    assert_eq!(run.code, 0, "{options:?}: {}", run.stderr);
    run
}

/// The kinds of networks and rules, as options of NETWORK and RULE, and of `init` beside.
const KINDS: [(&[&str], &[&str], &[&str]); 5] = [
    (&["--untied", "all"], &["--rule", "kp", "--decay", "0.01"], &[]),
    (&["--untied", "1,2", "--untied-start", "independent"], &["--rule", "brsf"], &[]),
    (&["--connectivity", "0.5"], &["--rule", "urfb", "--epsilon", "0.5"], &[]),
    (
        &["--connectivity", "0.5", "--untied", "2"],
        &["--rule", "dfa", "--preset", "paper"],
        &["--rule", "dfa", "--preset", "paper"],
    ),
    (&[], &["--rule", "frsf", "--track-r1", "--statistics", "full"], &["--track-r1"]),
];

#[test]
fn training_is_drawing_and_then_training() {
    let (folder, data) = data();
    for (at, (network, rule, init)) in KINDS.into_iter().enumerate() {
        let [drawn, read, file] = ["drawn", "read", "file"].map(|name| folder.path().join(format!("{name}{at}")));
        train(&data, &drawn, &[&NET[..], network, rule].concat());
        let images = ["--input", "1x28x28", "--seed", "3", "--out", text(&file)];
        succeed(&[&["init"][..], &NET, network, init, &images].concat());
        train(&data, &read, &[&NET[..], network, rule, &["--init", text(&file)]].concat());
        let last = |run: &Path| fs::read(run.join("last.safetensors")).unwrap();
        assert_eq!(last(&drawn), last(&read), "{network:?} {rule:?}");
    }
}

#[test]
fn a_run_of_any_kind_evaluates_inspects_and_resumes() {
    let (folder, data) = data();
    for (at, (network, rule, _)) in KINDS.into_iter().enumerate() {
        let out = folder.path().join(format!("run{at}"));
        train(&data, &out, &[&NET[..], network, rule].concat());
        let last = out.join("last.safetensors");
        let evaluated = succeed(&["eval", "--device", "cpu", "--data", &data, "--checkpoint", text(&last)]);
        assert!(evaluated.contains(" of 10 wrong"), "{evaluated}");
        succeed(&["inspect", text(&last)]);
        let resume = ["train", "--resume", "--steps", "3", "--out", text(&out)];
        succeed(&[&resume[..], network, rule].concat());
        let sentence = fail(&["train", "--resume", "--out", text(&out), "--connectivity", "0.75"]);
        assert!(sentence.starts_with("--connectivity differs from the run's own: "), "{sentence}");
        // A run.toml is a config for another run.
        let again = folder.path().join(format!("again{at}"));
        succeed(&["train", "--config", text(&out.join("run.toml")), "--out", text(&again)]);
        assert_eq!(fs::read(again.join("last.safetensors")).unwrap(), fs::read(&last).unwrap(), "{network:?} {rule:?}");
    }
}

#[test]
fn every_call_of_every_kind_is_within_its_bound() {
    for (network, rule, _) in KINDS {
        let size = ["--device", "cpu", "--input", "2x7x6", "--classes", "3", "--batch", "5", "--steps", "1"];
        let text = succeed(&[&["verify"][..], &size, &NET, network, rule].concat());
        assert!(text.trim_end().ends_with("calls are within their bounds"), "{text}");
    }
}

#[test]
fn a_file_without_metadata_is_evaluated_by_its_options() {
    let (folder, data) = data();
    let out = folder.path().join("run");
    let untied = ["--untied", "all", "--connectivity", "0.5"];
    train(&data, &out, &[&NET[..], &untied].concat());
    let (last, bare) = (out.join("last.safetensors"), folder.path().join("bare.safetensors"));
    fs::write(&bare, without_metadata(&fs::read(&last).unwrap())).unwrap();
    let eval = |file: &Path, options: &[&str]| {
        let fixed = ["eval", "--device", "cpu", "--data", &data, "--json", "--checkpoint", text(file)];
        run(&[&fixed[..], options].concat())
    };
    let told: Value = serde_json::from_str(&eval(&last, &[]).stdout).unwrap();
    let asked: Value = serde_json::from_str(&eval(&bare, &[&NET[..], &untied].concat()).stdout).unwrap();
    assert_eq!((&told["wrong"], &told["loss"]), (&asked["wrong"], &asked["loss"]));
    let tied = eval(&bare, &NET);
    assert!(tied.stderr.contains("W1 in ") && tied.stderr.contains("is of another network"), "{}", tied.stderr);
    assert!(eval(&bare, &[]).stderr.contains("name it with --net (and --untied, "));
}

/// The same tensors with a header that says nothing else.
fn without_metadata(file: &[u8]) -> Vec<u8> {
    with_header(file, |header| assert!(header.as_object_mut().unwrap().remove("__metadata__").is_some()))
}

/// The same tensors with another header.
fn with_header(file: &[u8], change: impl Fn(&mut Value)) -> Vec<u8> {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
    change(&mut header);
    let header = serde_json::to_vec(&header).unwrap();
    [&(header.len() as u64).to_le_bytes()[..], &header, &file[8 + length..]].concat()
}

#[test]
fn metadata_out_of_range_are_refused() {
    let (folder, data) = data();
    let out = folder.path().join("run");
    train(&data, &out, &["--net", "Output"]);
    let (whole, spoilt) = (fs::read(out.join("last.safetensors")).unwrap(), folder.path().join("spoilt.safetensors"));
    let about = format!("the hebb metadata of {} ", text(&spoilt));
    for (key, value, wanted) in [
        ("slope", Value::from(-1.0), "are of no system of this version: slope = -1.0: write a number above 0"),
        ("mu", "x".into(), "are of no system of this version: mu = x: write a number of 0 or more"),
        ("loss", "l2".into(), "are of no system of this version: loss = l2: "),
        ("net", "Outptu".into(), "are of no system of this version: net: unknown network 'Outptu': known are "),
        ("classes", 0.into(), "are of no system of this version: classes = 0: write a whole number from "),
        ("input", "28x28".into(), "are of no system of this version: input = 28x28: '28x28' is not a shape"),
        ("rule", Value::Null, "are of no system of this version: "),
        ("pool_ties", "none".into(), "are of no system of this version: it has pool_ties 'none', which this version"),
        ("seed", Value::Null, "do not read (missing field `seed`"),
    ] {
        let change = |header: &mut Value| {
            let hebb = &mut header["__metadata__"]["hebb"];
            let mut metadata: Value = serde_json::from_str(hebb.as_str().unwrap()).unwrap();
            match &value {
                Value::Null => drop(metadata.as_object_mut().unwrap().remove(key)),
                value => metadata[key] = value.clone(),
            }
            *hebb = metadata.to_string().into();
        };
        fs::write(&spoilt, with_header(&whole, change)).unwrap();
        let sentence = fail(&["eval", "--device", "nosuch", "--data", &data, "--checkpoint", text(&spoilt)]);
        assert!(sentence.starts_with(&format!("{about}{wanted}")), "{key}: {sentence}");
    }
}

#[test]
fn init_says_what_it_drew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.safetensors");
    let init = |options: &[&str]| {
        let net = ["init", "--net", "Conv 4 3x3; Output", "--input", "1x4x4", "--classes", "3"];
        let line = succeed(&[&net[..], &["--overwrite", "--out", text(&file)], options].concat());
        line.trim_end().split_once(": ").unwrap().1.to_owned()
    };
    assert_eq!(init(&[]), "W1, W2, R2 with 420 numbers");
    assert_eq!(init(&["--rule", "bp"]), "W1, W2 with 228 numbers");
    assert_eq!(init(&["--rule", "dfa"]), "W1, B1, W2 with 420 numbers");
    assert_eq!(init(&["--track-r1", "--connectivity", ".5"]), "W1, R1, W1.mask, R1.mask, W2, R2 with 528 numbers");

    init(&["--untied", "all", "--connectivity", "0.5", "--preset", "paper"]);
    let shown = json(&["inspect", text(&file), "--json"]);
    let names: Vec<&str> =
        shown["tensors"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["W1", "W1.mask", "W2", "R2", "W2.mask", "R2.mask"]);
    let mask = &shown["tensors"][1];
    assert_eq!((&mask["dtype"], &mask["untied"], &mask["norm"]), (&"U8".into(), &true.into(), &Value::Null));
    // 4 channels of 100 taps that lie in the image, half of them there.
    let share = mask["density"].as_f64().unwrap();
    assert!((share - 0.5).abs() < 0.1 && (share * 400.0).fract().abs() < 1e-9, "{share}");
    assert_eq!((&shown["metadata"]["untied"], &shown["metadata"]["connectivity"]), (&"1".into(), &0.5.into()));
    let layer = &shown["layers"][0];
    assert_eq!((&layer["layer"], &layer["w_norm"]), (&2.into(), &shown["tensors"][2]["norm"]));
    let about = succeed(&["inspect", text(&file)]);
    assert!(about.contains("untied: 1, connectivity 0.5") && about.contains("4x4x4x1x3x3 (untied)"), "{about}");
}

#[test]
fn a_plan_marks_untied_and_masked_calls() {
    let options = ["--connectivity", ".5", "--untied", "2", "--rule", "kp", "--input", "3x8x8", "--batch", "5"];
    let plan = json(&[&["plan", "--json"], &NET[..], &options].concat());
    assert_eq!((&plan["untied"], &plan["sparse"]), (&vec![2].into(), &vec![1, 2, 3].into()));
    let number = |key: &str| plan[key].as_f64().unwrap() as f32;
    assert_eq!((number("connectivity"), number("decay"), &plan["epsilon"]), (0.5, 0.001, &Value::Null));
    let call = |name: &str| {
        let rows = plan["train"].as_array().unwrap().iter();
        rows.filter(|row| row["call"] == name).map(|row| row["shape"].as_str().unwrap().to_owned()).next().unwrap()
    };
    assert_eq!(call("layer 2 forward"), "4x8x8 -> 4x8x8, 2x2, untied");
    assert_eq!(call("layer 2 update"), "4x8x8 * 4x8x8, 2x2, untied, masked");
    assert!(call("layer 1 update").ends_with(", masked") && !call("layer 4 update").contains("masked"));
    assert_eq!(call("sum forward"), "256 units");
    let text = succeed(&[&["plan"], &NET[..], &options].concat());
    assert!(text.contains(" (0.5 of those in layer 1, 2, 3 are there); kp (decay = 0.001), "), "{text}");
}

#[test]
fn the_two_commands_of_the_untied_protocol_run() {
    let (folder, data) = data();
    let (tied, untied) = (folder.path().join("tied"), folder.path().join("untied"));
    train(&data, &tied, &NET);
    let last = tied.join("last.safetensors");
    let second = ["--init", text(&last), "--init-layers", "1", "--freeze", "1", "--untied", "2"];
    let ran = train(&data, &untied, &[&NET[..], &second].concat());
    assert!(!ran.stderr.contains("ignored"), "{}", ran.stderr);
    let shown = json(&["inspect", text(&untied.join("last.safetensors")), "--json"]);
    assert_eq!(shown["metadata"]["untied"], "2");
    let header = fs::read_to_string(untied.join("metrics.csv")).unwrap();
    assert!(header.contains(",corr_2,corr_3,corr_4,angle_2,"), "{header}");
    let settings = fs::read_to_string(untied.join("run.toml")).unwrap();
    for line in ["untied = \"2\"", "freeze = \"1\"", "init-layers = \"1\""] {
        assert!(settings.lines().any(|other| other == line), "no {line} in {settings}");
    }
    assert!(settings.starts_with("net = \"Conv 4 3x3; Conv 4 2x2; SUM; "), "{settings}");
}
