//! Bad input: one clear sentence each, the right exit code, nothing changed and nothing lost. No GPU needed.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::path::Path;

use support::{fail, refuse, succeed, text, write_idx};
use tempfile::TempDir;

/// A folder with a small idx set, and how --data names it.
fn small_data(train: u32) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), train, 10);
    let text = format!("mnist:{}", folder.path().display());
    (folder, text)
}

#[test]
fn a_wrong_notation_names_the_item_and_its_place() {
    let sentence = "--net: item 2 'Maxpol 3' (column 14): unknown item: known are Conv, Local, SUM, Maxpool, Drop, Full and Output; did you mean Maxpool?";
    let net = "Conv 32 5x5; Maxpol 3; Output";
    let folder = tempfile::tempdir().unwrap();
    let (file, run) = (text(&folder.path().join("x.safetensors")), text(&folder.path().join("run")));
    assert_eq!(fail(&["plan", "--net", net]), sentence);
    assert_eq!(fail(&["verify", "--device", "reference", "--net", net]), sentence);
    assert_eq!(fail(&["init", "--net", net, "--out", &file]), sentence);
    assert_eq!(fail(&["train", "--device", "reference", "--net", net, "--out", &run]), sentence);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");

    assert_eq!(
        fail(&["plan", "--net", "Full 10; Conv 3 3x3; Output"]),
        "--net: item 2 'Conv 3 3x3' (column 10): it needs an image, but stands after a full layer: move it before"
    );
    assert_eq!(
        fail(&["plan", "--net", "Full 10"]),
        "--net: item 1 'Full 10' (column 1): a network ends with 'Output': add it"
    );
    let known = "--net: unknown network 'simpelnet': known are simpnet, deepnet";
    assert!(fail(&["plan", "--net", "simpelnet"]).starts_with(known));
    // Before any data is read.
    let train = ["train", "--out", "x", "--net", "simpelnet", "--data", "cifar10:nowhere", "--device", "reference"];
    assert!(fail(&train).starts_with("--net: unknown network 'simpelnet'"));
}

#[test]
fn unknown_rules_losses_and_presets_are_refused_with_the_known_ones() {
    for (option, known) in [
        ("--rule", "bp, frfb, urfb, kp, usf, frsf, brsf, dfa, drtp"),
        ("--loss", "hinge, softmax"),
        ("--preset", "as-run, paper"),
    ] {
        let stderr = refuse(&["train", "--out", "x", option, "nonsense"]);
        assert!(stderr.contains(&format!("invalid value 'nonsense' for '{option} <NAME>'")), "{stderr}");
        assert!(stderr.contains(&format!("write one of {known}")), "{stderr}");
    }
    assert_eq!(
        fail(&["plan", "--rule", "frfb", "--epsilon", "0.5"]),
        "--epsilon = 0.5: it belongs to urfb, but the rule is frfb: leave one of them out"
    );
    assert_eq!(
        fail(&["verify", "--rule", "urfb", "--decay", "0.5", "--device", "reference"]),
        "--decay = 0.5: it belongs to kp, but the rule is urfb: leave one of them out"
    );
}

