//! Hostile input by the million: `cargo run --profile fuzz -p fuzz -- TARGET|all [--inputs N] [--seed S] [--only K]`.
//!
//! Each target is a reader of hebb with seeds that it takes. An input is a function of target, seed and number alone: a
//! seed spoilt by cuts, flips, splices and extreme numbers, or made up. A panic, an abort, more than 10 seconds or more
//! than 256 MB is a failure, told with the number that brings it back; an error that the reader gives is none.
//!
//! The inputs run in a process of their own, which an abort ends: then the next one goes on behind that input.

mod memory;
mod mutate;
mod random;
mod record;
mod supervise;
mod targets;
mod worker;

use std::process::ExitCode;

use crate::supervise::{Asked, supervise};

#[global_allocator]
static MEMORY: memory::Counting = memory::Counting;

const USAGE: &str = "usage: fuzz TARGET|all [--inputs N] [--seed S] [--only K]";
/// Inputs of a target where nothing else is asked for.
const INPUTS: u64 = 1_000_000;

/// What the words of the command line ask for.
fn read(words: &[String]) -> Result<Asked, String> {
    let mut asked = Asked { targets: Vec::new(), seed: 1, from: 0, inputs: INPUTS, show: false, worker: None };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        let number = |text: &String| text.parse::<u64>().map_err(|_| format!("'{text}' is no number for {word}"));
        match word.as_str() {
            "--inputs" => asked.inputs = number(value()?)?,
            "--seed" => asked.seed = number(value()?)?,
            "--only" => {
                asked.from = number(value()?)?;
                (asked.inputs, asked.show) = (asked.from.saturating_add(1), true);
            }
            // What a process that runs the inputs is called with.
            "--from" => asked.from = number(value()?)?,
            "--worker" => asked.worker = Some(value()?.into()),
            "all" => asked.targets.extend(targets::ALL.iter().map(|(name, _)| *name)),
            name => asked.targets.push(targets::name(name).ok_or_else(|| {
                format!("there is no target '{name}': write {} or all", targets::ALL.map(|(name, _)| name).join(", "))
            })?),
        }
    }
    if asked.targets.is_empty() { Err(USAGE.to_owned()) } else { Ok(asked) }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = read(&words).and_then(|asked| match &asked.worker {
        Some(record) => worker::work(&asked, record).map(|()| true),
        None => supervise(&asked),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("fuzz: {problem}");
            ExitCode::from(2)
        }
    }
}
