//! `hebb reproduce`: the list, a figure that is only worked out, and bad input. No GPU needed.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;

use support::{fail, refuse, succeed, text};

#[test]
fn a_figure_comes_as_four_files_and_says_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/scalar");
    let stdout = succeed(&["reproduce", "amit2019/scalar", "--out", &text(&out)]);
    assert!(stdout.contains("holds: Theorem 1, k = 2: at every time e is smaller for a larger ε"), "{stdout}");
    assert!(stdout.contains("DOES NOT HOLD: Theorem 2: λ₃ grows with ε"), "{stdout}");
    let mut files: Vec<String> =
        fs::read_dir(&out).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["scalar.csv", "scalar.md", "scalar.png", "scalar.svg"]);
    let page = fs::read_to_string(out.join("scalar.md")).unwrap();
    assert!(page.contains("`hebb reproduce amit2019/scalar --out DIR`") && page.contains("Nothing was reduced."));
    assert!(!page.contains(&text(folder.path())), "no place on this machine");
    // What is there stays as it is.
    let again = fail(&["reproduce", "amit2019/scalar", "--out", &text(&out)]);
    assert!(again.ends_with("is there already, and is no empty folder: name another with --out"), "{again}");
    assert_eq!(fs::read_to_string(out.join("scalar.md")).unwrap(), page);
}

#[test]
fn a_figure_of_runs_says_what_was_reduced() {
    let folder = tempfile::tempdir().unwrap();
    let out = text(&folder.path().join("out"));
    let running = ["--device", "cpu", "--threads", "1", "--scale", "small", "--seeds", "5,8"];
    let line = [&["reproduce", "amit2019/fig12", "--out", &out], &running[..]].concat();
    let stdout = succeed(&line);
    assert!(stdout.contains("in every run a larger ε ends lower"), "{stdout}");
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    let page = read("fig12.md");
    let command = "`hebb reproduce amit2019/fig12 --scale small --seeds 5,8 --device cpu --out DIR`";
    assert!(page.contains(command), "{page}");
    assert!(page.contains("Reduced: 100 of the paper's 1000 iterations; 2 of the paper's 3 runs."), "{page}");
    assert!(page.contains("As seen at full size and with the figure's own seeds. A column for each run."), "{page}");
    let csv = read("fig12.csv");
    assert!(csv.starts_with("run,rule,epsilon,iteration,log10_error,corr_1,corr_2,corr_3\n5,bp,,0,"), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 2 * 5 * 101);
    let starts: Vec<&str> = csv.lines().filter(|line| line.split(',').nth(3) == Some("0")).collect();
    assert!(starts.len() == 10 && starts.iter().all(|line| line.ends_with(",,,")), "{starts:?}");
    let short = text(&folder.path().join("short"));
    let minutes = ["--device", "cpu", "--scale", "0.0001", "--seeds", "5"];
    succeed(&[&["reproduce", "amit2019/fig12", "--out", &short], &minutes[..]].concat());
    let page = fs::read_to_string(folder.path().join("short/fig12.md")).unwrap();
    assert!(page.contains(" of the paper's 1000 iterations"), "{page}");
}

/// Lets a figure run until it has told of a line, then asks it to stop; its code and the rest that it told.
#[cfg(unix)]
fn interrupted(line: &[&str], until: &str) -> (Option<i32>, String) {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let mut child = support::hebb(line).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(told.any(|line| line.contains(until)), "it never told of {until}");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let rest = told.collect::<Vec<_>>().join("\n");
    (child.wait().unwrap().code(), rest)
}

