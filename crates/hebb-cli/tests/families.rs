//! `hebb hebbian`, `hebb linear` and `hebb microcircuit`: their runs go on to the same bytes, and say in one sentence what is wrong.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::path::Path;

use support::{fail, refuse, succeed, text, write_idx};

/// A small run of each kind, on the processor.
const SMALL: [&[&str]; 6] = [
    &["hebbian", "--data", "gaussian:2,1,.5", "--records", "60", "--batch", "10", "--units", "2"],
    &[
        "hebbian",
        "--rule",
        "pair",
        "--compete",
        "softmax",
        "--rectify",
        "--keep-mean",
        "--records",
        "40",
        "--batch",
        "9",
    ],
    &[
        "hebbian",
        "--rule",
        "hebb-decay",
        "--recurrent",
        "--halving",
        "2",
        "--records",
        "50",
        "--batch",
        "9",
        "--no-shuffle",
    ],
    &["linear", "--sizes", "5-7-3", "--epsilon", "0.25"],
    &[
        "microcircuit",
        "--sizes",
        "4-5-3-2",
        "--pattern-steps",
        "20",
        "--patterns",
        "5",
        "--held",
        "2",
        "--teacher",
        "4-3-2",
        "--taught",
        "--input",
        "rates",
        "--lr-up",
        "0.1,0.2,0.3",
        "--lr-down",
        "0.1",
    ],
    &["microcircuit", "--sizes", "3-2-2", "--networks", "3", "--pattern-steps", "9", "--patterns", "4", "--batch", "2"],
];

fn with<'a>(run: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    [run, &["--device", "cpu"], rest].concat()
}

/// The last weights, and the rows without the time that they took.
fn left(run: &Path) -> (Vec<u8>, Vec<String>) {
    let file = fs::read_to_string(run.join("metrics.csv")).unwrap();
    let row =
        |line: &str| line.split(',').enumerate().filter(|(at, _)| *at != 1).map(|(_, f)| format!("{f},")).collect();
    (fs::read(run.join("last.safetensors")).unwrap(), file.lines().map(row).collect())
}

#[test]
fn a_run_goes_on_to_the_same_bytes_and_repeats_from_its_own_file() {
    let folder = tempfile::tempdir().unwrap();
    for (at, run) in SMALL.iter().enumerate() {
        let [whole, parts, again] =
            ["whole", "parts", "again"].map(|name| text(&folder.path().join(format!("{name}{at}"))));
        succeed(&with(run, &["--epochs", "5", "--out", &whole]));
        succeed(&with(run, &["--epochs", "2", "--out", &parts]));
        succeed(&[run[0], "--resume", "--epochs", "5", "--out", &parts]);
        assert_eq!(left(whole.as_ref()), left(parts.as_ref()), "{run:?}");
        succeed(&[run[0], "--config", &text(&Path::new(&whole).join("run.toml")), "--out", &again]);
        assert_eq!(left(whole.as_ref()), left(again.as_ref()), "{run:?}");
        assert_eq!(left(whole.as_ref()).1.len(), 6, "a row an epoch");
        let shown = succeed(&["inspect", &text(&Path::new(&whole).join("last.safetensors"))]);
        assert!(shown.starts_with(&format!("system: {}", run[0])), "{shown}");
        let error =
            fail(&["eval", "--checkpoint", &text(&Path::new(&whole).join("last.safetensors")), "--device", "cpu"]);
        assert!(error.contains(&format!("is of `hebb {}`, which has no classes to evaluate", run[0])), "{error}");
    }
}

#[test]
fn patches_of_images_are_learned_from_wherever_they_lie() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 20, 10);
    let (data, out) = (format!("mnist:{}", folder.path().display()), text(&folder.path().join("run")));
    let run =
        ["hebbian", "--data", &data, "--patch", "5", "--records", "100", "--units", "3", "--whiten", "--batch", "20"];
    succeed(&with(&run, &["--epochs", "1", "--out", &out]));
    let moved = folder.path().join("moved");
    fs::create_dir(&moved).unwrap();
    for entry in fs::read_dir(folder.path()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::rename(entry.path(), moved.join(entry.file_name())).unwrap();
    }
    let place = format!("mnist:{}", moved.display());
    succeed(&["hebbian", "--resume", "--epochs", "2", "--data", &place, "--out", &out]);
    let other = fail(&["hebbian", "--resume", "--epochs", "3", "--data", "shapes", "--out", &out]);
    assert!(other.contains("was trained on records of 1x5x5: name the place of its data with --data"), "{other}");
}

