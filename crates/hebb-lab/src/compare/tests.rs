use super::*;
use hebb_engine::settings::Record;
use hebb_spec::Shape;
use hebb_spec::settings::{Table as Settings, Value};

/// A run of some settings whose errors by epoch are these.
fn run(settings: &[(&str, &str)], seed: u64, errors: &[f64]) -> View {
    let mut table = Settings::default();
    table.set("net", Value::Text("Conv 32 5x5; Maxpool 3; Drop 0.8; Full 500; Drop 0.3; Output".to_owned()));
    settings.iter().for_each(|(key, value)| table.set(key, Value::Text((*value).to_owned())));
    table.set("epochs", Value::Integer(errors.len() as u64));
    table.set("seed", Value::Integer(seed));
    let row = |(epoch, error): (u32, &f64)| Row {
        epoch,
        seconds: f64::from(epoch),
        values: vec![("validation_error".to_owned(), Some(*error)), ("corr_1".to_owned(), None)],
        step: None,
    };
    View {
        path: format!("{settings:?}-{seed}").into(),
        settings: table,
        record: Record::new(Shape::new(3, 32, 32), 10, "cpu".to_owned(), Vec::new()),
        rows: (1..).zip(errors).map(row).collect(),
    }
}

fn rules() -> Vec<View> {
    let (bp, urfb) = ([("rule", "bp")], [("rule", "urfb"), ("epsilon", "1.0")]);
    vec![
        run(&bp, 1, &[0.9, 0.5]),
        run(&bp, 2, &[0.8, 0.6]),
        run(&urfb, 2, &[0.9, 0.8, 0.7]),
        run(&urfb, 1, &[0.9, 0.6]),
        run(&urfb, 3, &[0.9, 0.7]),
    ]
}

fn compare(runs: &[View], asked: Asked) -> Result<Comparison, String> {
    Comparison::new(runs, &asked).map_err(|error| error.to_string())
}

fn named<'a>(panels: &'a [Panel]) -> Vec<(&'a str, Vec<(&'a str, usize)>)> {
    let of_group = |group: &'a Group| (group.label.as_str(), group.runs.len());
    panels.iter().map(|panel| (panel.title.as_str(), panel.groups.iter().map(of_group).collect())).collect()
}

#[test]
fn runs_that_are_alike_but_for_their_seed_are_a_group() {
    let found = compare(&rules(), Asked::default()).unwrap();
    assert_eq!(named(&found.panels), [("", vec![("bp", 2), ("urfb", 3)])], "ε goes with the rule");
    assert_eq!((found.epoch, &found.columns[..]), (2, &["validation_error".to_owned()][..]));
    let mut turned: Vec<View> = rules().into_iter().rev().collect();
    turned.iter_mut().for_each(|run| run.settings.0.reverse());
    assert_eq!(named(&compare(&turned, Asked::default()).unwrap().panels), [("", vec![("urfb", 3), ("bp", 2)])]);
    let lines = found.lines(found.epoch);
    assert_eq!(lines[0].values, [(1, 0.5), (2, 0.6)]);
    assert!((lines[0].mean - 0.55).abs() < 1e-12 && lines[0].difference.is_none());
    assert!((lines[0].deviation.unwrap() - 0.005_f64.sqrt()).abs() < 1e-12);
    assert!((lines[1].mean - 0.7).abs() < 1e-12);
    // Seeds 1 and 2 are in both: 0.6 − 0.5 and 0.8 − 0.6; t of one degree of freedom is 12.706.
    let difference = lines[1].difference.unwrap();
    assert!(difference.pairs == 2 && (difference.mean - 0.15).abs() < 1e-12, "{difference:?}");
    let (low, high) = difference.interval.unwrap();
    assert!((high - low - 2.0 * 12.706 * 0.05).abs() < 1e-9 && ((low + high) / 2.0 - 0.15).abs() < 1e-12);
}

#[test]
fn what_differs_beside_the_setting_asked_for_makes_panels() {
    let with = |rule: &str, lr: &str, seed| run(&[("rule", rule), ("lr", lr)], seed, &[0.5]);
    let runs: Vec<View> = ["0.1", "0.2"].iter().flat_map(|lr| ["bp", "urfb"].map(|rule| with(rule, lr, 1))).collect();
    assert_eq!(named(&compare(&runs, Asked::default()).unwrap().panels).len(), 1);
    let by = |key: &str| compare(&runs, Asked { by: Some(key.to_owned()), ..Asked::default() });
    let found = by("rule").unwrap();
    assert_eq!(named(&found.panels), [("0.1", vec![("bp", 1), ("urfb", 1)]), ("0.2", vec![("bp", 1), ("urfb", 1)])]);
    let alike = by("net").unwrap();
    assert_eq!((alike.panels.len(), alike.panels[0].groups[0].label.as_str()), (4, "simpnet"));
    assert_eq!(
        by("lrr").unwrap_err(),
        "'lrr' is no setting that groups of runs can be called by: these differ in rule, lr"
    );
    assert!(by("seed").is_err());
}