#[test]
fn numbers_outside_their_range_are_refused() {
    for (option, value, says) in [
        ("--epsilon", "1.5", "write a number from 0 to 1"),
        ("--decay", "1", "write a number from 0 up to but not 1"),
        ("--decay", "-0.1", "write a number from 0 up to but not 1"),
        ("--connectivity", "0", "write a number above 0, and at most 1"),
        ("--connectivity", "1.01", "write a number above 0, and at most 1"),
        ("--untied", "some", "it is neither all nor none nor a list of layers: count them from 1"),
        ("--untied-start", "free", "write one of tied, independent"),
        ("--statistics", "all", "write one of basic, full"),
        ("--lr", "-1", "write a number of 0 or more"),
        ("--lr", "inf", "write a number of 0 or more"),
        ("--mu", "NaN", "write a number of 0 or more"),
        ("--slope", "0", "write a number above 0"),
        ("--batch", "0", "write a whole number from 1 to 1048576"),
        ("--batch", "1048577", "write a whole number from 1 to 1048576"),
        ("--epochs", "0", "write a whole number from 1 to 4294967295"),
        ("--steps", "x", "write a whole number from 1 to 4294967295"),
        ("--seed", "-1", "write a whole number of 0 or more"),
        ("--validation", "1.5", "write a whole number from 0"),
        ("--freeze", "3-2", "'3-2' is no list of layers: count them from 1, as in 1 or 2,3 or 2-5"),
        ("--init-layers", "0", "'0' is no list of layers"),
        ("--device", "", "write auto, gpu, cpu, reference or a part of an adapter's name"),
    ] {
        let stderr = refuse(&["train", "--out", "x", &format!("{option}={value}")]);
        assert!(stderr.contains(says), "{option} {value}: {stderr}");
    }
    // As clap words it, and with a near name where there is one.
    let stderr = refuse(&["train", "--out", "x", "--lr", "-1"]);
    assert!(stderr.contains("invalid value '-1' for '--lr <F>': write a number of 0 or more"), "{stderr}");
    assert!(refuse(&["plan", "--loss", "softmx"]).contains("did you mean softmax?"));
    let stderr = refuse(&["plan", "--input", "32x32"]);
    assert!(stderr.contains("'32x32' is not a shape: write channels x rows x columns"), "{stderr}");
    assert!(refuse(&["plan", "--classes", "1"]).contains("1 is not in 2..=65536"));
    assert!(refuse(&["train", "--out", "x", "--init-layers", "1"]).contains("--init-layers needs --init FILE"));
    assert!(refuse(&["train"]).contains("--out <RUN>"));
    assert!(refuse(&["train", "--out", "x", "--epochs", "1", "--steps", "1"]).contains("cannot be used with"));
}

#[test]
fn layers_that_the_network_lacks_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (data, named) = small_data(20);
    let train = ["train", "--device", "reference", "--data", &named, "--net", "Full 5; Output"];
    let run = text(&folder.path().join("run"));
    assert_eq!(
        fail(&[&train[..], &["--out", &run, "--freeze", "2-3"]].concat()),
        "--freeze: there is no layer 3: the network has 2 weighted layers, counted from 1"
    );
    let file = text(&folder.path().join("start.safetensors"));
    succeed(&["init", "--net", "Full 5; Output", "--input", "1x28x28", "--out", &file]);
    assert_eq!(
        fail(&[&train[..], &["--out", &run, "--init", &file, "--init-layers", "4"]].concat()),
        "--init-layers: there is no layer 4: the network has 2 weighted layers, counted from 1"
    );
    assert!(!Path::new(&run).exists());
    drop(data);
}

#[test]
fn layers_that_cannot_be_untied_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = text(&folder.path().join("x.safetensors"));
    let net = ["--net", "Conv 4 3x3; Full 5; Output", "--input", "1x4x4"];
    let full = "--untied: layer 2 is 'Full 5', which has no places to untie: name convolutions only, or 'all'";
    let absent = "--untied: there is no layer 4: the network has 3 weighted layers, counted from 1";
    for (layers, sentence) in [("1-2", full), ("1,4", absent)] {
        let untied = [&net[..], &["--untied", layers]].concat();
        assert_eq!(fail(&[&["plan"], &untied[..]].concat()), sentence);
        assert_eq!(fail(&[&["verify", "--device", "reference"], &untied[..]].concat()), sentence);
        assert_eq!(fail(&[&["init", "--out", &out], &untied[..]].concat()), sentence);
    }
    assert!(!Path::new(&out).exists());
}

