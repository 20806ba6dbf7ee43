//! `hebb sweep`: what it trains, how it goes on, and bad input. No GPU needed.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{assert_same_run, fail, refuse, run, succeed, text, write_idx};
use tempfile::TempDir;

/// A folder with data and a sweep of them; its file.
fn sweep_of(more: &str, grid: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 300, 10);
    let file = folder.path().join("s.toml");
    let (data, out) = (text(folder.path()), text(&folder.path().join("out")));
    let fixed = "net = 'Conv 4 3x3; Maxpool 3; Full 8; Output'\nvalidation = 50\nbatch = 10\ndevice = 'cpu'";
    fs::write(&file, format!("{fixed}\ndata = 'mnist:{data}'\nout = '{out}'\n{more}\n[grid]\n{grid}\n")).unwrap();
    (folder, file)
}

/// The folders of a sweep's runs, in the order of its list.
fn runs(out: &Path) -> Vec<PathBuf> {
    let list = fs::read_to_string(out.join("list.csv")).unwrap();
    list.lines().skip(1).map(|line| out.join("runs").join(line.split(',').nth(1).unwrap())).collect()
}

#[test]
fn each_run_is_the_training_of_its_settings_and_is_done_once() {
    let (folder, file) = sweep_of("epochs = 1", "seed = [1, 2]\nrule = ['bp', 'urfb']");
    let (file, out) = (text(&file), folder.path().join("out"));
    let done = run(&["sweep", &file, "--jobs", "2", "--json"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let words = ["\"run\": 4", "\"rule\": \"urfb\"", "\"seed\": 2", "\"state\": \"done\"", "\"epochs\": 1"];
    assert!(words.iter().all(|word| done.stdout.contains(word)), "{}", done.stdout);
    let data = format!("mnist:{}", text(folder.path()));
    let alone = folder.path().join("alone");
    let net = ["--net", "Conv 4 3x3; Maxpool 3; Full 8; Output", "--data", &data, "--validation", "50"];
    let rest = ["--batch", "10", "--epochs", "1", "--rule", "urfb", "--seed", "2", "--device", "cpu"];
    succeed(&[&["train", "--out", &text(&alone)], &net[..], &rest[..]].concat());
    assert_same_run(&alone, &runs(&out)[3]);
    assert_eq!(fs::read(alone.join("run.toml")).unwrap(), fs::read(runs(&out)[3].join("run.toml")).unwrap());
    // Nothing is done twice, here or by its number.
    let before = fs::metadata(runs(&out)[0].join("last.safetensors")).unwrap().modified().unwrap();
    let again = run(&["sweep", &file]);
    assert_eq!((again.code, again.stderr.as_str()), (0, "hebb: 4 of 4 runs are done already\n"));
    let third = run(&["sweep", &file, "--index", "3"]);
    assert!(
        third.code == 0 && third.stderr.contains("run 3 of 4 (rule = urfb, seed = 1) is done already"),
        "{}",
        third.stderr
    );
    assert_eq!(fs::metadata(runs(&out)[0].join("last.safetensors")).unwrap().modified().unwrap(), before);
    // More epochs and seeds: what there is goes on.
    let longer = fs::read_to_string(&file).unwrap().replace("epochs = 1", "epochs = 2").replace("[1, 2]", "[1, 2, 3]");
    fs::write(&file, longer).unwrap();
    let old = runs(&out);
    assert_eq!(run(&["sweep", &file, "--index", "2"]).code, 0);
    succeed(&["sweep", &file, "--jobs", "3"]);
    let new = runs(&out);
    assert_eq!((new.len(), &new[..2], &new[3..5]), (6, &old[..2], &old[2..]));
    succeed(&["train", "--resume", "--epochs", "2", "--out", &text(&alone)]);
    assert_same_run(&alone, &new[4]);
    let listed = succeed(&["sweep", &file, "--print", "list"]);
    assert_eq!(listed.matches(" done ").count(), 6, "{listed}");
}

#[cfg(unix)]
#[test]
fn a_sweep_that_is_killed_or_stopped_goes_on_to_the_same_bytes() {
    use std::process::{Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    const STOPS: usize = 9;
    let (folder, file) = sweep_of("epochs = 60\nrule = 'kp'", "seed = [1, 2, 3]");
    let (file, whole, out) = (text(&file), folder.path().join("whole"), folder.path().join("out"));
    let line = ["sweep", &file, "--jobs", "2", "--threads", "1"];
    let started = Instant::now();
    succeed(&[&line[..], &["--out", &text(&whole)]].concat());
    let time = started.elapsed();
    let (mut state, mut stops) = (12_345_u32, Vec::new());
    for attempt in 0.. {
        assert!(attempt < 20 * STOPS, "only {stops:?} in {attempt} attempts");
        let mut child = support::hebb(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let signal = ["KILL", "TERM", "INT"][stops.len() % 3];
        if stops.len() < STOPS {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            sleep(time.mul_f64(f64::from(state >> 16) / 65_536.0 * 0.4) + Duration::from_millis(5));
            if child.try_wait().unwrap().is_none() {
                Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
                let code = child.wait().unwrap().code();
                // Between the look and the signal it may have come to its end.
                let wanted = [("KILL", None), ("TERM", Some(143)), ("INT", Some(130))];
                if wanted.contains(&(signal, code)) {
                    stops.push((signal, code));
                }
                continue;
            }
        }
        match child.wait().unwrap().code() {
            // What a killed sweep left at work may still be saving: its run is told as failed, and the next call does it.
            Some(1) => sleep(time.mul_f64(0.1)),
            code => {
                assert_eq!(code, Some(0));
                for (one, other) in runs(&whole).iter().zip(runs(&out)) {
                    assert_same_run(one, &other);
                }
                if stops.len() == STOPS {
                    break;
                }
                // It came to its end before its time: the stops that are left meet a new sweep.
                fs::remove_dir_all(&out).unwrap();
            }
        }
    }
    eprintln!("a sweep went on to the same bytes after {stops:?}");
}

#[cfg(unix)]
#[test]
fn a_stopped_sweep_says_so_and_ends_its_trainings() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let (folder, file) = sweep_of("epochs = 100000\nrule = 'bp'", "seed = [1, 2, 3]");
    let line = ["sweep", &text(&file), "--jobs", "2", "--threads", "1"];
    let mut child = support::hebb(&line).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    for run in ["run 1: epoch ", "run 2: epoch "] {
        assert!(told.any(|line| line.contains(run)), "it never told of {run}");
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let rest = told.collect::<Vec<_>>().join("\n");
    assert_eq!(child.wait().unwrap().code(), Some(143), "{rest}");
    assert!(rest.contains("stopped, all saved, 0 of 3 runs done: the same command goes on from there"), "{rest}");
    assert_eq!(rest.matches("all saved: continue with").count(), 2, "both trainings ended: {rest}");
    let begun = runs(&folder.path().join("out"));
    // Their locks are free.
    let resumed = run(&["train", "--resume", "--steps", "1", "--out", &text(&begun[0])]);
    assert!(resumed.stderr.contains("would end after 1"), "{}", resumed.stderr);
    assert!(!begun[2].exists());
}

#[test]
fn a_run_that_fails_is_named_and_the_others_are_done() {
    let (_folder, file) = sweep_of("steps = 5\nrule = 'bp'", "lr = [0.1, 1e30]\nseed = [1, 2]");
    let failed = run(&["sweep", &text(&file)]);
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    let wanted = "2 of 4 runs did not come to their end: runs 3, 4; the same command tries again\n";
    assert!(failed.stderr.ends_with(wanted), "{}", failed.stderr);
    assert!(
        failed.stderr.contains("run 4: the ") && failed.stderr.contains("the weights ran away"),
        "{}",
        failed.stderr
    );
    assert_eq!(failed.stdout.matches(" done ").count(), 2, "{}", failed.stdout);
}

#[test]
fn a_run_at_work_is_left_to_whoever_does_it() {
    let (folder, file) = sweep_of("steps = 2\nrule = 'bp'", "seed = [1, 2]");
    succeed(&["sweep", &text(&file)]);
    let longer = fs::read_to_string(&file).unwrap().replace("steps = 2", "steps = 3");
    fs::write(&file, longer).unwrap();
    let out = folder.path().join("out");
    let lock = fs::File::options().write(true).open(runs(&out)[0].join(".lock")).unwrap();
    lock.lock().unwrap();
    let beside = run(&["sweep", &text(&file)]);
    assert_eq!(beside.code, 1);
    assert!(beside.stderr.contains("run 1: another process is writing to "), "{}", beside.stderr);
    assert!(beside.stderr.ends_with("1 of 2 runs did not come to their end: run 1; the same command tries again\n"));
    drop(lock);
    succeed(&["sweep", &text(&file)]);
}

#[test]
fn what_is_wrong_is_told_before_anything_runs() {
    let (folder, file) = sweep_of("steps = 1", "seed = [1, 2]");
    let (path, out) = (text(&file), folder.path().join("out"));
    let whole = fs::read_to_string(&file).unwrap();
    let with = |from: &str, to: &str| {
        fs::write(&file, whole.replace(from, to)).unwrap();
        fail(&["sweep", &path])
    };
    let line = |n: usize| format!("{path}: line {n}: ");
    assert!(with("seed = [1, 2]", "seed = [1, -2]").starts_with(&(line(9) + "key 'seed' = -2: write a whole number")));
    assert!(
        with("batch = 10", "batsch = 10").starts_with(&(line(3) + "unknown key 'batsch': known are out, grid, net"))
    );
    assert!(with("'cpu'", "''").starts_with(&(line(4) + "key 'device' = : write auto, gpu, cpu, reference")));
    assert!(with("[grid]", "[grit]").contains("unknown key 'grit'"));
    assert!(with("seed = [1, 2]", "rule = ['bp', 'dap']").contains("key 'rule' = dap: "));
    assert!(
        with("seed = [1, 2]", "batch = [1]")
            .ends_with("key 'batch' stands before the grid, too: leave one of them out")
    );
    let idle = with("seed = [1, 2]", "mu = [0.5]\nloss = ['softmax', 'hinge']");
    assert!(idle.starts_with("run 1 (loss = softmax): mu = 0.5: it belongs to the hinge loss"), "{idle}");
    assert!(with("steps = 1", "validation-2 = 1").contains("unknown key"));
    assert!(with("mnist:", "mnist:/absent").starts_with("run 1 (seed = 1): "));
    assert!(!out.exists(), "nothing was made");
    fs::write(&file, &whole).unwrap();
    assert!(fail(&["sweep", &path, "--index", "3"]).starts_with("there is no run 3: the sweep has 2"));
    fs::create_dir(&out).unwrap();
    fs::write(out.join("mine"), "mine").unwrap();
    let taken = fail(&["sweep", &path]);
    assert!(
        taken.ends_with("is there already, and is neither empty nor a sweep's folder: name another with --out"),
        "{taken}"
    );
    assert!(fail(&["sweep", &text(&folder.path().join("absent"))]).ends_with("; check its path"));
    assert!(fail(&["sweep", &text(folder.path())]).ends_with(": name a file"));
    assert!(fail(&["sweep", &path, "--print", "slurm", "--json"]).starts_with("--json: it is for lists"));
    assert!(refuse(&["sweep", &path, "--index", "0"]).contains("--index"));
    assert!(refuse(&["sweep", &path, "--index", "1", "--jobs", "2"]).contains("cannot be used with"));
    fs::write(&file, whole.lines().filter(|line| !line.starts_with("out")).collect::<Vec<_>>().join("\n")).unwrap();
    assert!(refuse(&["sweep", &path]).contains("--out <DIR> is missing"));
    assert!(refuse(&["sweep"]).contains("FILE.toml"));
}

#[test]
fn scripts_are_printed_and_nothing_is_made() {
    let (folder, file) = sweep_of("steps = 1", "seed = [1, 2]");
    let path = text(&file);
    let slurm = succeed(&["sweep", &path, "--print", "slurm", "--jobs", "3", "--device", "cpu"]);
    assert!(slurm.contains("#SBATCH --array=1-2%3\n"), "{slurm}");
    assert!(slurm.contains(" --device cpu --index \"$SLURM_ARRAY_TASK_ID\"\n"), "{slurm}");
    assert!(succeed(&["sweep", &path, "--print", "parallel"]).contains("seq 2 | parallel "));
    assert!(succeed(&["sweep", &path, "--print", "snakemake"]).contains("rule all:"));
    assert!(!folder.path().join("out").exists());
}
