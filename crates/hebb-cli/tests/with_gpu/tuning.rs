//! `hebb tune`, what a training makes of its table, and that a resume goes on by the rows that the run began with; `hebb
//! bench`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Run, assert_same_run, fail, hebb, refuse, text, write_idx};

/// A test, which is told of the adapters.
type Test = fn(&[Value]);

/// Each by its name, the one that measures a table for others first.
pub const TRIALS: [(&str, Test); 6] = [
    ("a_table_keeps_the_fastest_variants_beside_other_rows", a_table_keeps_the_fastest_variants_beside_other_rows),
    ("calls_and_steps_are_measured_beside_ceilings", calls_and_steps_are_measured_beside_ceilings),
    ("a_resume_goes_on_by_the_rows_of_its_run", a_resume_goes_on_by_the_rows_of_its_run),
    ("a_run_without_rows_goes_on_without", a_run_without_rows_goes_on_without),
    ("a_table_that_cannot_be_used_is_told_and_replaced", a_table_that_cannot_be_used_is_told_and_replaced),
    ("what_cannot_be_tuned_is_refused", what_cannot_be_tuned_is_refused),
];

/// Layers whose updates add over more than eight vectors of images, so that lanes matter.
const NET: &str = "Conv 4 3x3; Maxpool 3; Output";
const BATCH: &str = "40";

/// A cache folder, and data beside it.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 200, 10);
    folder
}

/// A run of the program with its cache there.
fn run(folder: &TempDir, args: &[&str]) -> Run {
    let output = hebb(args).env("HEBB_DATA", folder.path().join("cache")).output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    Run { code: output.status.code().unwrap_or(-1), stdout, stderr }
}

fn succeed(folder: &TempDir, args: &[&str]) -> Run {
    let run = run(folder, args);
    assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
    run
}

fn tune(folder: &TempDir, net: &str, input: &str, batch: &str) -> Value {
    let tuned =
        succeed(folder, &["tune", "--device", "gpu", "--net", net, "--input", input, "--batch", batch, "--json"]);
    serde_json::from_str(&tuned.stdout).unwrap()
}

/// A table of [`NET`] as `tune` makes it, measured once for all tests, and what `tune` told.
fn tuned(folder: &TempDir) -> &'static Value {
    static TABLE: OnceLock<(OsString, Vec<u8>, Value)> = OnceLock::new();
    let measured = || {
        let folder = self::folder();
        let told = tune(&folder, NET, "1x28x28", BATCH);
        let path = table(&folder);
        assert_eq!(told["table"].as_str().unwrap(), text(&path));
        (path.file_name().unwrap().to_owned(), fs::read(path).unwrap(), told)
    };
    let (name, text, told) = TABLE.get_or_init(measured);
    let tuning = folder.path().join("cache/tuning");
    fs::create_dir_all(&tuning).unwrap();
    fs::write(tuning.join(name), text).unwrap();
    told
}

fn table(folder: &TempDir) -> PathBuf {
    let files: Vec<_> = fs::read_dir(folder.path().join("cache/tuning")).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 1, "a table and nothing beside it");
    files[0].path()
}

/// Writes one variant into every row of the table.
fn set_all(folder: &TempDir, variant: &str) {
    let path = table(folder);
    let set =
        |line: &str| if line.starts_with("variant = ") { format!("variant = '{variant}'") } else { line.to_owned() };
    let lines: Vec<String> = fs::read_to_string(&path).unwrap().lines().map(set).collect();
    fs::write(path, lines.join("\n")).unwrap();
}

/// What a training says of tables and rows.
fn told(run: &Run) -> String {
    let is_of_tables = |line: &&str| line.contains("table") || line.contains("passed over");
    run.stderr.lines().filter(is_of_tables).collect::<Vec<_>>().join("\n")
}

/// A run of so many steps.
fn trained(folder: &TempDir, name: &str, steps: &str) -> PathBuf {
    let (data, out) = (format!("mnist:{}", folder.path().display()), folder.path().join(name));
    let train = ["train", "--device", "gpu", "--net", NET, "--batch", BATCH, "--data", &data, "--steps", steps];
    let done = succeed(folder, &[&train[..], &["--out", &text(&out)]].concat());
    assert_eq!(told(&done), "", "nothing to tell of");
    out
}

fn resumed(folder: &TempDir, out: &Path) {
    succeed(folder, &["train", "--resume", "--steps", "4", "--out", &text(out)]);
}

fn record(out: &Path) -> String {
    fs::read_to_string(out.join("run.toml")).unwrap().split_once("\n[record]\n").unwrap().1.to_owned()
}

