use std::path::PathBuf;

use hebb_engine::Row;
use hebb_engine::settings::{Record, RunSettings};
use hebb_engine::view::View;
use hebb_spec::Shape;
use hebb_spec::settings::{Table, Value};
use hebb_systems::layered::ModelSpec;

use super::*;

/// A run of some epochs, with these columns.
fn view(epochs: u32, columns: &[&str]) -> View {
    let spec = ModelSpec { net: "Conv 4 3x3; Maxpool 3; Output".to_owned(), ..ModelSpec::default() };
    let mut settings = spec.table();
    settings.0.extend(RunSettings { data: "cifar10:/home/me".to_owned(), ..RunSettings::default() }.table().0);
    let row = |epoch: u32| Row {
        epoch,
        seconds: 2.0,
        values: columns.iter().map(|name| ((*name).to_owned(), Some(1.0 / f64::from(epoch)))).collect(),
        step: Some(3 * epoch),
    };
    let record =
        Record::new(Shape::new(3, 8, 8), 10, "cpu (avx512)".to_owned(), vec!["connect_forward native".to_owned()]);
    View { path: PathBuf::from("r"), settings, record, rows: (1..=epochs).map(row).collect() }
}

fn subject(name: &str, view: View) -> Subject {
    Subject::new(name.to_owned(), view)
}

fn told(subjects: &[Subject]) -> String {
    page(&subjects.iter().collect::<Vec<_>>()).unwrap()
}

/// That elements end in the order in which they began.
fn check_nesting(page: &str) {
    const EMPTY: [&str; 6] = ["meta", "link", "img", "br", "path", "rect"];
    let mut open: Vec<&str> = Vec::new();
    let (_, body) = page.split_once("</style>").unwrap();
    for tag in body.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap_or_else(|| panic!("<{tag} does not end"));
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            // The head began before its style.
            assert!(open.pop() == Some(name) || ["head", "html"].contains(&name), "</{name}> after {open:?}");
        } else if !tag.ends_with('/') && !EMPTY.contains(&name) && !tag.starts_with('!') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

const COLUMNS: [&str; 7] =
    ["train_loss", "train_error", "validation_loss", "validation_error", "corr_2", "angle_2", "saturated_1"];

#[test]
fn a_page_tells_of_a_run() {
    let page = told(&[subject("mine", view(3, &COLUMNS))]);
    check_nesting(&page);
    for text in [
        "<title>mine</title>",
        "Conv 4 3x3; Maxpool 3; Output · urfb · hinge · cifar10:DIR",
        "<dt>Epochs</dt><dd>3 of 10</dd>",
        "<dt>Validation error</dt><dd>0.3333</dd>",
        "<dt>Lowest validation error</dt><dd>0.3333 (epoch 3)</dd>",
        "<dt>Images a second</dt><dd>750</dd>",
        "aria-label=\"Correlation of W and R\"",
        "aria-label=\"Angle between W and R\"",
        "aria-label=\"Saturated units\"",
        "connect_forward native",
        "<li class=conv><b>Conv 4 3x3</b>",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(
        !page.contains("/home/me")
            && !page.contains("<script")
            && !page.contains("http://")
            && !page.contains("https://")
    );
    assert_eq!(page, told(&[subject("mine", view(3, &COLUMNS))]), "its bytes follow from its runs");
}

#[test]
fn several_runs_share_their_curves_and_have_their_own_layers() {
    let subjects = [subject("a", view(2, &COLUMNS)), subject("b", view(4, &COLUMNS[..4])), subject("c", view(0, &[]))];
    let page = told(&subjects);
    check_nesting(&page);
    assert!(page.contains("<title>3 runs</title>") && page.contains("<a href=\"#run-3\">c</a>"));
    assert_eq!(page.matches("aria-label=\"Error\"").count(), 1);
    assert_eq!(page.matches("aria-label=\"Correlation of W and R: ").count(), 1, "only one has them");
}

#[test]
fn a_run_that_has_not_ended_an_epoch_has_a_page() {
    let page = told(&[subject("new", view(0, &[]))]);
    check_nesting(&page);
    assert!(page.contains("No epoch has ended yet.") && page.contains("0 of 10"));
}

/// Whatever stands in a run's files.
#[test]
fn texts_from_files_are_nothing_but_texts() {
    const EVIL: &str = "</style><script>alert(1)</script><img src=x onerror=alert(1)>\"'\u{202e}&";
    let mut evil = view(2, &["train_error", EVIL, "error_99999999999", "corr_4294967295"]);
    evil.settings = Table(vec![
        (EVIL.to_owned(), Value::Text(EVIL.to_owned())),
        ("system".to_owned(), Value::Text(EVIL.to_owned())),
    ]);
    evil.record.device = EVIL.to_owned();
    evil.record.variants = vec![EVIL.to_owned()];
    evil.rows[0].values[0].1 = Some(f64::NAN);
    evil.rows[1].values[1].1 = Some(1e300);
    evil.rows[1].seconds = 0.0;
    for subjects in [vec![subject(EVIL, evil.clone())], vec![subject(EVIL, evil.clone()), subject("b", evil)]] {
        let page = told(&subjects);
        check_nesting(&page);
        assert!(!page.contains("<script") && !page.contains("<img src=x") && !page.contains('\u{202e}'));
        assert_eq!(page.matches("</style>").count(), 1);
    }
}

/// Another system has columns of its own.
#[test]
fn other_systems_have_a_page_too() {
    let mut linear = view(3, &["error", "log10_error", "corr_1", "corr_2"]);
    linear.settings.0.insert(0, ("system".to_owned(), Value::Text("linear".to_owned())));
    linear.record.classes = 0;
    let page = told(&[subject("l", linear)]);
    check_nesting(&page);
    for text in [
        "linear · urfb",
        "aria-label=\"log10_error\"",
        "aria-label=\"corr\"",
        "Records a second",
        ">records a second</text>",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("<h2>Network</h2>"));
}

#[test]
fn what_does_not_vary_has_a_range() {
    let mut flat = view(3, &["saturated_1"]);
    flat.rows.iter_mut().for_each(|row| row.values[0].1 = Some(0.0));
    let page = told(&[subject("flat", flat)]);
    assert!(page.contains(">0.00</text>") && page.contains(">0.04</text>") && !page.contains("0e-"), "{page}");
}

/// Rows of folders that do not tell their steps.
#[test]
fn speed_is_told_where_it_is_known() {
    let mut old = view(3, &COLUMNS);
    old.rows.iter_mut().for_each(|row| row.step = None);
    let mut one = subject("old", old);
    assert_eq!(one.speed(), None);
    one.epoch_steps = Some(4);
    assert_eq!(one.speeds(), [(1.0, 1000.0), (2.0, 1000.0), (3.0, 1000.0)]);
    let mut late = view(3, &COLUMNS);
    late.rows.remove(0);
    assert_eq!(subject("late", late).speeds(), [(3.0, 750.0)], "nobody knows how many steps were before the first");
}