#[cfg(unix)]
#[test]
fn a_figure_that_keeps_its_runs_goes_on_where_it_was_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let out = text(&folder.path().join("out"));
    let line = |figure: &'static str, more: &[&'static str]| {
        let all = ["reproduce", figure, "--out", &out, "--device", "cpu", "--threads", "1"].map(str::to_owned);
        all.into_iter().chain(more.iter().map(|word| (*word).to_owned())).collect::<Vec<_>>()
    };
    fn words(line: &[String]) -> Vec<&str> {
        line.iter().map(String::as_str).collect()
    }
    let first = line("sacramento2018/s1", &["--scale", "small"]);
    let (code, told) = interrupted(&words(&first), "epoch 2 of 20");
    assert_eq!(code, Some(130), "{told}");
    assert!(told.contains("/runs: the same command goes on from there"), "{told}");
    assert!(!folder.path().join("out/s1.md").exists());
    let run = support::run(&words(&first));
    assert!(run.code == 0 && !run.stderr.contains("epoch 1 of 20"), "{}", run.stderr);
    assert!(run.stderr.contains("epoch 20 of 20") && folder.path().join("out/s1.md").exists());
    // What figure 1 begins with is there.
    let run = support::run(&words(&line("sacramento2018/fig1", &["--scale", "small"])));
    assert!(run.code == 0 && !run.stderr.contains("self-prediction, seed 1: epoch 20"), "{}", run.stderr);
    assert!(folder.path().join("out/runs/fig1-1/metrics.csv").exists());
    let again = fail(&words(&first));
    let remedy = ": take them away, and it is made again of the runs kept there, or name another with --out";
    assert!(again.ends_with(&format!("has the files of s1 already{remedy}")), "{again}");
    fs::remove_file(folder.path().join("out/fig1.md")).unwrap();
    for ending in ["csv", "png", "svg"] {
        fs::remove_file(folder.path().join(format!("out/fig1.{ending}"))).unwrap();
    }
    let shorter = support::run(&words(&line("sacramento2018/fig1", &["--scale", "0.0000001"])));
    assert_eq!(shorter.code, 0, "as long as it was: {}", shorter.stderr);
}

#[test]
fn runs_that_hebb_train_began_go_on_to_the_same_bytes_and_may_be_drawn_alone() {
    let folder = tempfile::tempdir().unwrap();
    support::write_idx(folder.path(), 1200, 20);
    let data = format!("mnist:{}", text(folder.path()));
    let place = |name: &str| text(&folder.path().join(name));
    let train = |out: &str, epochs: &str| {
        let options = ["--net", "simpnet", "--rule", "urfb", "--track-r1", "--device", "cpu", "--threads", "1"];
        succeed(&[&["train", "--data", &data, "--out", &place(out), "--epochs", epochs], &options[..]].concat());
    };
    train("whole", "2");
    train("runs/simpnet-urfb-mnist-1", "1");
    let (runs, out) = (place("runs"), place("out"));
    let line = |figure: &'static str, more: &[&'static str]| {
        let all = ["reproduce", figure, "--data", &data, "--runs", &runs, "--out", &out].map(str::to_owned);
        all.into_iter().chain(more.iter().map(|word| (*word).to_owned())).collect::<Vec<String>>()
    };
    let words = |line: &[String]| support::run(&line.iter().map(String::as_str).collect::<Vec<_>>());
    let begun = words(&line("amit2019/fig10", &["--epochs", "2", "--device", "cpu", "--threads", "1"]));
    assert_eq!(begun.code, 0, "{}", begun.stderr);
    assert!(!begun.stderr.contains("not to the same bits"), "{}", begun.stderr);
    assert!(begun.stderr.contains("simpnet URFB, mnist, seed 1: epoch 2 of 2"), "{}", begun.stderr);
    assert!(!begun.stderr.contains("simpnet URFB, mnist, seed 1: epoch 1 of 2"), "{}", begun.stderr);
    support::assert_same_run(&folder.path().join("whole"), &folder.path().join("runs/simpnet-urfb-mnist-1"));
    // What figure 10 left is all that figure 4 is drawn of.
    let four = words(&line("amit2019/fig4", &["--epochs", "2", "--finished"]));
    assert_eq!((four.code, four.stderr.as_str()), (0, ""));
    let page = fs::read_to_string(folder.path().join("out/fig4.md")).unwrap();
    assert!(page.contains("Reduced: 2 of 1,000 epochs; no run of simpnet BP."), "{page}");
    let command =
        "`hebb reproduce amit2019/fig4 --epochs 2 --seeds 1 --finished --data mnist:DIR --runs RUNS --out DIR`";
    assert!(page.contains(command) && !page.contains(&text(folder.path())), "{page}");
    // All of them, but for what the same command has made.
    let all = line("amit2019/all", &["--epochs", "2", "--finished"]);
    let run = words(&all);
    assert!(run.code == 1 && run.stderr.contains("has the files of fig10 already"), "{}", run.stderr);
    for ending in ["svg", "png", "csv", "md"] {
        fs::remove_file(folder.path().join(format!("out/fig10.{ending}"))).unwrap();
    }
    let run = words(&all);
    assert!(run.code == 0 && run.stderr.contains("amit2019/fig12 keeps no runs: left out"), "{}", run.stderr);
    let pages = (4..=11).filter(|n| folder.path().join(format!("out/fig{n}.md")).exists());
    assert_eq!(pages.count(), 8);
}

