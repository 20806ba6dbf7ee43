//! `hebb report` and `hebb train --report`: pages of runs. No GPU needed.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use support::{assert_same_run, fail, hebb, refuse, run, succeed, text, write_idx};
use tempfile::TempDir;

/// A folder with a small data set, and its DATA text.
fn folder() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    write_idx(&folder.path().join("data"), 60, 20);
    let data = format!("mnist:{}", folder.path().join("data").display());
    (folder, data)
}

/// Trains two epochs into a folder.
fn train(run: &Path, data: &str, options: &[&str]) {
    let net = "Conv 3 5x5; Maxpool 3; Output";
    let fixed = ["train", "--net", net, "--track-r1", "--batch", "10", "--device", "cpu", "--threads", "1"];
    let out = text(run);
    let line = [&fixed[..], &["--validation", "20", "--data", data, "--out", &out], options].concat();
    succeed(&line);
}

fn report(runs: &[&Path], out: &Path, options: &[&str]) -> Vec<String> {
    let mut line: Vec<String> =
        ["report", "--device", "cpu", "--threads", "1", "--out", &text(out)].map(str::to_owned).into();
    line.extend(runs.iter().map(|run| text(run)));
    line.extend(options.iter().map(|option| (*option).to_owned()));
    line
}

fn words(line: &[String]) -> Vec<&str> {
    line.iter().map(String::as_str).collect()
}

