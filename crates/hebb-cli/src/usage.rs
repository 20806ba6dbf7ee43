//! A wrong command line, told as every other error is: one sentence and what to do. clap says it with a page.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Error};
use hebb_spec::settings::short;

use crate::args::Cli;

/// What is wrong, in one sentence; nothing where the user asked for help or the version.
pub fn sentence(error: &Error) -> Option<String> {
    let of = |kind| error.get(kind).map_or_else(String::new, text);
    let argument = short(&of(ContextKind::InvalidArg));
    let value = short(&of(ContextKind::InvalidValue));
    let says = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return None;
        }
        // An option at the line's end, or `--option=`.
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} needs a value"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => format!("invalid value '{value}' for '{argument}'"),
        ErrorKind::UnknownArgument => format!("unexpected argument '{argument}'"),
        ErrorKind::InvalidSubcommand => format!("unknown command '{}'", short(&of(ContextKind::InvalidSubcommand))),
        ErrorKind::MissingSubcommand => format!("'{}' needs a command", of(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingRequiredArgument if !argument.is_empty() => format!("{argument} is missing"),
        ErrorKind::ArgumentConflict => match of(ContextKind::PriorArg) {
            prior if prior.is_empty() || prior == argument => format!("{argument} is given more than once"),
            prior => format!("{argument} cannot be used with {prior}: leave one of them out"),
        },
        _ => first_line(&error.to_string()),
    };
    let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
    let known = match of(ContextKind::ValidValue) {
        names if names.is_empty() => String::new(),
        names => format!(": write one of {names}"),
    };
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedValue, ContextKind::SuggestedSubcommand]
        .into_iter()
        .find_map(|kind| error.get(kind))
        .map_or_else(String::new, |names| format!("; did you mean {}?", text(names)));
    Some(format!("{says}{cause}{known}{near}"))
}

/// Which page of help tells more, for the command that the words begin with.
pub fn hint(words: impl Iterator<Item = String>) -> String {
    let mut path = vec!["hebb".to_owned()];
    let mut command = Cli::command();
    for word in words {
        match command.find_subcommand(&word) {
            Some(found) => command = Command::clone(found),
            None if word.starts_with('-') => continue,
            None => break,
        }
        path.push(word);
    }
    format!("'{} --help' shows what there is", path.join(" "))
}

fn text(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(names) => names.join(", "),
        ContextValue::StyledStrs(texts) => texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        ContextValue::None => String::new(),
        other => other.to_string(),
    }
}

/// What clap says in its first line, without the word that all its errors begin with.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn said(words: &str) -> Option<String> {
        sentence(&Cli::try_parse_from(words.split(' ')).unwrap_err())
    }

    #[test]
    fn each_kind_of_wrong_line_is_one_sentence() {
        for (words, wanted) in [
            ("hebb foo", "unknown command 'foo'"),
            ("hebb trian", "unknown command 'trian'; did you mean train?"),
            ("hebb plan --nett x", "unexpected argument '--nett'; did you mean --net?"),
            ("hebb plan x", "unexpected argument 'x'"),
            ("hebb train", "--out <RUN> is missing"),
            ("hebb init --net Output", "--out <FILE> is missing"),
            ("hebb plan --batch", "--batch <N> needs a value"),
            ("hebb plan --loss", "--loss <NAME> needs a value: write one of hinge, softmax, quadratic"),
            (
                "hebb plan --loss softmx",
                "invalid value 'softmx' for '--loss <NAME>': write one of hinge, softmax, quadratic; did you mean softmax?",
            ),
            ("hebb train --out x --lr 1 --lr 2", "--lr <F> is given more than once"),
            ("hebb plan --classes 1", "invalid value '1' for '--classes <N>': 1 is not in 2..=65536"),
            ("hebb plan --seed=-1", "unexpected argument '--seed'"),
            ("hebb init --out x --seed -1", "invalid value '-1' for '--seed <N>': write a whole number of 0 or more"),
            (
                "hebb train --out x --resume --overwrite",
                "--resume cannot be used with --overwrite: leave one of them out",
            ),
        ] {
            assert_eq!(said(words).unwrap(), wanted);
        }
        assert_eq!(said("hebb plan --help"), None);
        assert_eq!(said("hebb --version"), None);
    }

    #[test]
    fn the_hint_names_the_command() {
        let hint = |words: &str| hint(words.split(' ').map(str::to_owned));
        assert_eq!(hint("-v train --out x"), "'hebb train --help' shows what there is");
        assert_eq!(hint("data info"), "'hebb data info --help' shows what there is");
        assert_eq!(hint("foo"), "'hebb --help' shows what there is");
    }
}