#[test]
fn a_run_is_one_of_its_own_command_settings_and_data() {
    let folder = tempfile::tempdir().unwrap();
    let [space, line] = ["space", "line"].map(|name| text(&folder.path().join(name)));
    succeed(&with(SMALL[0], &["--epochs", "1", "--out", &space]));
    succeed(&with(SMALL[3], &["--epochs", "1", "--out", &line]));
    for (args, wanted) in [
        (
            &["train", "--resume", "--out", &space][..],
            "is one of `hebb hebbian`: continue it with 'hebb hebbian --resume",
        ),
        (&["hebbian", "--resume", "--out", &line], "is one of `hebb linear`: continue it with 'hebb linear --resume"),
        (&["hebbian", "--resume", "--lr", ".2", "--out", &space], "--lr differs from the run's own"),
        (&["hebbian", "--resume", "--records", "61", "--out", &space], "--records differs from the run's own"),
        (&["linear", "--resume", "--seed", "2", "--out", &line], "--seed differs from the run's own"),
        (
            &["hebbian", "--resume", "--epochs", "2", "--data", "gaussian:2,1,.4", "--out", &space],
            "gaussian:2,1,.4 does not hold the data that the run in",
        ),
        (&["hebbian", "--out", &space], "holds a run: continue it with --resume"),
        (&["linear", "--resume", "--out", "nowhere"], "there is no run in nowhere"),
    ] {
        let sentence = fail(args);
        assert!(sentence.contains(wanted), "{args:?}: {sentence}");
    }
    succeed(&["hebbian", "--resume", "--lr", "0.1", "--data", "gaussian:2,1,0.5", "--epochs", "2", "--out", &space]);
    let config = text(&Path::new(&line).join("run.toml"));
    let other = fail(&["hebbian", "--config", &config, "--out", &text(&folder.path().join("x"))]);
    assert!(other.contains("unknown key '"), "{other}");
}

