use super::*;
use std::fs;
use std::path::Path;

fn parse(text: &str) -> Result<SweepFile, SweepError> {
    let keys: Vec<&str> = FIELDS.iter().map(|f| f.key).chain(RUN_FIELDS.iter().map(|f| f.key)).collect();
    let check = |key: &str, value: &Value| match key {
        "lr" => value.float(|lr| lr >= 0.0, "of 0 or more").map(|_| ()),
        "seed" => value.integer(0, u64::MAX).map(|_| ()),
        _ => Ok(()),
    };
    SweepFile::parse(Path::new("s.toml"), text, &Known { keys: &keys, check: &check })
}

fn sweep(text: &str) -> Result<Sweep, SweepError> {
    Sweep::new(&parse(text)?, &Table::default())
}

fn whats(sweep: &Sweep) -> Vec<String> {
    sweep.entries.iter().map(|entry| sweep.what(entry)).collect()
}

#[test]
fn a_grid_is_a_list_whose_order_follows_from_its_settings() {
    let one = sweep("lr = 0.5\nout = 'o'\n[grid]\nseed = [2, 1]\nrule = ['urfb', 'bp']").unwrap();
    let wanted = ["rule = urfb, seed = 2", "rule = urfb, seed = 1", "rule = bp, seed = 2", "rule = bp, seed = 1"];
    assert_eq!(whats(&one), wanted);
    assert_eq!(
        one,
        sweep("lr = 0.5\n[grid]\nrule = ['urfb', 'bp']\nseed = [2, 1]").unwrap(),
        "in whatever order they stand"
    );
    assert_eq!(one.entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let keys: Vec<&str> = one.entries[0].settings.0.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["rule", "lr", "seed"]);
    assert_eq!(one.table().csv().lines().next(), Some("run,folder,rule,seed"));
    assert!(one.entry(4).is_ok());
    for index in [0, 5, usize::MAX] {
        assert_eq!(
            one.entry(index).unwrap_err().to_string(),
            format!("there is no run {index}: the sweep has 4, counted from 1")
        );
    }
}

#[test]
fn grids_follow_each_other() {
    let text = "epochs = 2\n[[grid]]\nloss = 'softmax'\nrule = 'bp'\n[[grid]]\nrule = ['bp', 'urfb']\nmu = [0.5]\n";
    let sweep = sweep(text).unwrap();
    assert_eq!(whats(&sweep), ["rule = bp, loss = softmax", "rule = bp, mu = 0.5", "rule = urfb, mu = 0.5"]);
}