#[test]
fn the_list_names_what_there_is() {
    let list = succeed(&["reproduce", "list"]);
    assert!(list.contains("amit2019/appendix1") && list.contains("amit2019/scalar"), "{list}");
    assert!(succeed(&["reproduce", "list", "--json"]).contains("\"figure\": \"amit2019/scalar\""));
    let sentence = "--seeds: list only names the figures: leave it out, or name a figure in place of list";
    assert_eq!(fail(&["reproduce", "list", "--seeds", "1"]), sentence);
}

#[test]
fn bad_input_is_one_sentence_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = text(&folder.path().join("out"));
    let with = |more: &[&'static str]| {
        ["reproduce", "amit2019/scalar", "--out"]
            .map(str::to_owned)
            .into_iter()
            .chain([out.clone()])
            .chain(more.iter().map(|word| (*word).to_owned()))
            .collect::<Vec<_>>()
    };
    let words = |line: &[String]| fail(&line.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(
        fail(&["reproduce", "amit2019/scaler", "--out", &out]),
        "there is no figure 'amit2019/scaler': `hebb reproduce list` names those that there are; did you mean amit2019/scalar?"
    );
    assert_eq!(
        words(&with(&["--device", "cpu"])),
        "--device: amit2019/scalar is worked out, and nothing runs: leave it out"
    );
    assert_eq!(words(&with(&["--data", "shapes"])), "--data: amit2019/scalar has data of its own: leave it out");
    let options =
        |figure: &'static str, option: &[&'static str]| fail(&[&["reproduce", figure, "--out", &out], option].concat());
    assert_eq!(options("amit2019/fig12", &["--epochs", "3"]), "--epochs: amit2019/fig12 keeps no runs: leave it out");
    let shared = "--finished: sacramento2018/s1 does not share its runs: leave it out";
    assert_eq!(options("sacramento2018/s1", &["--finished"]), shared);
    let idle = "--device: --finished computes nothing: leave one of them out";
    assert_eq!(options("amit2019/fig4", &["--finished", "--device", "cpu"]), idle);
    let several = "--data: amit2019/fig4 takes one data set: name one";
    assert_eq!(options("amit2019/fig4", &["--data", "shapes", "--data", "shapes:2", "--finished"]), several);
    let twice = "--data: amit2019/fig5 has shapes twice: name each data set once";
    assert_eq!(options("amit2019/fig5", &["--data", "shapes", "--data", "shapes:2", "--finished"]), twice);
    for more in [["--epochs", "0"], ["--epochs", "-1"], ["--epochs", "x"]] {
        assert!(refuse(&[&["reproduce", "amit2019/fig4", "--out", &out], &more[..]].concat()).contains("--epochs"));
    }
    refuse(&["reproduce", "amit2019/fig4", "--epochs", "3", "--scale", "small", "--out", &out]);
    let pair = |data: &str| fail(&["reproduce", "hebbian/pair", "--device", "cpu", "--data", data, "--out", &out]);
    assert!(pair("mnst:x").ends_with("did you mean mnist?"), "{}", pair("mnst:x"));
    assert!(pair("mnist:nowhere").contains("nowhere"), "{}", pair("mnist:nowhere"));
    assert_eq!(words(&with(&["--json"])), "--json: it is for list: leave it out");
    for seeds in ["1,1", "1,,2", "x", "-1"] {
        let stderr = refuse(&["reproduce", "amit2019/scalar", "--seeds", seeds, "--out", &out]);
        assert!(stderr.contains(&format!("invalid value '{seeds}' for '--seeds <N,N,...>'")), "{stderr}");
    }
    for scale in ["0", "huge", "-3"] {
        let stderr = refuse(&["reproduce", "amit2019/scalar", "--scale", scale, "--out", &out]);
        assert!(stderr.contains("write full, half, small or a number of minutes above 0"), "{stderr}");
    }
    let stderr = refuse(&["reproduce", "amit2019/scalar"]);
    assert!(stderr.contains("--out <DIR> is missing"), "{stderr}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    assert!(fail(&["reproduce", "amit2019/scalar", "--out", &text(&file)]).contains("is there already"));
    assert!(
        fail(&["reproduce", "amit2019/scalar", "--out", &text(&file.join("x"))]).starts_with("cannot make the folder ")
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}
