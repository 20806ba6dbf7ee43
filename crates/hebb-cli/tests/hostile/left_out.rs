//! Images that a training leaves out, and classes that it never sees.

use std::fs;

use super::run_of;
use super::support::{fail, run, succeed, text, write_bitmap};

#[test]
fn images_that_fill_no_batch_are_told() {
    let (folder, out, named) = run_of(&[]);
    let other = text(&folder.path().join("other"));
    let train = ["train", "--device", "reference", "--data", &named, "--net", "Output", "--out", &other, "--overwrite"];
    let told = |options: &[&str]| {
        let run = run(&[&train[..], options].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stderr.lines().find(|line| line.contains("left out")).map(str::to_owned)
    };
    let two = "hebb: the last 2 of the 18 training images of each epoch are left out: they fill no batch of 4";
    assert_eq!(told(&["--batch", "4", "--epochs", "1"]).as_deref(), Some(two));
    assert_eq!(told(&["--batch", "6", "--epochs", "1"]), None);
    // A part of an epoch leaves out more than these.
    assert_eq!(told(&["--batch", "4", "--steps", "3"]), None);
    let resumed = run(&["train", "--resume", "--epochs", "1", "--out", &text(&out)]);
    assert!(resumed.stderr.contains(two), "{}", resumed.stderr);
    let help = succeed(&["train", "--help"]);
    assert!(help.split_whitespace().collect::<Vec<_>>().join(" ").contains("that fill none are left out"), "{help}");
}

#[test]
fn classes_without_an_image_to_train_on_are_told() {
    let (folder, _, named) = run_of(&[]);
    let out = text(&folder.path().join("other"));
    let train = ["train", "--device", "reference", "--data", &named, "--net", "Output", "--out", &out, "--batch", "4"];
    let told = run(&[&train[..], &["--steps", "1", "--validation", "15"]].concat());
    let wanted = "no image to train on is of class 5, 6, 7 and 2 more: add some, or keep fewer with --validation";
    assert!(told.code == 0 && told.stderr.contains(wanted), "{}", told.stderr);
}

#[test]
fn a_folders_classes_each_have_an_image_to_train_on() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join("images").join(path);
    for number in 0..20 {
        write_bitmap(&at(&format!("cat/{number}.bmp")), 3, 3, number);
    }
    for class in 0..9 {
        write_bitmap(&at(&format!("rare{class}/1.bmp")), 3, 3, 100 + class);
    }
    let (data, out) = (format!("folder:{}", at("").display()), folder.path().join("run"));
    let train = ["train", "--device", "reference", "--data", &data, "--net", "Output", "--batch", "4", "--steps", "1"];
    let run_ = run(&[&train[..], &["--out", &text(&out)]].concat());
    assert!(run_.code == 0 && !run_.stderr.contains("of class"), "{}", run_.stderr);
    succeed(&["train", "--resume", "--steps", "2", "--out", &text(&out)]);
    // Version 0.1 had these images in another order, and wrote no digest.
    let toml = fs::read_to_string(out.join("run.toml")).unwrap();
    let bare: Vec<&str> = toml.lines().filter(|line| !line.contains("-sha256 = ")).collect();
    fs::write(out.join("run.toml"), bare.join("\n")).unwrap();
    let wanted = format!(
        "the run in {} is of version 0.1, which trained it on other images of {data}, none of some class: start it again with \
         --overwrite",
        out.display()
    );
    assert_eq!(fail(&["train", "--resume", "--steps", "3", "--out", &text(&out)]), wanted);
}