#[test]
fn what_is_wrong_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let out = text(&folder.path().join("run"));
    for (args, wanted) in [
        (
            &["--rule", "oja", "--units", "2"][..],
            "--units = 2: it belongs to rules of several units, but the rule is oja",
        ),
        (&["--gamma", "1"], "--gamma = 1: it belongs to hebb-decay, but the rule is oja-subspace"),
        (
            &["--rule", "hebb", "--sharpness", "2"],
            "--sharpness = 2: it belongs to softmax, but the competition is none",
        ),
        (&["--recurrent"], "--recurrent = true: it belongs to rules of x and y alone"),
        (&["--units", "5"], "--units = 5: the inputs have 4 numbers"),
        (&["--data", "gaussian:1,x"], "'1,x' is no Gaussian: its numbers are no numbers"),
        (&["--data", "gaussian:1,2/3,4"], "'1,2/3,4' is no Gaussian: a covariance is symmetric"),
        (&["--data", "gauss"], "unknown data 'gauss': write one of gaussian:VARIANCES"),
        (&["--data", "shapes", "--patch", "33"], "a patch of 33x33 does not fit into images of 3x32x32"),
        (&["--patch", "3"], "a patch of 3x3 is cut from images, and a Gaussian has none"),
        (&["--records", "50"], "a batch of 100 is more than the 45 training records"),
        (&["--data", "mnist:nowhere"], "there is no folder nowhere"),
        (&["--init", "absent.safetensors"], "there is no file absent.safetensors"),
        (&["--rule", "hebb", "--lr", "5", "--epochs", "100"], "the weights ran away"),
    ] {
        let sentence = fail(&[&["hebbian", "--out", &out, "--device", "cpu"][..], args].concat()[..]);
        assert!(sentence.contains(wanted), "{args:?}: {sentence}");
        fs::remove_dir_all(&out).ok();
    }
    for (args, wanted) in [
        (
            &["--lr-up", "1,2,3"][..],
            "--lr-up = 1.0,2.0,3.0: there are 2 weighted layers: write one number for all, or 2",
        ),
        (&["--taught"], "--taught = true: there are no targets to teach: they come of a teacher"),
        (
            &["--teacher", "30-20-9"],
            "--teacher = 30-20-9: the network goes from 30 to 10 cells, and so must its teacher",
        ),
        (&["--k10", "3"], "--k10 = 3: it belongs to a teacher, but there is none"),
        (&["--lambda-output", "0.2"], "--lambda-output = 0.2: it belongs to two-step dynamics"),
        (&["--data", "mnist"], "continuous dynamics learn patterns, which are drawn, and not mnist: leave --data out"),
        (&["--validation", "5"], "--validation = 5: it belongs to two-step dynamics"),
        (&["--dt", "0.9"], "--dt = 0.9: with conductances of 1.900 in all a step is at most 0.526"),
        (&["--networks", "65536"], "--networks = 65536: with the largest layer that makes 1966080 cells"),
        (&["--patterns", "3", "--batch", "4"], "a batch of 4 is more than the 3 training records"),
        (&["--learner", "bp"], "--learner = bp: it belongs to two-step dynamics"),
        (&["--dynamics", "two-step"], "--sizes = 784-500-500-10: images of 3x32x32 in 10 classes need 3072-…-10"),
        (&["--dynamics", "two-step", "--sigma", "1"], "--sigma = 1: it belongs to continuous dynamics"),
        (&["--dynamics", "two-step", "--patterns", "9"], "--patterns = 9: it belongs to continuous dynamics"),
        (&["--dynamics", "two-step", "--start-ip", "1"], "--start-ip = 1: it belongs to a random start"),
        (&["--dynamics", "two-step", "--theta", "1"], "--theta = 1: it belongs to softplus"),
        (&["--dynamics", "two-step", "--data", "gaussian:1"], "unknown data 'gaussian:1'"),
        (&["--patterns", "9", "--pattern-steps", "100", "--lr-pi", "1e9"], "the weights ran away"),
    ] {
        let sentence = fail(&[&["microcircuit", "--out", &out, "--device", "cpu"][..], args].concat()[..]);
        assert!(sentence.contains(wanted), "{args:?}: {sentence}");
        fs::remove_dir_all(&out).ok();
    }
    for (args, wanted) in [
        (
            &["microcircuit", "--sizes", "3"][..],
            "invalid value '3' for '--sizes <N-N-…>': '3' are no sizes: write the cells",
        ),
        (
            &["microcircuit", "--lr-up", "1,x"],
            "invalid value '1,x' for '--lr-up <F,F,…>': write a number of 0 or more, or one",
        ),
        (&["microcircuit", "--lr-pi", "-1"], "invalid value '-1' for '--lr-pi <F,F,…>': write a number of 0 or more"),
        (
            &["microcircuit", "--self-predicting", "yes"],
            "invalid value 'yes' for '--self-predicting <NAME>': write one of true, false",
        ),
        (&["microcircuit", "--teacher", "3-4"], "invalid value '3-4' for '--teacher <N-N-N>': '3-4' are no sizes"),
        (&["microcircuit", "--transfer", "relu"], "write one of softplus, logistic"),
        (&["hebbian", "--rule", "ojas"][..], "invalid value 'ojas' for '--rule <NAME>': write one of hebb, hebb-decay"),
        (&["hebbian", "--units", "0"], "invalid value '0' for '--units <N>': write a whole number from 1 to 65536"),
        (&["linear", "--sizes", "3"], "invalid value '3' for '--sizes <N-N-…>': '3' are no sizes"),
        (&["linear", "--steps", "3"], "unexpected argument '--steps'"),
        (&["linear", "--rule", "kp"], "invalid value 'kp' for '--rule <NAME>': write one of bp, frfb, urfb"),
    ] {
        let stderr = refuse(&[args, &["--out", &out]].concat());
        assert!(stderr.contains(wanted), "{args:?}: {stderr}");
    }
    let both = fail(&["linear", "--rule", "bp", "--epsilon", "1", "--out", &out]);
    assert!(both.starts_with("--epsilon = 1: it belongs to urfb, but the rule is bp"), "{both}");
    assert!(!Path::new(&out).exists(), "nothing is left behind");
}

