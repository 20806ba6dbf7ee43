//! What comes on stderr: logs where they are asked for, and no talk of drivers.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::process::Command;

use support::{hebb, text, write_idx};

/// A short training's stderr, with these options before the command and these variables.
fn logs(options: &[&str], variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 20, 10);
    let (data, out) = (format!("mnist:{}", folder.path().display()), text(&folder.path().join("run")));
    let train = ["train", "--net", "Output", "--device", "cpu", "--data", &data, "--batch", "6", "--epochs", "2"];
    let mut command = hebb(&[options, &train[..], &["--out", &out]].concat());
    let output = command.env_remove("RUST_LOG").envs(variables.iter().copied()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    stderr
}

#[test]
fn verbose_tells_of_epochs_and_twice_of_steps() {
    let quiet = logs(&[], &[]);
    assert!(!quiet.contains("DEBUG") && !quiet.contains("TRACE"), "{quiet}");
    let once = logs(&["-v"], &[]);
    assert!(once.contains("epoch{number=2}") && once.contains("saved epoch=2") && !once.contains("TRACE"), "{once}");
    for options in [&["-vv"][..], &["-v", "-v"], &["-v", "--verbose"]] {
        let twice = logs(options, &[]);
        assert!(twice.contains("saved epoch=2") && twice.contains("submitted step=5"), "{twice}");
    }
}

#[test]
fn rust_log_wins() {
    let asked = logs(&[], &[("RUST_LOG", "hebb_engine::run=debug")]);
    assert!(asked.contains("saved epoch=2") && !asked.contains("submitted"), "{asked}");
    let off = logs(&["-vv"], &[("RUST_LOG", "off")]);
    assert!(!off.contains("DEBUG") && !off.contains("TRACE"), "{off}");
    let output = hebb(&["nets"]).env("RUST_LOG", "hebb=loud").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.starts_with("hebb: RUST_LOG is 'hebb=loud': "), "{stderr}");
}

/// Mesa's layer that picks a desktop's GPU would speak of XDG_RUNTIME_DIR at each look at the adapters.
#[test]
fn no_driver_talks_with_or_without_a_session() {
    let says = |change: &dyn Fn(&mut Command)| {
        let mut command = hebb(&["devices", "--json"]);
        change(command.env_remove("RUST_LOG").env_remove("MESA_VK_DEVICE_SELECT").env_remove("NODEVICE_SELECT"));
        let stderr = String::from_utf8(command.output().unwrap().stderr).unwrap();
        assert!(!stderr.contains("XDG_RUNTIME_DIR"), "{stderr}");
    };
    says(&|command| _ = command.env_remove("XDG_RUNTIME_DIR"));
    for value in ["", "relative", "/nonexistent"] {
        says(&|command| _ = command.env("XDG_RUNTIME_DIR", value));
    }
}
