//! A small run of every target, and faults that were planted and must be found.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use std::process::Command;

/// Whether a run of the program found nothing, and all that it said.
fn fuzz(words: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_fuzz")).args(words).output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), said.concat())
}

#[test]
fn two_thousand_inputs_of_each_target_do_no_harm() {
    let (is_well, said) = fuzz(&["all", "--inputs", "2000", "--seed", "1"]);
    assert!(is_well, "{said}");
    let lines: Vec<&str> = said.lines().filter(|line| line.contains(": 2000 inputs of seed 1, 0 failures; ")).collect();
    assert_eq!(lines.len(), 9, "{said}");
    // What no reader takes is no test of what comes behind its first look.
    assert!(lines.iter().all(|line| !line.contains("; 0 taken;")), "{said}");
}

#[test]
fn an_input_is_what_its_number_makes_it() {
    for target in ["notation", "systems", "checkpoint", "run-toml", "metrics", "sweep", "cifar", "idx", "images"] {
        let only = |number: &str| fuzz(&[target, "--seed", "3", "--only", number]).1;
        let shown = |said: &str| said.lines().next().unwrap().to_owned();
        let (first, again, other) = (only("7"), only("7"), only("8"));
        assert!(first.contains(" bytes: "), "{first}");
        assert_eq!(shown(&first), shown(&again));
        assert_ne!(shown(&first), shown(&other));
    }
}

/// A planted fault must be found, and named so that it comes back alone.
fn found(target: &str, says: &str) {
    let (is_well, said) = fuzz(&[target, "--inputs", "4"]);
    assert!(!is_well, "{said}");
    let line = said.lines().find(|line| line.contains(says)).unwrap_or_else(|| panic!("{said}"));
    let number = line.split_once("input ").unwrap().1.split(' ').next().unwrap();
    let (is_well, alone) = fuzz(&[target, "--only", number]);
    assert!(!is_well && alone.contains(says), "{alone}");
    // What came behind it was run, too.
    assert!(said.contains(&format!("{target}: 4 inputs of seed 1, ")), "{said}");
}

#[test]
fn a_planted_panic_is_found() {
    found("planted-panic", " panicked: ");
}

#[test]
fn planted_greed_is_found() {
    found("planted-memory", " ended the program: ");
}

#[test]
fn a_planted_hang_is_found() {
    found("planted-hang", " takes more than 1 s");
}

#[test]
fn who_asks_before_it_takes_is_not_to_blame() {
    let (is_well, said) = fuzz(&["planted-refusal", "--inputs", "20"]);
    assert!(is_well && !said.contains(" 0 requests for more refused"), "{said}");
}

#[test]
fn a_wrong_command_line_is_told() {
    for (words, says) in [
        (&["notaton"][..], "there is no target 'notaton': write notation, "),
        (&["all", "--inputs"], "--inputs needs a value"),
        (&["all", "--seed", "x"], "'x' is no number for --seed"),
        (&[], "usage: fuzz TARGET|all"),
    ] {
        let (is_well, said) = fuzz(words);
        assert!(!is_well && said.starts_with(&format!("fuzz: {says}")), "{said}");
    }
}