#[test]
fn a_runs_folder_is_called_by_what_its_numbers_depend_on() {
    let name = |text: &str| sweep(&format!("{text}\n[grid]\nseed = 1")).unwrap().entries[0].name.clone();
    let plain = name("net = 'simpnet'\ndata = 'cifar10:/a'");
    assert!(plain.len() == 16 && plain.bytes().all(|byte| byte.is_ascii_hexdigit()));
    for same in [
        "data = 'cifar10:/b'",
        "net = 'simpnet'\ndata = 'cifar10'\nlr = 0.1\nepochs = 7",
        "data = 'cifar10'\nsteps = 7\ndevice = 'cpu'\nnet = 'conv 32 5X5; Maxpool 3; Drop .8; Full 500; Drop .3; Output'",
    ] {
        assert_eq!(name(same), plain, "{same}");
    }
    for other in
        ["data = 'cifar100:/a'", "data = 'folder:/a'", "data = 'cifar10'\nlr = 0.2", "data = 'cifar10'\nrule = 'bp'"]
    {
        assert_ne!(name(other), plain, "{other}");
    }
    // Known for ever: a folder of today is found by a later version.
    assert_eq!(plain, "4daa3c388a695584");
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_line() {
    let error = |text: &str| sweep(text).unwrap_err().to_string();
    let grid = "[grid]\nseed = [1]\n";
    for (text, wanted) in [
        ("", "line 1: there is no grid: write a table [grid] of settings"),
        ("grid = 3", "line 1: write a table [grid]"),
        ("lr = 1\ngrid = [1]", "line 2: write a table [grid]"),
        (&format!("lr = 1\nlrr = 1\n{grid}"), "line 2: unknown key 'lrr': known are out, grid, net"),
        (&format!("lr = -1\n{grid}"), "line 1: key 'lr' = -1: write a number of 0 or more"),
        (&format!("lr = nan\n{grid}"), "line 1: key 'lr' = NaN: write a number of 0 or more"),
        (&format!("lr = [1]\n{grid}"), "line 1: key 'lr' needs texts, numbers, true or false"),
        (&format!("out = 1\n{grid}"), "line 1: key 'out': write a text"),
        (&format!("out = ''\n{grid}"), "line 1: key 'out': write a text"),
        (&format!("{grid}out = ['a']"), "line 3: unknown key 'out'"),
        (&format!("{grid}lr = [0.1, inf]"), "line 3: key 'lr' = inf: write"),
        (&format!("{grid}lr = []"), "line 3: key 'lr' has no value"),
        (&format!("{grid}lr = [[1]]"), "line 3: key 'lr' needs texts"),
        (&format!("{grid}[grid.lr]\na = 1"), "line 2: key 'lr' needs texts"),
        (&format!("{grid}[record]\nhebb = '1'"), "line 3: unknown key 'record'"),
        ("seed = 3\n[grid]\nlr = 1\nseed = [1]", "line 4: key 'seed' stands before the grid, too"),
        ("[[grid]]\nlr = 1\n[[grid]]\nlr = 2\nseed = -1", "line 5: key 'seed' = -1: write a whole number"),
        ("epochs = 1\n[grid]\nsteps = [1]", "line 1: 'epochs' and 'steps' cannot be used together"),
        ("lr = = 1", "line 1: "),
        ("[grid", "line 1: "),
    ] {
        let found = error(text);
        assert!(found.starts_with(&format!("s.toml: {wanted}")), "{text}: {found}");
    }
    let long = error(&format!("{} = 1\n{grid}", "k".repeat(100_000)));
    assert!(long.len() < 2_000, "{}", long.len());
}

#[test]
fn runs_that_do_not_go_together_or_come_to_the_same_are_named() {
    let error = |text: &str| sweep(text).unwrap_err().to_string();
    let wanted = "run 1 (rule = bp): epsilon = 0.5: it belongs to urfb, but the rule is bp: leave it out";
    let found = error("epsilon = 0.5\n[grid]\nrule = ['bp', 'urfb']");
    assert!(found.starts_with(&wanted[..wanted.len() - 40]), "{found}");
    let twice = error("[grid]\nseed = [1, 2, 1]");
    assert!(twice.starts_with("runs 1 and 3 have the same settings (seed = 1), but for what"), "{twice}");
    assert!(error("[grid]\nepochs = [1, 2]").starts_with("runs 1 and 2 have the same settings (epochs = 2)"));
    assert!(error("[grid]\ndata = ['mnist:/a', 'mnist:/b']").starts_with("runs 1 and 2"));
    let numbers = |n: usize| (0..n).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let many = error(&format!("[grid]\nseed = [{}]", numbers(MOST + 1)));
    assert!(many.starts_with("s.toml asks for more than 10000 runs: "), "{many}");
    let huge =
        error(&format!("[grid]\nseed = [{0}]\nlr = [{0}]\nbatch = [{0}]\nepochs = [{0}]\nmu = [{0}]", numbers(9_999)));
    assert_eq!(huge, many, "and takes no time");
}

#[test]
fn runs_are_built_on_their_data_before_any_of_them_begins() {
    let check = |text: &str| sweep(text).unwrap().check().map_err(|error| error.to_string());
    assert_eq!(check("steps = 1\n[grid]\nnet = ['simpnet', 'deepnet']\nseed = [1, 2]"), Ok(()));
    let wanted = "run 2 (net = Conv 4 3x3): net: ";
    assert!(check("[grid]\nnet = ['Output', 'Conv 4 3x3']").unwrap_err().starts_with(wanted));
    let idle = check("mu = 0.5\n[grid]\nloss = ['hinge', 'softmax']").unwrap_err();
    assert!(idle.starts_with("run 2 (loss = softmax): mu = 0.5: it belongs to the hinge loss"), "{idle}");
    let batch = check("[grid]\nbatch = [100, 60000]").unwrap_err();
    assert!(batch.starts_with("run 2 (batch = 60000): a batch of 60000 is more than the 45000"), "{batch}");
    assert!(check("[grid]\ninit = ['/absent.safetensors']").is_err());
    assert!(
        check("[grid]\ndata = ['mnist:/absent', 'shapes']").unwrap_err().starts_with("run 1 (data = mnist:/absent): ")
    );
    assert!(check("init-layers = 1\n[grid]\nseed = 1").unwrap_err().ends_with("init-layers needs init"));
}

#[test]
fn a_folder_is_made_once_and_grows_with_its_list() {
    let above = tempfile::tempdir().unwrap();
    let path = above.path().join("a/b");
    let (one, two) = (sweep("[grid]\nseed = [1]").unwrap(), sweep("[grid]\nseed = [1, 2]").unwrap());
    let folder = Folder::claim(&path, &one).unwrap();
    let entry = &one.entries[0];
    assert_eq!((folder.state(entry).unwrap(), folder.has_begun(entry)), (State::Absent, false));
    let config = folder.config(entry).unwrap();
    assert_eq!(fs::read_to_string(&config).unwrap(), "seed = 1\n");
    assert_eq!(config.with_extension(""), folder.run(entry));
    assert_eq!(Folder::claim(&path, &two).unwrap(), folder);
    let list = fs::read_to_string(path.join("list.csv")).unwrap();
    assert_eq!(list, format!("run,folder,seed\n1,{},1\n2,{},2\n", entry.name, two.entries[1].name));
    assert!(config.is_file(), "what was there stays");
    // What is no sweep's is left alone.
    for name in ["list.csv", "other"] {
        let taken = above.path().join(name);
        fs::create_dir(&taken).unwrap();
        fs::write(taken.join(name), "mine").unwrap();
        let error = Folder::claim(&taken, &one).unwrap_err().to_string();
        assert!(error.ends_with("is there already, and is neither empty nor a sweep's folder"), "{error}");
        assert_eq!(fs::read_dir(&taken).unwrap().count(), 1);
        assert!(matches!(Folder::claim(&taken.join(name), &one), Err(SweepError::Taken { .. })), "a file");
    }
    // A sweep that was killed while it made its folder.
    let half = above.path().join("half");
    fs::create_dir_all(half.join("runs")).unwrap();
    fs::write(half.join(".list.csv.77.01234567.tmp"), "run").unwrap();
    assert!(Folder::claim(&half, &one).is_ok());
}

#[test]
fn a_spoilt_checkpoint_is_named_and_a_run_without_one_has_just_begun() {
    let above = tempfile::tempdir().unwrap();
    let sweep = sweep("[grid]\nseed = [1]").unwrap();
    let (folder, entry) = (Folder::claim(above.path(), &sweep).unwrap(), &sweep.entries[0]);
    let run = folder.run(entry);
    fs::create_dir(&run).unwrap();
    fs::write(run.join("run.toml"), "").unwrap();
    assert_eq!(folder.state(entry).unwrap(), State::Begun { epochs: 0, steps: 0 });
    fs::write(run.join("last.safetensors"), "no checkpoint").unwrap();
    assert!(folder.state(entry).unwrap_err().to_string().contains("last.safetensors"));
    assert!(!folder.is_at_work(entry).unwrap());
    let lock = fs::File::create(run.join(".lock")).unwrap();
    lock.lock().unwrap();
    assert!(folder.is_at_work(entry).unwrap());
}

#[test]
fn scripts_call_each_run_by_its_number() {
    let sweep = sweep("[grid]\nseed = [1, 2, 3]").unwrap();
    let call = Call {
        file: "my runs/it's.toml",
        out: "o{1}",
        options: &["--device".to_owned(), "cpu".to_owned()],
        jobs: Some(2),
        threads: Some(4),
    };
    let slurm = Script::Slurm.text(&sweep, &call);
    assert!(slurm.contains("#SBATCH --array=1-3%2\n") && slurm.contains("#SBATCH --cpus-per-task=4\n"), "{slurm}");
    let wanted = "exec \"${HEBB:-hebb}\" sweep 'my runs/it'\\''s.toml' --device cpu --index \"$SLURM_ARRAY_TASK_ID\" --threads \"$SLURM_CPUS_PER_TASK\"\n";
    assert!(slurm.ends_with(wanted), "{slurm}");
    let parallel = Script::Parallel.text(&sweep, &call);
    assert!(parallel.contains("seq 3 | parallel ") && parallel.contains(" --jobs 2 "), "{parallel}");
    let snakemake = Script::Snakemake.text(&sweep, &call);
    assert!(snakemake.contains(&format!("    \"{}\",\n", sweep.entries[2].name)), "{snakemake}");
    assert!(snakemake.contains("output: touch(\"o{{1}}/runs/\" + \"{run}.done\")"), "{snakemake}");
    let bare = Call { options: &[], jobs: None, threads: None, file: "s.toml", out: "o" };
    assert!(
        Script::Slurm
            .text(&sweep, &bare)
            .ends_with("exec \"${HEBB:-hebb}\" sweep s.toml --index \"$SLURM_ARRAY_TASK_ID\"\n")
    );
    assert!(!Script::Snakemake.text(&sweep, &bare).contains("threads"));
}