#[test]
fn data_are_known_by_their_name_and_numbers_by_their_value() {
    let with = |data: &str, lr: Value, seed| {
        let mut run = run(&[("data", data), ("rule", "bp")], seed, &[0.5]);
        run.settings.set("lr", lr);
        run
    };
    let runs = [
        with("cifar10:/a", Value::Float(1.0), 1),
        with("cifar10:/b", Value::Integer(1), 2),
        with("cifar100:/b", Value::Float(1.0), 1),
        with("cifar100:/b", Value::Float(0.5), 1),
    ];
    let found = compare(&runs, Asked::default()).unwrap();
    assert_eq!(
        named(&found.panels),
        [("", vec![("lr 1, cifar10", 2), ("lr 1, cifar100", 1), ("lr 0.5, cifar100", 1)])]
    );
}

#[test]
fn what_cannot_be_compared_is_named() {
    let (runs, usual) = (rules(), Asked::default());
    let column = |name: &str| compare(&runs, Asked { columns: vec![name.to_owned()], ..Asked::default() }).unwrap_err();
    assert_eq!(column("corr_1"), "no run has numbers in a column 'corr_1': there are validation_error");
    let epoch = |epoch| compare(&runs, Asked { epoch: Some(epoch), ..Asked::default() });
    assert_eq!(epoch(9).unwrap_err(), "no run has a row of epoch 9: the last that all have is 2");
    assert!(epoch(0).is_err());
    assert_eq!(epoch(3).unwrap().lines(3).len(), 1, "one run alone has it");
    let twice = compare(&[rules(), rules()].concat(), usual.clone()).unwrap_err();
    assert!(twice.ends_with("are runs of the same settings and the same seed: name one of them"), "{twice}");
    assert_eq!(compare(&[], usual.clone()).unwrap_err(), "none of the runs has finished an epoch");
    let mut other = rules();
    other[0].rows[0].values[0].0 = "loss".to_owned();
    other[0].rows.truncate(1);
    let none = compare(&other, usual).unwrap_err();
    assert_eq!(none, "the runs have no validation_error or train_error in common: there are loss, validation_error");
}

#[test]
fn a_comparison_is_three_files_of_the_same_bytes_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let found = compare(&rules(), Asked::default()).unwrap();
    let files = found.write(&folder.path().join("a/b")).unwrap();
    let again = found.write(&folder.path().join("c")).unwrap();
    for (one, other) in files.iter().zip(&again) {
        assert_eq!(fs::read(one).unwrap(), fs::read(other).unwrap());
    }
    let svg = fs::read_to_string(&files[0]).unwrap();
    assert!(
        svg.contains("validation error") && svg.contains("Means over seeds (1, 2, 3)") && svg.contains(">urfb<"),
        "{svg}"
    );
    assert_eq!(svg.matches("opacity=\"0.2\"").count(), 2, "a band for each");
    assert!(!svg.contains(">1.5<") && svg.contains(">2<"), "epochs are whole");
    let csv = fs::read_to_string(&files[2]).unwrap();
    assert!(csv.contains("validation_error,,bp,2,2,0.55,0.07071068,0.5,0.6,,,,\n"), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 2 + 2 + 1);
    let error = found.write(&folder.path().join("c")).unwrap_err().to_string();
    assert!(error.ends_with("c is there already, and is no empty folder"), "{error}");
    fs::write(folder.path().join("file"), "mine").unwrap();
    assert!(matches!(found.write(&folder.path().join("file")), Err(CompareError::Taken { .. })));
    assert!(matches!(found.write(&folder.path().join("file/below")), Err(CompareError::Folder { .. })));
}

#[test]
fn a_sweep_stands_for_the_runs_of_its_list() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.csv");
    fs::write(&list, "run,folder,net\n1,0123456789abcdef,\"a\n2b\"\n2,0123456789abcdee,c\n").unwrap();
    let found = find(&[folder.path().to_owned()]).unwrap();
    assert_eq!((found.runs.len(), found.without.len()), (0, 2));
    assert!(found.without[1].ends_with("runs/0123456789abcdee"));
    for (text, line) in [("", 1), ("a,b\n", 1), ("run,folder\n1,../../../etc/pass\n", 2), ("run,folder\n1\n", 2)] {
        fs::write(&list, text).unwrap();
        let error = find(&[folder.path().to_owned()]).unwrap_err().to_string();
        assert_eq!(error, format!("line {line} of {} is not what a sweep writes there", list.display()));
    }
    fs::remove_file(&list).unwrap();
    assert!(matches!(find(&[folder.path().to_owned()]), Err(CompareError::Neither { .. })));
    fs::write(folder.path().join("run.toml"), "lr = [").unwrap();
    assert!(find(&[folder.path().to_owned()]).unwrap_err().to_string().contains("run.toml does not read"));
}