#[test]
fn what_needs_r_is_refused_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let (out, run) = (text(&folder.path().join("x.safetensors")), text(&folder.path().join("run")));
    for rule in ["bp", "dfa", "drtp"] {
        let rest = format!("needs feedback weights R, but the rule is {rule}: leave one of them out");
        let r1 = format!("--track-r1 {rest}");
        let (_data, named) = small_data(20);
        let train = ["train", "--device", "reference", "--data", &named, "--out", &run, "--track-r1", "--rule", rule];
        assert_eq!(fail(&train), r1);
        assert_eq!(fail(&["plan", "--track-r1", "--rule", rule]), r1);
        let init = ["init", "--out", &out, "--rule", rule];
        assert_eq!(fail(&[&init[..], &["--track-r1"]].concat()), r1);
        assert_eq!(fail(&[&init[..], &["--r-start", "equal"]].concat()), format!("--r-start equal {rest}"));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn data_that_is_not_there_is_named() {
    assert!(fail(&["data", "info", "cifar11"]).starts_with("unknown data 'cifar11': write one of shapes[:SEED], "));
    assert!(fail(&["plan", "--data", "nonsense"]).starts_with("unknown data 'nonsense': "));
    assert!(fail(&["data", "info", "shapes:x"]).starts_with("'x' is no seed for shapes: "));
    assert_eq!(
        fail(&["data", "info", "cifar10:/no/such"]),
        "there is no folder /no/such: pass the folder that has the data's files"
    );
    let folder = tempfile::tempdir().unwrap();
    let named = format!("mnist:{}", folder.path().display());
    let sentence =
        fail(&["train", "--device", "reference", "--data", &named, "--out", &text(&folder.path().join("run"))]);
    assert_eq!(
        sentence,
        format!(
            "there is no train-images-idx3-ubyte or train-images-idx3-ubyte.gz in {}: pass the folder that the archive \
             unpacks to",
            folder.path().display()
        )
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}

#[test]
fn damaged_data_files_are_named() {
    let (folder, named) = small_data(20);
    let images = folder.path().join("train-images-idx3-ubyte");
    let whole = fs::read(&images).unwrap();
    fs::write(&images, &whole[..whole.len() - 100]).unwrap();
    let sentence = fail(&["data", "info", &named]);
    assert!(sentence.starts_with(&text(&images)) && sentence.contains(&whole.len().to_string()), "{sentence}");
    assert!(sentence.contains(&(whole.len() - 100).to_string()), "{sentence}");

    fs::write(&images, [&whole[..], &[0]].concat()).unwrap();
    let sentence = fail(&["data", "info", &named]);
    assert!(sentence.contains(&(whole.len() + 1).to_string()), "{sentence}");

    fs::write(&images, &whole).unwrap();
    let labels = folder.path().join("train-labels-idx1-ubyte");
    let mut bytes = fs::read(&labels).unwrap();
    bytes[8 + 3] = 10;
    fs::write(&labels, &bytes).unwrap();
    let sentence = fail(&["data", "info", &named]);
    assert!(sentence.starts_with(&format!("record 3 of {} has label 10", text(&labels))), "{sentence}");
    assert!(sentence.contains("the 10 classes run from 0 to 9"), "{sentence}");

    let cifar = tempfile::tempdir().unwrap();
    for batch in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"] {
        fs::write(cifar.path().join(format!("{batch}.bin")), [0; 3072]).unwrap();
    }
    let sentence = fail(&["data", "preview", &format!("cifar10:{}", cifar.path().display()), "--out", "x.png"]);
    assert!(
        sentence.contains("data_batch_1.bin has 3072 bytes, which is no multiple of a record's 3073"),
        "{sentence}"
    );
    assert!(!Path::new("x.png").exists());
}

#[test]
fn an_unknown_device_is_answered_with_those_there_are() {
    let sentence = fail(&["verify", "--device", "no such card"]);
    let [unknown, none] = ["no device is named like 'no such card': there is ", "no GPU answers through "];
    assert!(sentence.starts_with(unknown) || sentence.starts_with(none), "{sentence}");
    assert!(sentence.contains("reference"), "{sentence}");
    let folder = tempfile::tempdir().unwrap();
    let run = text(&folder.path().join("run"));
    assert_eq!(fail(&["train", "--device", "no such card", "--out", &run]), sentence);
    assert!(!Path::new(&run).exists());
}

#[test]
fn a_checkpoint_of_another_network_is_told_by_its_first_wrong_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&folder.path().join(name));
    let (_data, named) = small_data(20);
    succeed(&["init", "--net", "Full 5; Output", "--input", "1x28x28", "--out", &at("five.safetensors")]);
    let train = ["train", "--device", "reference", "--data", &named, "--batch", "4", "--net", "Full 6; Output"];
    let sentence = fail(&[&train[..], &["--out", &at("run"), "--init", &at("five.safetensors")]].concat());
    assert_eq!(
        sentence,
        format!("W1 in {} is 5x784, but the network's is 6x784: it is of another network", at("five.safetensors"))
    );
    assert!(!folder.path().join("run").exists());

    let sentence =
        fail(&["eval", "--device", "reference", "--checkpoint", &at("five.safetensors"), "--data", "shapes"]);
    assert!(sentence.contains("1x28x28") && sentence.contains("3x32x32"), "{sentence}");

    fs::write(at("short.safetensors"), &fs::read(at("five.safetensors")).unwrap()[..1000]).unwrap();
    let eval = ["eval", "--device", "reference", "--data", &named, "--checkpoint"];
    for command in [&eval[..], &["inspect"]] {
        let sentence = fail(&[command, &[&at("short.safetensors")]].concat());
        assert!(
            sentence.starts_with(&format!("{} is truncated, damaged or no safetensors", at("short.safetensors"))),
            "{sentence}"
        );
        let sentence = fail(&[command, &[&at("none")]].concat());
        assert!(sentence.starts_with(&format!("there is no file {}", at("none"))), "{sentence}");
    }
}

