use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use hebb_cpu::Cpu;
use hebb_data::Pairs;
use hebb_systems::linear::Linear;

use super::*;
use crate::request::Seeds;

fn linear() -> Linear {
    Linear { sizes: vec![7, 5, 3], ..Linear::default() }
}

fn pairs(seed: u64) -> Pairs {
    Pairs::of_unit_vectors(3, linear().targets(seed))
}

/// Five records to learn from and two for validation, one a step.
fn long<'a>(system: &'a Linear, pairs: &'a Pairs, epochs: u32) -> Long<'a> {
    Long {
        name: "a-run".to_owned(),
        what: "a run".to_owned(),
        system,
        records: pairs,
        data: "pairs",
        source: "pairs",
        digest: pairs.digest(),
        spec: system.describe(),
        kind: (Shape::flat(7), 0),
        validation: 2,
        batch: 1,
        epochs,
        seed: 1,
        tells: "log10_error",
    }
}

/// Trains it, in a folder or in memory. How often something was measured beside it is added up; `stop` is set at that
/// epoch's end.
fn train(run: &Long<'_>, runs: Option<&Path>, counted: &Cell<u32>, stop: Option<u32>) -> Result<Done, LabError> {
    let (runtime, flag) = (Cpu::open(Some(1)).unwrap(), AtomicBool::new(false));
    let request = Request { runs, stop: &flag, ..Request::new(&runtime, Scale::Full, Seeds(vec![1])) };
    let mut measure = |_: &mut dyn Backend, weights: &Weights| {
        counted.set(counted.get() + 1);
        if stop.is_some_and(|at| counted.get() > at) {
            flag.store(true, Ordering::Relaxed);
        }
        Ok(vec![f64::from(weights.get("W2").unwrap()[0])])
    };
    run.train(&request, run.start(), Beside { columns: &["first"], of: &mut measure })
}

/// What it came to, without its times.
fn timeless(mut done: Done) -> Done {
    done.rows.iter_mut().for_each(|row| row.seconds = 0.0);
    done
}

#[test]
fn a_run_that_was_stopped_goes_on_to_the_same_bytes_and_one_that_is_done_stays_done() {
    let (folder, counted) = (tempfile::tempdir().unwrap(), Cell::new(0));
    let (linear, pairs) = (linear(), pairs(1));
    let run = long(&linear, &pairs, 4);
    let whole = timeless(train(&run, None, &counted, None).unwrap());
    assert_eq!((whole.rows.len(), whole.beside.len(), counted.take()), (5, 5, 5));
    let runs = folder.path().join("runs");
    let stopped = train(&run, Some(&runs), &counted, Some(2));
    assert!(matches!(stopped, Err(LabError::Stopped)), "{stopped:?}");
    // Killed between a row and what is measured beside it.
    let beside = runs.join("a-run/beside.csv");
    let text = fs::read_to_string(&beside).unwrap();
    let cut = text.rfind("2,").unwrap();
    fs::write(&beside, &text[..cut]).unwrap();
    assert_eq!(timeless(train(&run, Some(&runs), &counted, None).unwrap()), whole);
    assert_eq!(counted.take(), 3 + 3, "the start is measured once");
    assert_eq!(timeless(train(&run, Some(&runs), &counted, None).unwrap()), whole);
    assert_eq!(counted.take(), 0, "nothing is done again");
    // More epochs go on from there; fewer there are none of.
    let longer = long(&linear, &pairs, 5);
    assert_eq!(train(&longer, Some(&runs), &counted, None).unwrap().rows.len(), 6);
    assert_eq!(counted.take(), 1);
    let shorter = train(&run, Some(&runs), &counted, None).unwrap_err().to_string();
    assert!(shorter.contains("has done 25 steps, but would end after 20"), "{shorter}");
}

#[test]
fn a_run_of_other_settings_or_data_is_refused() {
    let (folder, counted) = (tempfile::tempdir().unwrap(), Cell::new(0));
    let (first, own) = (linear(), pairs(1));
    train(&long(&first, &own, 1), Some(folder.path()), &counted, None).unwrap();
    let other = Linear { lr: 0.5, ..linear() };
    let error = train(&long(&other, &own, 1), Some(folder.path()), &counted, None).unwrap_err().to_string();
    assert!(error.ends_with("holds a run with lr = 0.001, and the figure's has 0.5"), "{error}");
    let error = train(&long(&first, &pairs(2), 1), Some(folder.path()), &counted, None).unwrap_err();
    assert!(matches!(error, LabError::OtherRun { .. }), "{error}");
}
