//! What the options of a resume may repeat, and what they may change.

use anyhow::{Result, bail};
use hebb_engine::settings::{self, FREE, RunSettings};
use hebb_spec::settings::{Table, Value};
use hebb_systems::layered::{self, Model, ModelSpec};

use crate::origin::Origin;

/// Those of the given settings that a resume may change.
pub fn free(given: &Table) -> Table {
    Table(given.0.iter().filter(|(key, _)| FREE.contains(&key.as_str())).cloned().collect())
}

/// Refuses the first given setting that says something else than the run's own. Values are compared, not texts: a
/// network's name is its notation, and all layers are each of them.
pub fn check(asked: &Origin, stored: &Table, model: &Model) -> Result<()> {
    let given = asked.table();
    let with = |key: &str, value: &Value| {
        let mut table = stored.clone();
        table.set(key, value.clone());
        table
    };
    for key in layered::FIELDS.iter().map(|field| field.key) {
        if let Some(value) = given.get(key)
            && !is_same(&with(key, value), key, model).map_err(|error| asked.blame(error))?
        {
            return differs(asked, key);
        }
    }
    let own = RunSettings::from_table(stored)?;
    for key in settings::FIELDS.iter().map(|field| field.key).filter(|key| !FREE.contains(key)) {
        if let Some(value) = given.get(key)
            && RunSettings::from_table(&with(key, value)).ok().as_ref() != Some(&own)
        {
            return differs(asked, key);
        }
    }
    Ok(())
}

fn differs(asked: &Origin, key: &str) -> Result<()> {
    let place = asked.place(key);
    bail!(
        "{place} differs from the run's own: with --resume only --epochs, --steps, --device and the place of its --data may \
         change"
    )
}

/// Whether the settings come to the same model. It is an error if what is wrong with them is that key's own.
fn is_same(settings: &Table, key: &str, model: &Model) -> Result<bool, layered::SpecError> {
    // What does not go with the run's rule differs from it.
    let Ok(spec) = ModelSpec::from_table(settings) else { return Ok(false) };
    match spec.build(model.network.input, model.network.classes) {
        Ok(other) => Ok(other == *model),
        Err(error) if error.to_string().starts_with(&format!("{key}:")) => Err(error),
        Err(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;
    use hebb_engine::settings::Length;
    use hebb_spec::Shape;

    fn given(options: &[&str]) -> Table {
        match Cli::try_parse_from(["hebb", "train", "--out", "r"].iter().chain(options)).unwrap().command {
            Command::Train(args) => args.given.table,
            _ => unreachable!("it is hebb train"),
        }
    }

    /// The table that a run with these options leaves on small images, and its model.
    fn stored(options: &[&str]) -> (Table, Model) {
        let (spec, run) = (ModelSpec::from_table(&given(options)).unwrap(), RunSettings::from_table(&given(options)));
        let (input, classes) = (Shape::new(1, 4, 4), 2);
        let mut table = spec.resolved(classes).unwrap().table();
        table.0.extend(RunSettings { validation: Some(2), ..run.unwrap() }.table().0);
        (table, spec.build(input, classes).unwrap())
    }

    #[test]
    fn a_resume_may_repeat_options_and_change_length_and_device() {
        let options = ["--net", "Conv 5 3x3; Output", "--rule", "urfb", "--epsilon", ".5", "--lr", ".2", "--mu", ".3"];
        let more = ["--freeze", "1-2", "--batch", "4", "--seed", "7", "--steps", "3", "--device", "reference"];
        let thin = ["--untied", "all", "--connectivity", "0.5"];
        let (table, model) = stored(&[&options[..], &more, &thin].concat());
        let resumed = |options: &[&str]| {
            let asked = Origin::new(&given(options), None);
            check(&asked, &table, &model).map_err(|error| error.to_string())
        };
        assert_eq!(resumed(&[]), Ok(()));
        assert_eq!(resumed(&["--net", "conv 5 3X3;OUTPUT", "--freeze", "1,2", "--epsilon", "0.5"]), Ok(()));
        assert_eq!(resumed(&["--untied", "1", "--untied-start", "tied", "--connectivity", ".5"]), Ok(()));
        assert_eq!(resumed(&["--net", "Local 5 3x3; Output", "--validation", "2"]), Ok(()));
        assert_eq!(resumed(&["--epochs", "9", "--device", "llvm", "--data", "shapes:2"]), Ok(()));
        let others = [
            ["--net", "Conv 6 3x3; Output"],
            ["--rule", "frfb"],
            ["--epsilon", "1"],
            ["--lr", ".1"],
            ["--loss", "softmax"],
            ["--mu", ".4"],
            ["--slope", "1"],
            ["--preset", "paper"],
            ["--validation", "3"],
            ["--batch", "5"],
            ["--seed", "8"],
            ["--freeze", "1"],
            ["--init", "x"],
            ["--untied", "none"],
            ["--untied-start", "independent"],
            ["--connectivity", ".25"],
            ["--decay", ".1"],
            ["--statistics", "full"],
        ];
        for option in others {
            let wanted = "differs from the run's own: with --resume only --epochs, --steps, --device and the place of its \
                          --data may change";
            assert_eq!(resumed(&option), Err(format!("{} {wanted}", option[0])));
        }
        assert!(resumed(&["--no-shuffle"]).is_err() && resumed(&["--track-r1"]).is_err());
        assert!(resumed(&["--net", "simpnot"]).unwrap_err().starts_with("--net: unknown network 'simpnot'"));
    }

    #[test]
    fn a_name_is_its_notation() {
        let (table, model) = stored(&[]);
        assert!(table.get("net").unwrap().to_string().starts_with("Conv 32 5x5"));
        assert!(check(&Origin::new(&given(&["--net", "simpnet"]), None), &table, &model).is_ok());
        assert!(check(&Origin::new(&given(&["--net", "deepnet"]), None), &table, &model).is_err());
    }

    #[test]
    fn what_may_change_replaces_its_rival() {
        let given = given(&["--steps", "7", "--lr", "1", "--device", "gpu"]);
        let (table, _) = stored(&["--epochs", "3"]);
        let settings = RunSettings::from_table(&crate::merge::over(&free(&given), &table)).unwrap();
        assert_eq!((settings.length, settings.device.as_str()), (Length::Steps(7), "gpu"));
    }
}