#[test]
fn each_call_can_be_verified() {
    for args in [
        &["hebbian", "--rule", "pair", "--units", "3", "--compete", "winner"][..],
        &["hebbian", "--data", "shapes", "--patch", "3", "--records", "50", "--units", "4"],
        &["hebbian", "--rule", "hebb-decay", "--recurrent"],
        &["linear", "--sizes", "6-5-4", "--rule", "bp"],
        &["linear"],
        &["microcircuit", "--teacher", "30-20-10", "--taught", "--lr-up", ".1", "--lr-down", ".1"],
        &["microcircuit", "--networks", "2", "--sizes", "5-4-3-2", "--batch", "3"],
        &["microcircuit", "--dynamics", "two-step", "--sizes", "3072-9-8-10", "--lr-pi", ".1", "--lr-down", ".1"],
        &["microcircuit", "--dynamics", "two-step", "--sizes", "3072-9-10", "--learner", "bp"],
    ] {
        let shown = succeed(&[&["verify"], args, &["--device", "cpu"]].concat());
        assert!(shown.starts_with(args[0]) && shown.contains("calls are within their bounds"), "{shown}");
    }
    assert!(refuse(&["verify", "--net", "Output", "linear"]).contains("cannot be used with"));
}

#[test]
fn a_linear_network_of_images_trains_and_is_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 40, 20);
    let (data, out) = (format!("mnist:{}", folder.path().display()), text(&folder.path().join("run")));
    let options = [
        "--net",
        "Full 6; Output",
        "--activation",
        "identity",
        "--loss",
        "quadratic",
        "--lr",
        "0.001",
        "--batch",
        "10",
    ];
    let run = ["--device", "cpu", "--epochs", "2", "--data", &data, "--out", &out];
    succeed(&[&["train"][..], &options, &run].concat());
    let header = fs::read_to_string(Path::new(&out).join("metrics.csv")).unwrap();
    assert!(!header.contains("saturated"), "{header}");
    let checkpoint = text(&Path::new(&out).join("last.safetensors"));
    let shown = succeed(&["eval", "--checkpoint", &checkpoint, "--data", &data, "--device", "cpu"]);
    assert!(shown.contains("of 20 wrong"), "{shown}");
    assert!(succeed(&["inspect", &checkpoint]).contains("quadratic loss"));
    let idle = fail(&[&["train", "--slope", "1"][..], &options, &["--out", "x"]].concat());
    assert!(idle.starts_with("--slope = 1: it belongs to an activation that clips"), "{idle}");
}

#[test]
fn microcircuits_of_images_train_resume_and_are_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 40, 20);
    let data = format!("mnist:{}", folder.path().display());
    let run =
        ["microcircuit", "--dynamics", "two-step", "--sizes", "784-6-5-10", "--data", &data, "--validation", "10"];
    let [whole, parts, bp] = ["whole", "parts", "bp"].map(|name| text(&folder.path().join(name)));
    succeed(&with(&run, &["--epochs", "3", "--out", &whole]));
    succeed(&with(&run, &["--epochs", "1", "--out", &parts]));
    succeed(&["microcircuit", "--resume", "--epochs", "3", "--out", &parts]);
    assert_eq!(left(whole.as_ref()), left(parts.as_ref()));
    let header = &left(whole.as_ref()).1[0];
    let wanted =
        "epoch,train_loss,train_error,validation_loss,validation_error,apical_1,apical_2,angle_2,angle_3,ip_1,";
    assert!(header.starts_with(wanted), "{header}");
    let last = text(&Path::new(&whole).join("last.safetensors"));
    assert!(succeed(&["inspect", &last]).starts_with("system: microcircuit"));
    let shown = succeed(&["eval", "--checkpoint", &last, "--device", "cpu"]);
    assert!(shown.contains("of 20 wrong"), "{shown}");
    let other = fail(&["eval", "--checkpoint", &last, "--data", "shapes", "--device", "cpu"]);
    assert!(other.contains("does not fit the data: sizes = 784-6-5-10: images of 3x32x32"), "{other}");
    let option = fail(&["eval", "--checkpoint", &last, "--data", &data, "--net", "Output", "--device", "cpu"]);
    assert!(option.starts_with("--net is for a file without metadata of hebb"), "{option}");
    let differs = fail(&["microcircuit", "--resume", "--lambda-inter", ".2", "--out", &whole]);
    assert!(differs.starts_with("--lambda-inter differs from the run's own"), "{differs}");
    succeed(&with(&run, &["--learner", "bp", "--epochs", "1", "--out", &bp]));
    assert!(left(bp.as_ref()).1[0].ends_with("validation_error,step,"), "{}", left(bp.as_ref()).1[0]);
}
