//! Scripts that have a sweep's runs done by others: Slurm, GNU parallel, Snakemake. Each run is a call of
//! `hebb sweep FILE --index I`, so that what is done is not done again and what was stopped goes on.

use std::fmt::Write as _;

use super::Sweep;

/// Who does the runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// An array of jobs for sbatch.
    Slurm,
    /// A shell script that calls GNU parallel.
    Parallel,
    /// A Snakefile.
    Snakemake,
}

/// How a run is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<'a> {
    /// The sweep's file.
    pub file: &'a str,
    /// Its folder.
    pub out: &'a str,
    /// Options beside the index and the threads, as words.
    pub options: &'a [String],
    /// Runs at the same time, where that is said.
    pub jobs: Option<usize>,
    /// Threads of a run, where that is said.
    pub threads: Option<u16>,
}

/// What calls the program: another one, where the variable is set.
const PROGRAM: &str = "\"${HEBB:-hebb}\"";

impl Script {
    /// The script's text.
    pub fn text(self, sweep: &Sweep, call: &Call<'_>) -> String {
        match self {
            Script::Slurm => slurm(sweep, call),
            Script::Parallel => parallel(sweep, call),
            Script::Snakemake => snakemake(sweep, call),
        }
    }
}

fn slurm(sweep: &Sweep, call: &Call<'_>) -> String {
    let mut text = String::from(
        "#!/bin/sh\n# A task of an array for each run of the sweep: `sbatch` this file. The same again goes on with what was stopped.\n",
    );
    let most = call.jobs.map_or_else(String::new, |jobs| format!("%{jobs}"));
    let mut line = |words: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "#SBATCH {words}");
    };
    line(&format!("--array=1-{}{most}", sweep.entries.len()));
    line("--job-name=hebb-sweep");
    if let Some(threads) = call.threads {
        line(&format!("--cpus-per-task={threads}"));
    }
    // Before the time is up: the run is saved after the step at hand.
    line("--signal=B:TERM@60");
    line("--open-mode=append");
    let threads = if call.threads.is_some() { " --threads \"$SLURM_CPUS_PER_TASK\"" } else { "" };
    text + &format!("exec {PROGRAM} sweep {} --index \"$SLURM_ARRAY_TASK_ID\"{threads}\n", words(call))
}

fn parallel(sweep: &Sweep, call: &Call<'_>) -> String {
    let jobs = call.jobs.map_or_else(String::new, |jobs| format!(" --jobs {jobs}"));
    let threads = call.threads.map_or_else(String::new, |threads| format!(" --threads {threads}"));
    format!(
        "#!/bin/sh\n# A job of GNU parallel for each run of the sweep. The same again goes on with what was stopped.\n\
         seq {} | parallel --quote --line-buffer --termseq TERM,60000,KILL{jobs} {PROGRAM} sweep {} --index '{{}}'{threads}\n",
        sweep.entries.len(),
        words(call)
    )
}

fn snakemake(sweep: &Sweep, call: &Call<'_>) -> String {
    let names: String = sweep.entries.iter().map(|entry| format!("    \"{}\",\n", entry.name)).collect();
    // Braces name wildcards in a path, and Snakemake's own quoting keeps the words of a command apart.
    let done = python(&format!("{}/runs/", call.out.replace('{', "{{").replace('}', "}}")));
    let options = call.options.iter().map(|word| python(word)).collect::<Vec<_>>().join(", ");
    let (threads, option) = match call.threads {
        Some(threads) => (format!("    threads: {threads}\n"), " --threads {threads}"),
        None => (String::new(), ""),
    };
    format!(
        "# A rule for all runs of the sweep: `snakemake --snakefile THIS --cores N`. What a run has done stands in its folder,\n\
         # which Snakemake does not touch: a file beside it, RUN.done, tells that the run has come to its end.\n\
         import os\n\nHEBB = os.environ.get(\"HEBB\", \"hebb\")\nRUNS = [\n{names}]\n\n\
         rule all:\n    input: expand({done} + \"{{run}}.done\", run=RUNS)\n\n\
         rule train:\n    input: {file}\n    output: touch({done} + \"{{run}}.done\")\n\
         \x20   params: file={word}, options=[{options}], index=lambda wildcards: RUNS.index(wildcards.run) + 1\n{threads}\
         \x20   shell: \"{{HEBB:q}} sweep {{params.file:q}} {{params.options:q}} --index {{params.index}}{option}\"\n",
        file = python(&call.file.replace('{', "{{").replace('}', "}}")),
        word = python(call.file),
    )
}

/// File and options as words of a shell.
fn words(call: &Call<'_>) -> String {
    let words = std::iter::once(call.file).chain(call.options.iter().map(String::as_str));
    words.map(shell).collect::<Vec<_>>().join(" ")
}

/// A word that a shell reads as it stands.
fn shell(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:=,+%@".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A text of Python.
fn python(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            // Writing to a String does not fail.
            letter if letter.is_control() => drop(write!(out, "\\x{:02x}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out + "\""
}