fn a_table_keeps_the_fastest_variants_beside_other_rows(_: &[Value]) {
    let folder = folder();
    let told = tuned(&folder);
    let rows = |told: &Value, is_wanted: fn(&Value) -> bool| -> Vec<(String, String)> {
        let rows = told["variants"].as_array().unwrap().iter().filter(|row| is_wanted(row));
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        rows.map(|row| (text(row, "problem"), text(row, "variant"))).collect()
    };
    let all = rows(told, |_| true);
    let chosen = rows(told, |row| row["chosen"] == true);
    assert!(all.len() > chosen.len() && told["left_out"].as_array().unwrap().is_empty(), "{told}");
    for key in [
        "connect_forward 1x28x28 -> 4x28x28, 3x3, batch 40",
        "connect_update 4x28x28 * 1x28x28, 3x3, batch 40",
        "connect_feedback 10x1x1 -> 784x1x1, batch 40",
    ] {
        let times = |row: &&Value| row["problem"] == key;
        let of: Vec<&Value> = told["variants"].as_array().unwrap().iter().filter(times).collect();
        let least = of.iter().map(|row| row["ms"].as_f64().unwrap()).fold(f64::INFINITY, f64::min);
        let taken: Vec<&&Value> = of.iter().filter(|row| row["chosen"] == true).collect();
        assert!(taken.len() == 1 && taken[0]["ms"].as_f64() == Some(least), "{key}: {of:?}");
    }
    // Rows of another network and batch come beside them.
    let other = rows(&tune(&folder, "Output", "1x4x4", "3"), |row| row["chosen"] == true);
    let kept = fs::read_to_string(table(&folder)).unwrap();
    for (problem, variant) in chosen.iter().chain(&other) {
        assert!(kept.contains(&format!("problem = \"{problem}\"\nvariant = \"{variant}\"\n")), "{problem}: {kept}");
    }
    assert!(!other.is_empty());
    assert_eq!(kept.matches("[[row]]").count(), chosen.len() + other.len());
    let record = record(&trained(&folder, "run", "1"));
    for (problem, variant) in &chosen {
        assert!(record.contains(&format!("\"{problem}: {variant}\"")), "{record}");
    }
    assert!(!record.contains("batch 3:"), "{record}");
}

fn a_resume_goes_on_by_the_rows_of_its_run(_: &[Value]) {
    let folder = folder();
    tuned(&folder);
    set_all(&folder, "slim");
    let (whole, again, cut) =
        (trained(&folder, "whole", "4"), trained(&folder, "again", "4"), trained(&folder, "cut", "2"));
    assert_same_run(&whole, &again);
    let before = record(&cut);
    assert!(before.contains("3x3, batch 40: slim\"") && before.contains("\"connect_update slim\""), "{before}");
    set_all(&folder, "wide");
    let wide = trained(&folder, "wide", "4");
    let weights = |run: &Path| fs::read(run.join("last.safetensors")).unwrap();
    assert!(weights(&wide) != weights(&whole), "the variants made no difference: nothing is shown");
    resumed(&folder, &cut);
    assert_same_run(&whole, &cut);
    assert_eq!(record(&cut), before);
    // Somebody's hand in the record.
    let file = cut.join("run.toml");
    let spoilt = fs::read_to_string(&file).unwrap().replacen(": slim\"", ": slim tile\"", 1);
    fs::write(&file, spoilt).unwrap();
    let refused = run(&folder, &["train", "--resume", "--steps", "5", "--out", &text(&cut)]);
    let sentence = "[record] choices has 'connect_";
    assert!(refused.code == 1 && refused.stderr.contains(sentence), "{}", refused.stderr);
    assert!(refused.stderr.trim_end().ends_with("one short word of small letters, digits and _"), "{}", refused.stderr);
}

fn a_run_without_rows_goes_on_without(_: &[Value]) {
    let folder = folder();
    let (whole, cut) = (trained(&folder, "whole", "4"), trained(&folder, "cut", "2"));
    let before = record(&cut);
    assert!(!before.contains("choices"), "{before}");
    tuned(&folder);
    // Another than the built-in choice, on any device.
    set_all(&folder, if before.contains("connect_update wide") { "slim" } else { "wide" });
    resumed(&folder, &cut);
    assert_same_run(&whole, &cut);
    assert_eq!(record(&cut), before);
}

