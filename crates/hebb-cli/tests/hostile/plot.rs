//! `tools/plot`: what it would replace, and what its labels become. Nothing to test where there is no Python.
#![cfg(unix)]

use std::fs::{self, File};
use std::process::{Command, Output};

use super::run_of;
use super::support::text;

fn plot(args: &[&str]) -> Option<Output> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/plot");
    Command::new("python3").arg(script).args(args).output().ok()
}

#[test]
fn a_picture_replaces_nothing_unasked_and_holds_no_label_raw() {
    let (folder, run, _) = run_of(&[]);
    let file = folder.path().join("a.svg");
    let (path, named) = (text(&file), format!("<b> & \u{1b}\"c\"={}", text(&run)));
    let Some(drawn) = plot(&[&path, &named]) else { return };
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    let svg = fs::read_to_string(&file).unwrap();
    assert!(svg.contains(">&lt;b&gt; &amp; \u{fffd}\"c\"</text>") && !svg.contains("<b>"), "{svg}");

    let refused = |args: &[&str], wanted: &str| {
        let output = plot(args).unwrap();
        assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(1), format!("{wanted}\n")));
    };
    let there = |path: &str| format!("{path} is there already: replace it with --overwrite or name another file");
    let best = text(&run.join("best.safetensors"));
    let before = fs::read(&best).unwrap();
    refused(&[&best, &named], &there(&best));
    let lock = File::options().write(true).open(run.join(".lock")).unwrap();
    lock.lock().unwrap();
    let at_work = format!("another process is writing to {}: wait for it or name another file", text(&run));
    refused(&["--overwrite", &best, &named], &at_work);
    drop(lock);
    assert_eq!(fs::read(&best).unwrap(), before);

    let pipe = text(&folder.path().join("pipe"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    refused(&["--overwrite", &pipe, &named], &format!("{pipe} is no regular file: name another file"));

    let (link, victim) = (folder.path().join("link"), folder.path().join("victim"));
    fs::write(&victim, "mine").unwrap();
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    refused(&[&text(&link), &named], &there(&text(&link)));
    assert!(plot(&["--overwrite", &text(&link), &named]).unwrap().status.success());
    assert_eq!((fs::read_to_string(&victim).unwrap(), fs::read_to_string(&link).unwrap()), ("mine".to_owned(), svg));
}