fn files(run: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(run).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_training_with_a_page_comes_to_the_same_bytes() {
    let (folder, data) = folder();
    let at = |name: &str| folder.path().join(name);
    train(&at("plain"), &data, &["--epochs", "3"]);
    train(&at("told"), &data, &["--epochs", "2", "--report"]);
    let page = fs::read_to_string(at("told/report.html")).unwrap();
    for part in
        ["<title>told</title>", "2 of 2", "of 20 validation images", "W1: 3 filters", "R1: 3 filters", "Worst mistakes"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(
        !page.contains(&text(folder.path())) && !page.contains("<script"),
        "no place of this machine, and no script"
    );
    // Who has a page keeps it up to date.
    succeed(&["train", "--resume", "--out", &text(&at("told")), "--epochs", "3"]);
    assert!(fs::read_to_string(at("told/report.html")).unwrap().contains("3 of 3"));
    assert_same_run(&at("plain"), &at("told"));
    assert_eq!(files(&at("plain")), [".lock", "best.safetensors", "last.safetensors", "metrics.csv", "run.toml"]);
    // A page of a run that is no more goes with it.
    train(&at("told"), &data, &["--epochs", "1", "--overwrite"]);
    assert!(!at("told/report.html").exists());
}

#[test]
fn a_page_of_several_runs_is_the_same_each_time() {
    let (folder, data) = folder();
    let at = |name: &str| folder.path().join(name);
    train(&at("a"), &data, &["--epochs", "2"]);
    train(&at("b"), &data, &["--epochs", "1", "--rule", "frfb"]);
    succeed(&["linear", "--sizes", "4-3-2", "--epochs", "2", "--device", "cpu", "--out", &text(&at("c"))]);
    let before = files(&at("a"));
    for out in ["one.html", "two.html"] {
        let line = report(&[&at("a"), &at("b"), &at("c")], &at(out), &[]);
        assert_eq!(succeed(&words(&line)), format!("wrote {}\n", text(&at(out))));
    }
    let page = fs::read_to_string(at("one.html")).unwrap();
    assert!(page == fs::read_to_string(at("two.html")).unwrap(), "its bytes follow from its runs");
    assert!(page.contains("<title>3 runs</title>") && page.contains("linear · "));
    assert_eq!(page.matches("of 20 validation images").count(), 2, "a linear network has no classes");
    assert_eq!(files(&at("a")), before, "a run that is looked at stays as it is");
    // What is there stays there.
    let line = report(&[&at("a")], &at("one.html"), &["--split", "test"]);
    assert!(fail(&words(&line)).ends_with("is there already: replace it with --overwrite or name another --out"));
    assert!(page == fs::read_to_string(at("one.html")).unwrap());
    succeed(&words(&[line, vec!["--overwrite".to_owned()]].concat()));
    assert!(fs::read_to_string(at("one.html")).unwrap().contains("of 20 test images"));
}

#[test]
fn what_a_run_lacks_is_left_out_with_a_word() {
    let (folder, data) = folder();
    let at = |name: &str| folder.path().join(name);
    train(&at("a"), &data, &["--epochs", "1"]);
    let told = |name: &str, options: &[&str], wanted: &str| {
        let line = report(&[&at("a")], &at(name), options);
        let run = run(&words(&line));
        assert!(run.code == 0 && run.stderr.contains(wanted), "{}", run.stderr);
        fs::read_to_string(at(name)).unwrap()
    };
    // Data that moved away; then other data in their place.
    fs::rename(at("data"), at("moved")).unwrap();
    let page = told("1.html", &[], "a: no images: ");
    assert!(page.contains("W1: 3 filters") && !page.contains("Worst mistakes"));
    let moved = format!("mnist:{}", text(&at("moved")));
    assert!(told("2.html", &["--data", &moved], "").contains("Worst mistakes"));
    fs::create_dir(at("data")).unwrap();
    write_idx(&at("data"), 70, 20);
    told("3.html", &[], "does not hold the data that the run in ");
    let line = report(&[&at("a")], &at("4.html"), &["--data", &data]);
    assert!(fail(&words(&line)).contains("does not hold the data that the run in ") && !at("4.html").exists());
    // A checkpoint that is cut.
    let weights = fs::read(at("a/last.safetensors")).unwrap();
    fs::write(at("a/last.safetensors"), &weights[..weights.len() / 2]).unwrap();
    let page = told("5.html", &[], "a: no filters and no images: ");
    assert!(page.contains("Settings") && !page.contains("W1: 3 filters"));
}

#[test]
fn what_is_no_run_has_no_page() {
    let (folder, data) = folder();
    let at = |name: &str| folder.path().join(name);
    let error = |run: PathBuf| {
        let line = report(&[&run], &at("x.html"), &[]);
        let sentence = fail(&words(&line));
        assert!(!at("x.html").exists(), "{sentence}");
        sentence
    };
    assert!(error(at("none")).ends_with("(run.toml is missing): name the folder of a run"));
    train(&at("a"), &data, &["--epochs", "1"]);
    fs::write(at("a/metrics.csv"), "epoch,seconds\n1,x\n").unwrap();
    assert!(error(at("a")).starts_with("line 2 of "));
    fs::write(at("a/run.toml"), "net = ").unwrap();
    assert!(error(at("a")).contains("run.toml does not read"));
    fs::remove_file(at("a/run.toml")).unwrap();
    assert!(error(at("a")).ends_with("restore it, or name another run"));
    assert!(refuse(&["report", &text(&at("a"))]).contains("--out <FILE.html> is missing"));
    assert!(refuse(&["report", "--out", "x.html"]).contains("<RUN>... is missing"));
}

/// A watch that ends with the test.
struct Watch(Child, u16);

impl Watch {
    fn start(runs: &[&Path]) -> Self {
        let runs: Vec<String> = runs.iter().map(|run| text(run)).collect();
        let line = [vec!["watch", "--port", "0"], words(&runs)].concat();
        let mut child = hebb(&line).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut told = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut told).unwrap();
        let port = told.trim_start_matches("http://127.0.0.1:").split('/').next().unwrap().parse();
        Self(child, port.unwrap_or_else(|_| panic!("{told}")))
    }

    fn ask(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.1)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.1).unwrap();
        stream
    }

    /// The page, once it has all of these.
    fn wait_for(&self, parts: &[&str]) -> String {
        let mut page = String::new();
        for _ in 0..600 {
            page.clear();
            self.ask("/page").read_to_string(&mut page).unwrap();
            if parts.iter().all(|part| page.contains(part)) {
                return page;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("not {parts:?}: {page}")
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_watch_follows_runs_from_before_they_begin() {
    let (folder, data) = folder();
    let at = |name: &str| folder.path().join(name);
    let watch = Watch::start(&[&at("a"), &at("b")]);
    watch.wait_for(&["a: it has not begun yet", "b: it has not begun yet"]);
    let mut events = BufReader::new(watch.ask("/events")).lines().map(Result::unwrap);
    let mut version = || events.find(|line| line.starts_with("data: ")).unwrap();
    let first = version();
    train(&at("a"), &data, &["--epochs", "2"]);
    assert_ne!(version(), first, "who has the page open hears of it");
    watch.wait_for(&["b: it has not begun yet", "2 of 2", "of 20 validation images"]);
    succeed(&["train", "--resume", "--epochs", "3", "--out", &text(&at("a"))]);
    watch.wait_for(&["3 of 3", "After epoch 3, "]);
    // Another run takes its place; and one breaks.
    train(&at("a"), &data, &["--epochs", "1", "--overwrite", "--seed", "7"]);
    let page = watch.wait_for(&["1 of 1", "<dt>Seed</dt><dd>7</dd>", "After epoch 1, "]);
    assert!(!page.contains("After epoch 3, "));
    fs::write(at("a/metrics.csv"), "epoch,seconds\n1,x\n").unwrap();
    watch.wait_for(&["a: line 2 of "]);
    fs::remove_dir_all(at("a")).unwrap();
    watch.wait_for(&["a: it has not begun yet"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "it writes nothing");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let sentence = fail(&["watch", "run", "--port", &port]);
    assert!(sentence.starts_with(&format!("cannot listen on port {port} of this machine: ")), "{sentence}");
    assert!(refuse(&["watch"]).contains("<RUN>... is missing"));
}