fn a_table_that_cannot_be_used_is_told_and_replaced(_: &[Value]) {
    let folder = folder();
    tuned(&folder);
    let (path, data) = (table(&folder), format!("mnist:{}", folder.path().display()));
    let good = fs::read_to_string(&path).unwrap();
    let train = |name: &str| {
        let out = text(&folder.path().join(name));
        let args = ["train", "--device", "gpu", "--net", NET, "--batch", BATCH, "--data", &data, "--steps", "1"];
        (told(&succeed(&folder, &[&args[..], &["--out", &out]].concat())), record(Path::new(&out)))
    };
    for (name, spoilt, what) in [
        ("stale", good.replace("driver = \"", "driver = \"older "), "is of "),
        ("cut", good[..good.len() / 2].to_owned(), "is no tuning table: line "),
    ] {
        fs::write(&path, spoilt).unwrap();
        let (told, record) = train(name);
        assert!(told.lines().count() == 1 && told.contains(what) && told.contains("`hebb tune`"), "{told}");
        assert!(!record.contains("choices"), "{record}");
    }
    let tuned = succeed(&folder, &["tune", "--net", "Output", "--input", "1x4x4", "--batch", "2"]);
    assert!(tuned.stderr.contains("is replaced"), "{}", tuned.stderr);
    assert!(tuned.stdout.contains("chosen") && tuned.stdout.contains("kept in "), "{}", tuned.stdout);
    assert_eq!(train("after").0, "");
    // A variant of another version of hebb.
    fs::write(&path, good).unwrap();
    set_all(&folder, "gone");
    let (told, record) = train("gone");
    assert!(told.contains("'connect_") && told.contains(": gone' is passed over"), "{told}");
    assert!(!record.contains("choices"), "{record}");
}

fn what_cannot_be_tuned_is_refused(_: &[Value]) {
    for device in ["cpu", "reference"] {
        let sentence = fail(&["tune", "--net", "Output", "--device", device]);
        assert!(sentence.starts_with(&format!("there are no variants to choose from on {device} (")), "{sentence}");
        assert!(sentence.ends_with("name a GPU with --device"), "{sentence}");
    }
    for minutes in ["0", "-1", "nan", "x", "1441"] {
        assert!(refuse(&["tune", "--minutes", minutes]).contains("number of minutes above 0, up to 1440"));
    }
    let mut homeless = hebb(&["tune", "--net", "Output"]);
    let output = ["HEBB_DATA", "XDG_CACHE_HOME", "HOME"].into_iter().fold(&mut homeless, |c, name| c.env_remove(name));
    let told = String::from_utf8(output.output().unwrap().stderr).unwrap();
    assert!(told.contains("there is no folder for the table") && told.lines().count() == 1, "{told}");
    let folder = folder();
    let short = run(&folder, &["tune", "--net", "Output", "--input", "1x4x4", "--minutes", "0.00001"]);
    assert_eq!((short.code, short.stdout.as_str()), (1, ""), "{}", short.stderr);
    assert!(short.stderr.ends_with("raise --minutes\n"), "{}", short.stderr);
    // Where a file stands in the folder's place nobody waits for a measurement.
    fs::remove_dir_all(folder.path().join("cache")).unwrap();
    fs::write(folder.path().join("cache"), "mine").unwrap();
    let refused = run(&folder, &["tune", "--net", "Output", "--input", "1x4x4"]);
    assert!(refused.code == 1 && refused.stderr.contains("cannot write "), "{}", refused.stderr);
}

fn calls_and_steps_are_measured_beside_ceilings(_: &[Value]) {
    let folder = folder();
    let bench = |device: &str, more: &[&str]| {
        let fixed = ["bench", "--net", "Conv 4 3x3; Output", "--input", "1x6x6", "--batch", "3", "--batch", "5"];
        succeed(&folder, &[&fixed[..], &["--device", device], more].concat()).stdout
    };
    for (device, variants) in [("gpu", &["wide", "slim"][..]), ("cpu", &["native"])] {
        let told: Value = serde_json::from_str(&bench(device, &["--rule", "kp", "--json"])).unwrap();
        let above_0 = |value: &Value| value.as_f64().is_some_and(|number| number > 0.0);
        assert!(
            above_0(&told["ceilings"]["multiply_add_gflops"]) && above_0(&told["ceilings"]["copy_gbytes"]),
            "{told}"
        );
        let calls = told["calls"].as_array().unwrap();
        assert!(calls.iter().all(|call| above_0(&call["ms"]) && above_0(&call["share"])), "{told}");
        for variant in variants {
            let is_it = |call: &&Value| {
                call["problem"] == "connect_forward 1x6x6 -> 4x6x6, 3x3, batch 5" && call["variant"] == *variant
            };
            assert_eq!(calls.iter().filter(is_it).count(), 1, "{variant}: {told}");
        }
        let steps: Vec<(&str, u64)> = told["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| {
                assert!(above_0(&step["images_per_second"]) && above_0(&step["gflops"]), "{step}");
                (step["rule"].as_str().unwrap(), step["batch"].as_u64().unwrap())
            })
            .collect();
        let wanted = ["bp", "frfb", "urfb", "kp"].map(|rule| [(rule, 3), (rule, 5)]).concat();
        assert_eq!(steps, wanted);
    }
    let table = bench("cpu", &[]);
    assert!(table.contains("ceilings: multiply-add ") && table.contains("of the nearer ceiling"), "{table}");
    assert!(fail(&["bench", "--device", "reference"]).contains("its speed tells nothing"));
}
