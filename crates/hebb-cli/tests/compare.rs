//! `hebb compare`: tables, pictures and bad input. No GPU needed.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;

use support::{fail, refuse, run, succeed, text, write_idx};

#[test]
fn a_sweep_or_its_runs_are_put_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 300, 10);
    let at = |name: &str| folder.path().join(name);
    let fixed = "net = 'Conv 4 3x3; Full 8; Output'\nbatch = 20\nepochs = 2\ndevice = 'cpu'\nlr = 0.5";
    let data = format!("data = 'mnist:{}'\nout = '{}'", folder.path().display(), at("out").display());
    fs::write(at("s.toml"), format!("{fixed}\n{data}\n[grid]\nrule = ['bp', 'urfb']\nseed = [1, 2, 3]")).unwrap();
    let (file, out) = (text(&at("s.toml")), text(&at("out")));
    for index in ["1", "2", "4", "5"] {
        assert_eq!(run(&["sweep", &file, "--index", index]).code, 0);
    }
    let part = run(&["compare", &out, "--column", "train_loss,validation_error", "--out", &text(&at("a"))]);
    assert_eq!(part.code, 0, "{}", part.stderr);
    assert!(
        part.stderr.starts_with("hebb: 2 runs have finished no epoch yet and are left out, the first: "),
        "{}",
        part.stderr
    );
    let lines: Vec<&str> = part.stdout.lines().collect();
    assert!(lines.len() == 5 && lines[0].starts_with("column ") && lines[0].contains("at epoch 2"), "{}", part.stdout);
    assert!(
        lines[2].starts_with("train_loss ") && lines[2].contains(" urfb ") && lines[2].ends_with(" 2"),
        "{}",
        part.stdout
    );
    assert!(lines[2].contains(" to ") && lines[1].ends_with("-"), "{}", part.stdout);
    let mut names: Vec<String> =
        fs::read_dir(at("a")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["compare.csv", "compare.png", "compare.svg"]);
    let csv = fs::read_to_string(at("a/compare.csv")).unwrap();
    assert!(csv.lines().count() == 1 + 2 * 2 * 2 && !csv.contains(&text(folder.path())), "{csv}");

    succeed(&["sweep", &file]);
    let json = succeed(&["compare", &out, "--json", "--epoch", "1"]);
    for word in
        ["\"group\": \"urfb\"", "\"epoch\": 1", "\"pairs\": 3", "\"low\": ", "\"deviation\": ", "\"difference\": null"]
    {
        assert!(json.contains(word), "{word}: {json}");
    }
    // The same runs, named one by one; the first group is what the others are held against.
    let list = fs::read_to_string(at("out/list.csv")).unwrap();
    let mut runs: Vec<String> =
        list.lines().skip(1).map(|line| text(&at("out/runs").join(line.split(',').nth(1).unwrap()))).collect();
    let named = |runs: &[String], more: &[&str]| {
        succeed(&[&["compare"], &runs.iter().map(String::as_str).collect::<Vec<_>>()[..], more].concat())
    };
    assert_eq!(named(&runs, &["--json", "--epoch", "1"]), json);
    runs.reverse();
    assert!(named(&runs, &[]).lines().nth(1).unwrap().starts_with("urfb "));

    // What is there stays, and what is wrong is named.
    let error = |more: &[&str]| fail(&[&["compare", &out], more].concat());
    assert!(
        error(&["--out", &text(&at("a"))])
            .ends_with("a is there already, and is no empty folder: name another with --out")
    );
    assert_eq!(fs::read_to_string(at("a/compare.csv")).unwrap(), csv);
    let by = error(&["--by", "rulee"]);
    assert_eq!(
        by,
        "'rulee' is no setting that groups of runs can be called by: these differ in rule, epsilon, take one of them for --by"
    );
    assert!(
        error(&["--column", "error"]).starts_with("no run has numbers in a column 'error': there are train_loss, ")
    );
    let epoch = "no run has a row of epoch 3: the last that all have is 2: name an earlier one with --epoch";
    assert_eq!(error(&["--epoch", "3", "--out", &text(&at("b"))]), epoch);
    assert!(!at("b").exists(), "nothing is made of what fails");
    assert!(
        fail(&["compare", &out, &runs[0]])
            .ends_with("are runs of the same settings and the same seed: name one of them")
    );
    assert!(
        fail(&["compare", &text(folder.path())])
            .contains("is neither a run's folder (it has no run.toml) nor a sweep's")
    );
    assert!(refuse(&["compare"]).contains("RUN|SWEEP"));
    fs::write(at("out/list.csv"), "run,folder\n1,../..\n").unwrap();
    assert!(error(&[]).starts_with("line 2 of "));
}

#[test]
fn a_folder_without_rows_and_one_that_is_none_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = text(folder.path());
    fs::write(folder.path().join("list.csv"), "run,folder\n1,0123456789abcdef\n").unwrap();
    let none = run(&["compare", &path]);
    assert_eq!(none.code, 1);
    assert!(none.stderr.ends_with("hebb: none of the runs has finished an epoch\n"), "{}", none.stderr);
    assert!(fail(&["compare", &format!("{path}/absent")]).contains("absent is neither a run's folder"));
}