#[test]
fn a_batch_larger_than_the_training_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_data, named) = small_data(20);
    let run = text(&folder.path().join("run"));
    let sentence = fail(&["train", "--device", "reference", "--data", &named, "--batch", "19", "--out", &run]);
    assert_eq!(
        sentence,
        "a batch of 19 is more than the 18 training records (beside 2 for validation): lower --batch or --validation"
    );
    let sentence = fail(&["train", "--device", "reference", "--data", &named, "--validation", "20", "--out", &run]);
    assert!(sentence.starts_with("--validation: 20 validation records leave nothing to train on"), "{sentence}");
    assert!(!Path::new(&run).exists());
}

#[test]
fn a_run_that_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (_data, named) = small_data(20);
    let run = text(&folder.path().join("run"));
    let train = ["train", "--device", "reference", "--data", &named, "--net", "Output", "--batch", "4", "--steps", "2"];
    let resume = fail(&[&train[..3], &["--resume", "--out", &run]].concat());
    assert!(resume.starts_with(&format!("there is no run in {run}")), "{resume}");

    succeed(&[&train[..], &["--out", &run]].concat());
    let before = fs::read(folder.path().join("run/last.safetensors")).unwrap();
    let sentence = fail(&[&train[..], &["--out", &run, "--seed", "9"]].concat());
    assert_eq!(
        sentence,
        format!("{run} holds a run: continue it with --resume, replace it with --overwrite or name another --out")
    );
    let sentence = fail(&["train", "--resume", "--out", &run, "--lr", "0.2", "--device", "reference"]);
    assert_eq!(
        sentence,
        "--lr differs from the run's own: with --resume only --epochs, --steps, --device and the place of its --data may change"
    );
    assert_eq!(fs::read(folder.path().join("run/last.safetensors")).unwrap(), before);
    succeed(&[&train[..], &["--out", &run, "--seed", "9", "--overwrite"]].concat());
    assert_ne!(fs::read(folder.path().join("run/last.safetensors")).unwrap(), before);
}

#[test]
fn places_that_cannot_be_written_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_data, named) = small_data(20);
    // A file where a folder should be stops root too, whom no permission stops.
    fs::write(folder.path().join("file"), "").unwrap();
    let inside = text(&folder.path().join("file/inside"));
    let train = ["train", "--device", "reference", "--data", &named, "--net", "Output", "--batch", "4", "--steps", "2"];
    for command in [
        &[&train[..], &["--out", &inside]].concat()[..],
        &["init", "--net", "Output", "--out", &inside],
        &["data", "preview", &named, "--out", &inside],
    ] {
        let sentence = fail(command);
        assert!(sentence.contains(&inside), "{sentence}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn options_are_judged_before_a_device_is_looked_for_or_data_read() {
    let folder = tempfile::tempdir().unwrap();
    let run = text(&folder.path().join("run"));
    let nowhere = ["train", "--device", "nosuch", "--data", "cifar10:nowhere", "--out", &run];
    assert!(refuse(&[&nowhere[..], &["--lr", "x"]].concat()).contains("for '--lr <F>'"));
    let said = |options: &[&str]| fail(&[&nowhere[..], options].concat());
    assert!(said(&["--net", "simpnot"]).starts_with("--net: unknown network 'simpnot'"));
    assert!(said(&["--freeze", "4"]).starts_with("--freeze: there is no layer 4"));
    assert!(said(&["--decay", "0.5"]).starts_with("--decay = 0.5: it belongs to kp"));
    assert!(said(&["--init", "none"]).starts_with("there is no file none"));
    let layers = said(&["--init", "none", "--init-layers", "9"]);
    assert!(layers.starts_with("--init-layers: there is no layer 9"), "{layers}");
    assert!(said(&[]).starts_with("there is no folder nowhere"), "then the data, before the device");
    assert!(fail(&["verify", "--device", "nosuch", "--net", "simpnot"]).starts_with("--net: "));
    let (_data, named) = small_data(20);
    let batch = fail(&["train", "--device", "nosuch", "--data", &named, "--batch", "19", "--out", &run]);
    assert!(batch.starts_with("a batch of 19 is more"), "{batch}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
