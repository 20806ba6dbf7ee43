//! Wrong command lines: they speak as all other errors do, and show little of what is long.

use super::support::{fail, refuse};

/// The sentence and the hint; each in the program's one voice.
fn said(args: &[&str]) -> (String, String) {
    let stderr = refuse(args);
    let lines: Vec<&str> = stderr.lines().map(|line| line.strip_prefix("hebb: ").unwrap()).collect();
    match lines.as_slice() {
        [sentence, hint] => (sentence.to_string(), hint.to_string()),
        _ => panic!("{args:?}: {stderr}"),
    }
}

#[test]
fn a_wrong_line_is_one_sentence_and_a_hint() {
    let train = "'hebb train --help' shows what there is";
    for (args, sentence, hint) in [
        (&["trian"][..], "unknown command 'trian'; did you mean train?", "'hebb --help' shows what there is"),
        (&["train"], "--out <RUN> is missing", train),
        (&["train", "--out", "x", "--bach", "1"], "unexpected argument '--bach'; did you mean --batch?", train),
        (&["train", "--out"], "--out <RUN> needs a value", train),
        (&["train", "--config", "x", "--out"], "--out <RUN> needs a value", train),
        (
            &["plan", "--loss", "softmx"],
            "invalid value 'softmx' for '--loss <NAME>': write one of hinge, softmax, quadratic; did you mean softmax?",
            "'hebb plan --help' shows what there is",
        ),
        (
            &["train", "--out", "x", "--epochs", "1", "--steps", "1"],
            "--epochs <N> cannot be used with --steps <N>: leave one of them out",
            train,
        ),
        (&["train", "--out", "x", "--init-layers", "1"], "--init-layers needs --init FILE", train),
    ] {
        assert_eq!(said(args), (sentence.to_owned(), hint.to_owned()));
    }
}

#[test]
fn a_negative_number_is_answered_with_the_range() {
    for (command, option, range) in [
        ("train", "--seed", "write a whole number of 0 or more"),
        ("train", "--batch", "write a whole number from 1 to 1048576"),
        ("train", "--validation", "write a whole number from 0"),
        ("init", "--seed", "write a whole number of 0 or more"),
    ] {
        let (sentence, _) = said(&[command, "--out", "x", option, "-1"]);
        assert!(sentence.starts_with(&format!("invalid value '-1' for '{option} <N>': {range}")), "{sentence}");
    }
    for (command, option) in [("eval", "--batch"), ("plan", "--batch"), ("verify", "--steps"), ("plan", "--classes")] {
        let (sentence, _) = said(&[command, option, "-1"]);
        assert!(sentence.starts_with(&format!("invalid value '-1' for '{option} <N>': -1 is not in ")), "{sentence}");
    }
    assert_eq!(
        said(&["verify", "--seed", "-1"]).0,
        "invalid value '-1' for '--seed <N>': write a whole number of 0 or more"
    );
}

#[test]
fn a_long_or_unruly_text_is_cut_and_escaped() {
    let (long, wild) = ("x".repeat(100_000), "a\u{1b}[31m\nb");
    let cut = format!("{}…", "x".repeat(80));
    for option in ["--lr", "--rule", "--input", "--batch", "--freeze", "--classes"] {
        let (sentence, _) = said(&["plan", option, &long]);
        assert!(sentence.starts_with(&format!("invalid value '{cut}' for '{option} ")), "{sentence}");
        assert!(sentence.chars().count() < 400, "{sentence}");
        let (sentence, _) = said(&["plan", option, wild]);
        assert!(sentence.starts_with("invalid value 'a\\u{1b}[31m\\nb' for "), "{sentence}");
    }
    assert_eq!(said(&["plan", &format!("--{long}")]).0.chars().count(), 103);
    assert!(said(&[&long]).0.starts_with(&format!("unknown command '{cut}'")));
    assert!(fail(&["plan", "--data", &long]).starts_with(&format!("unknown data '{cut}': ")));
    for data in [format!("shapes:{long}"), format!("mnist:{long}"), format!("folder:{}", "y ".repeat(50_000))] {
        let sentence = fail(&["data", "info", &data]);
        assert!(sentence.chars().count() < 1_100, "{sentence}");
    }
    for command in [&["inspect", &long][..], &["train", "--out", &long], &["train", "--out", "x", "--config", &long]] {
        let sentence = fail(command);
        assert!(sentence.chars().count() < 1_100, "{sentence}");
    }
}
