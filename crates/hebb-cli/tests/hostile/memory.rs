//! Too little memory, by `ulimit -v`, so that nothing really takes it; and tensors past a device's limit.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;
use std::time::Instant;

use super::data;
use super::support::{succeed, text, write_bitmap};

/// Runs what must fail with one sentence, with so many MiB of addresses; the sentence.
fn fail_within(mebibytes: u32, args: &[&str]) -> String {
    let limit = format!("ulimit -v {}; exec \"$0\" \"$@\"", mebibytes << 10);
    let mut command = Command::new("sh");
    command.args(["-c", &limit, env!("CARGO_BIN_EXE_hebb")]).args(args).env_remove("XDG_RUNTIME_DIR");
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.contains("slow")).collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    lines[0].strip_prefix("hebb: ").unwrap().to_owned()
}

#[test]
fn weights_past_the_memory_are_refused_before_they_are_drawn() {
    let (folder, named) = data();
    let (file, out) = (text(&folder.path().join("start")), text(&folder.path().join("run")));
    let large = ["--net", "Full 32768; Full 32767; Output"];
    let started = Instant::now();
    let init = fail_within(1000, &[&["init", "--out", &file], &large[..]].concat());
    assert!(init.starts_with("to hold the network's weights and write them needs 16 GiB of memory, and "), "{init}");
    assert!(init.ends_with(" MiB are free: use a smaller network"), "{init}");
    let train = ["train", "--device", "reference", "--data", &named, "--batch", "4", "--out", &out];
    for command in [&train[..], &["verify", "--device", "reference", "--input", "1x28x28"]] {
        let twins = fail_within(1000, &[command, &large].concat());
        assert!(twins.starts_with("the plan on reference (CPU twins) needs "), "{twins}");
        assert!(twins.ends_with(" MiB are free: use a smaller batch or network"), "{twins}");
    }
    let native = fail_within(1000, &[&["verify", "--device", "cpu", "--input", "1x28x28"], &large[..]].concat());
    assert!(native.starts_with("the plan on cpu ("), "{native}");
    assert!(started.elapsed().as_secs() < 30, "nothing was drawn");
    assert!(!folder.path().join("start").exists() && !folder.path().join("run").exists());
}

#[test]
fn a_confusion_matrix_past_the_memory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    write_bitmap(&at("one.bmp"), 2, 2, 7);
    for class in 0..3000 {
        fs::create_dir_all(at(&format!("images/{class}"))).unwrap();
        fs::hard_link(at("one.bmp"), at(&format!("images/{class}/1.bmp"))).unwrap();
    }
    let (data, out) = (format!("folder:{}", at("images").display()), text(&at("run")));
    let train = ["train", "--device", "reference", "--data", &data, "--net", "Output", "--rule", "bp", "--batch", "1"];
    succeed(&[&train[..], &["--steps", "1", "--validation", "1", "--out", &out]].concat());
    let last = text(&at("run/last.safetensors"));
    let eval = ["eval", "--device", "reference", "--checkpoint", &last];
    let refused = fail_within(400, &eval);
    assert!(refused.starts_with("the confusion matrix needs 549 MiB of memory, and "), "{refused}");
    assert!(refused.ends_with(" MiB are free: evaluate on data of fewer classes"), "{refused}");
}

#[test]
fn a_sheet_of_large_photographs_takes_thumbnails() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    write_bitmap(&at("one.bmp"), 2000, 1500, 7);
    for class in 0..2 {
        fs::create_dir_all(at(&format!("images/{class}"))).unwrap();
        for image in 0..80 {
            fs::hard_link(at("one.bmp"), at(&format!("images/{class}/{image}.bmp"))).unwrap();
        }
    }
    let (data, sheet) = (format!("folder:{}", at("images").display()), text(&at("sheet.png")));
    let limit = format!("ulimit -v {}; exec \"$0\" \"$@\"", 400 << 10);
    let mut command = Command::new("sh");
    command.args(["-c", &limit, env!("CARGO_BIN_EXE_hebb"), "data", "preview", &data, "--out", &sheet]);
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("scaled down to 128x96"), "{stdout}");
    assert!(fs::metadata(at("sheet.png")).unwrap().len() > 0);
    // All of them as they are take more than that.
    let info = fail_within(400, &["data", "info", &data]);
    assert!(info.starts_with(&format!("to hold the images of {data} needs 1,373 MiB of memory, and ")), "{info}");
    assert!(info.ends_with(" MiB are free: take fewer or smaller ones"), "{info}");
}
