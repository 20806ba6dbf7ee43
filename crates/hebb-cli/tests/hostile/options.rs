//! Options without effect, and numbers out of their range.

use std::fs;

use super::support::{fail, refuse, run, succeed, text};
use super::{data, run_of};

#[test]
fn options_without_effect_are_refused() {
    let (folder, named) = data();
    let (file, out) = (text(&folder.path().join("start")), text(&folder.path().join("run")));
    let net = ["--net", "Conv 4 3x3; Output"];
    let mu = "--mu = 0.5: it belongs to the hinge loss, but the loss is softmax: leave one of them out";
    let start = "--untied-start = tied: it belongs to untied layers, but the network has none: leave one of them out";
    let full = "--statistics = full: it belongs to rules whose δ is not back-propagation's, but the rule is bp: leave one of \
                them out";
    let train = ["train", "--device", "nosuch", "--data", &named, "--out", &out];
    for (options, wanted) in [
        (&["--loss", "softmax", "--mu", "0.5"][..], mu),
        (&["--untied-start", "tied"], start),
        (&["--rule", "bp", "--statistics", "full"], full),
    ] {
        for command in [&["plan"][..], &["verify", "--device", "nosuch"], &train] {
            assert_eq!(fail(&[command, &net, options].concat()), wanted);
        }
    }
    assert_eq!(fail(&[&["init", "--out", &file, "--untied-start", "tied"], &net[..]].concat()), start);
    assert!(!folder.path().join("start").exists() && !folder.path().join("run").exists());
    // In a config file, too.
    let config = folder.path().join("c.toml");
    fs::write(&config, "loss = 'softmax'\nmu = 0.5").unwrap();
    let sentence = fail(&[&train[..], &net, &["--config", &text(&config)]].concat());
    assert!(sentence.ends_with(&mu.replace("--mu", "line 2: key 'mu'")), "{sentence}");
}

#[test]
fn a_run_that_wrote_out_what_nobody_gave_goes_on_and_repeats() {
    let (folder, out, _) = run_of(&["--loss", "softmax"]);
    assert!(fs::read_to_string(out.join("run.toml")).unwrap().contains("\nmu = "));
    succeed(&["train", "--resume", "--steps", "3", "--out", &text(&out)]);
    let again = folder.path().join("again");
    succeed(&["train", "--config", &text(&out.join("run.toml")), "--out", &text(&again)]);
    let last = |run: &std::path::Path| fs::read(run.join("last.safetensors")).unwrap();
    assert_eq!(last(&out), last(&again));
    let other = text(&folder.path().join("other"));
    let refused = run(&["train", "--config", &text(&out.join("run.toml")), "--mu", "1", "--out", &other]);
    assert!(refused.stderr.contains("--mu = 1: it belongs to the hinge loss"), "{}", refused.stderr);
}

#[test]
fn a_network_without_a_connection_is_refused() {
    let (folder, named) = data();
    let (file, out) = (text(&folder.path().join("start")), text(&folder.path().join("run")));
    let thin = ["--net", "Conv 4 3x3; Full 3; Output", "--connectivity", "1e-30"];
    let wanted = "--connectivity = 1e-30: of the 36 connections of layer 1 it leaves less than one: raise it";
    let train = ["train", "--device", "nosuch", "--data", &named, "--out", &out];
    let images = ["--input", "1x28x28"];
    for command in [&train[..], &[&["plan"], &images[..]].concat(), &[&["init", "--out", &file], &images[..]].concat()]
    {
        assert_eq!(fail(&[command, &thin].concat()), wanted);
    }
    // One of nine may be there, and this seed draws none of them.
    let lucky = ["--net", "Conv 1 3x3; Output", "--connectivity", "0.12"];
    let draw =
        |seed: &str| run(&[&["init", "--overwrite", "--out", &file, "--seed", seed], &lucky[..], &images].concat());
    let seeds: Vec<String> = (1..40).map(|seed| seed.to_string()).collect();
    let empty = seeds.iter().find(|seed| draw(seed).code == 1).unwrap();
    let train = ["train", "--device", "cpu", "--data", &named, "--out", &out];
    let sentence = draw(empty).stderr;
    assert!(
        sentence.contains(".mask leaves no connection at all: raise --connectivity or name another --seed"),
        "{sentence}"
    );
    assert_eq!(
        fail(&[&train[..], &lucky, &["--batch", "4", "--seed", empty]].concat()),
        sentence.trim_end().replacen("hebb: ", "", 1)
    );
    let verify = ["verify", "--device", "cpu", "--seed", empty];
    let verified = run(&[&verify[..], &lucky, &images].concat());
    assert_eq!((verified.code, verified.stderr.contains(sentence.trim_end())), (1, true), "{}", verified.stderr);
    assert!(seeds.iter().any(|seed| draw(seed).code == 0));
}

#[test]
fn a_number_below_its_range_is_told_the_range() {
    let seed = "invalid value '-1' for '--seed <N>': write a whole number of 0 or more";
    let batch = "invalid value '-1' for '--batch <N>': ";
    for (command, option, wanted) in [
        (&["train", "--out", "x"][..], "--seed", seed),
        (&["init", "--out", "x"], "--seed", seed),
        (&["verify"], "--seed", seed),
        (&["train", "--out", "x"], "--batch", batch),
        (&["plan"], "--batch", batch),
        (&["verify"], "--batch", batch),
        (&["eval", "--checkpoint", "x"], "--batch", batch),
        (&["verify"], "--steps", "-1 is not in 1..=4294967295"),
        (&["plan"], "--classes", "-1 is not in 2..=65536"),
        (&["train", "--out", "x"], "--freeze", "'-1' is no list of layers"),
    ] {
        let stderr = refuse(&[command, &[option, "-1"]].concat());
        assert!(stderr.contains(wanted) && !stderr.contains("unexpected argument"), "{command:?} {option}: {stderr}");
    }
    for command in [&["plan"][..], &["eval", "--checkpoint", "x"]] {
        let stderr = refuse(&[command, &["--batch", "-1"]].concat());
        assert!(stderr.contains("-1 is not in 1..=1048576"), "{stderr}");
    }
}
