//! The process that runs the inputs, one after another.

use std::fs::{self, File};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::random::Random;
use crate::record::Record;
use crate::supervise::{Asked, MOST_FAILURES};
use crate::{memory, targets};

/// The longest that an input may take, of a target and of one whose faults were planted.
const LONGEST: Duration = Duration::from_secs(10);
const LONGEST_PLANTED: Duration = Duration::from_secs(1);

/// The number after that of the input at work; 0: none is.
static AT_WORK: AtomicU64 = AtomicU64::new(0);

/// Runs the inputs of the one target that is asked for, and keeps a file about it.
pub fn work(asked: &Asked, record: &Path) -> Result<(), String> {
    let name = asked.targets[0];
    let fail = |cause: std::io::Error| format!("{}: {cause}", record.display());
    let mut file = File::create(record).map_err(fail)?;
    // Beside the record, and so removed by whoever keeps that, even where this process is ended.
    let folder = record.with_extension("files");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(fail)?;
    }
    fs::create_dir(&folder).map_err(fail)?;
    let target = targets::make(name, &folder);
    let seed = asked.seed;
    thread::spawn(move || watch(name, seed));
    panic::set_hook(Box::new(move |panic| {
        let number = AT_WORK.load(Relaxed).wrapping_sub(1);
        eprintln!("{name}: input {number} of seed {seed} panicked: {}", panic.to_string().replace('\n', " "));
    }));
    let mut state = Record::default();
    for number in asked.from..asked.inputs {
        state.number = number;
        state.write(&mut file).map_err(fail)?;
        let input = target.input(&mut Random::new(name, seed, number));
        if asked.show {
            println!("{} bytes: {}", input.len(), input.escape_ascii());
        }
        AT_WORK.store(number + 1, Relaxed);
        let begun = Instant::now();
        memory::begin();
        let read = panic::catch_unwind(AssertUnwindSafe(|| target.read(&input)));
        memory::end();
        let took = begun.elapsed().as_micros() as u64;
        AT_WORK.store(0, Relaxed);
        match read {
            Ok(taken) => state.taken += u64::from(taken),
            Err(_) => state.failures += 1,
        }
        (state.refused, state.peak) = (memory::refused(), memory::peak());
        if took > state.slowest {
            (state.slowest, state.slowest_number) = (took, number);
        }
        if state.failures >= MOST_FAILURES {
            break;
        }
    }
    state.number = asked.inputs;
    state.write(&mut file).map_err(fail)
}

/// Ends the process where one input takes for ever.
fn watch(name: &str, seed: u64) {
    let longest = if name.starts_with("planted-") { LONGEST_PLANTED } else { LONGEST };
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        thread::sleep(Duration::from_millis(100));
        let at_work = AT_WORK.load(Relaxed);
        if at_work != seen {
            (seen, since) = (at_work, Instant::now());
        } else if seen != 0 && since.elapsed() > longest {
            eprintln!("{name}: input {} of seed {seed} takes more than {} s", seen - 1, longest.as_secs());
            process::abort();
        }
    }
}
