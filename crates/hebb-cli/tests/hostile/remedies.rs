//! What went wrong is told with its own way out, and what is not to blame is not blamed.

use std::fs;
use std::process::Output;

use super::support::{fail, hebb, run, succeed, text};
use super::{data, run_of};

#[test]
fn a_run_without_its_settings_has_one_way_out() {
    let (_folder, out, named) = run_of(&[]);
    fs::remove_file(out.join("run.toml")).unwrap();
    let path = text(&out);
    let wanted =
        format!("{path} has files of a run, but its run.toml is missing: restore it, or start again with --overwrite");
    let train = ["train", "--device", "reference", "--data", &named, "--net", "Full 3; Output", "--batch", "4"];
    let length = ["--steps", "2", "--out", &path];
    assert_eq!(fail(&[&train[..], &length].concat()), wanted);
    assert_eq!(fail(&["train", "--resume", "--out", &path]), wanted);
    succeed(&[&train[..], &length, &["--overwrite"]].concat());
}

#[test]
fn an_overflow_is_not_laid_to_the_rate_where_nothing_was_learnt() {
    let (folder, named) = data();
    let train = ["train", "--device", "reference", "--data", &named, "--net", "Full 3; Output", "--batch", "4"];
    let out = text(&folder.path().join("run"));
    let ran = run(&[&train[..], &["--steps", "4", "--mu", "1e38", "--out", &out]].concat());
    let last = ran.stderr.lines().last().unwrap();
    assert!(
        ran.code == 1 && last.contains("of step 1 (epoch 1) is not finite: its numbers overflow f32 before"),
        "{last}"
    );
    assert!(last.ends_with(": lower --mu, or leave --init out, where they were given"), "{last}");
}

#[test]
fn numbers_that_f32_cannot_hold_are_not_laid_to_the_kernels() {
    let verify = ["verify", "--device", "reference", "--net", "Full 3; Output", "--input", "1x4x4"];
    for (options, how) in [
        (["--lr", "1e30"], "the numbers overflow f32 in '"),
        (["--mu", "1e38"], "the numbers overflow f32 in '"),
        (["--slope", "1e-45"], "the numbers underflow f32 in 'layer 1 forward' (train list, step 0), x1["),
    ] {
        let ran = run(&[&verify[..], &options].concat());
        let sentence = ran.stderr.lines().last().unwrap();
        assert!(ran.code == 1 && sentence.starts_with(&format!("hebb: {how}")), "{sentence}");
        assert!(sentence.contains("nothing is said of the kernels") && !sentence.contains("exceed"), "{sentence}");
    }
}

#[test]
fn each_cause_has_its_own_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&folder.path().join(name));
    fs::write(folder.path().join("file"), "").unwrap();
    let init = |out: &str| fail(&["init", "--net", "Output", "--input", "1x2x2", "--out", out]);
    assert!(init(&at("gone/start")).ends_with("; make the folder first, or choose another place"));
    assert!(init(&at(&"n".repeat(300))).ends_with("; choose a shorter name"));
    assert!(init(&at("file/start")).ends_with("; a part of the path is a file: choose another place"));
    let sheet = fail(&["data", "preview", "shapes", "--out", &at("gone/sheet.png")]);
    assert!(sheet.ends_with("; make the folder first, or choose another place"), "{sheet}");
    for out in [at("file"), at("file/run")] {
        let sentence = fail(&["train", "--device", "reference", "--out", &out]);
        assert!(sentence.ends_with("; a run is a folder, and a file stands there: name another --out"), "{sentence}");
    }
    let resumed = fail(&["train", "--resume", "--out", &at("file")]);
    assert!(resumed.ends_with("; a run is a folder, and a file stands there: name another --out"), "{resumed}");
    for (config, remedy) in [
        (at("gone"), "; check the path in --config"),
        (at(""), ": name a file with --config"),
        (at("file/x"), "; a part of the path is a file: choose another place"),
    ] {
        let sentence = fail(&["train", "--out", &at("run"), "--config", &config]);
        assert!(sentence.starts_with("cannot read config ") && sentence.ends_with(remedy), "{sentence}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_named() {
    for args in [&["plan", "--net", "Output"][..], &["nets", "--json"], &["--help"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let Output { status, stderr, .. } = hebb(args).stdout(full).output().unwrap();
        let sentence = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1), "{args:?}");
        assert!(sentence.starts_with("hebb: cannot write to stdout: No space left on device"), "{sentence}");
        assert!(sentence.ends_with("; free some space or choose another place\n"), "{sentence}");
    }
}

#[test]
fn without_a_device_the_list_and_one_sentence_come() {
    let none = |args: &[&str]| {
        let mut command = hebb(args);
        for variable in ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"] {
            command.env(variable, "/none");
        }
        command.output().unwrap()
    };
    let listed = none(&["devices"]);
    let (list, note) = (String::from_utf8(listed.stdout).unwrap(), String::from_utf8(listed.stderr).unwrap());
    assert_eq!(listed.status.code(), Some(0), "{note}");
    assert!(list.lines().any(|line| line.starts_with("reference ")), "{list}");
    // Another backend than Vulkan may have an adapter.
    assert!(note.is_empty() || note.matches("no GPU answers").count() == 1, "{note}");
}
