//! What `hebb microcircuit` trains: dendritic microcircuits, continuous on patterns that are drawn anew each epoch, two-step
//! on images with labels.

use anyhow::{Result, bail, ensure};
use hebb_data::{PatternSpec, Source as Data, patterns};
use hebb_engine::settings::RunSettings;
use hebb_spec::Shape;
use hebb_spec::settings::{SettingError, Table, Value, short};
use hebb_systems::microcircuit::{Dynamics, Microcircuit, Source};

use super::{Family, Learner, Loaded};
use crate::args::MicrocircuitKeys;
use crate::images;
use crate::origin::Origin;

/// What the data of continuous dynamics are called.
const PATTERNS: &str = "patterns";
/// What two-step dynamics learn where nothing is said.
const SHAPES: &str = "shapes";

fn fail(key: &str, value: &impl ToString, problem: String) -> SettingError {
    SettingError { key: key.to_owned(), value: value.to_string(), problem }
}

/// Network and patterns of a table, of which each setting belongs to the dynamics.
fn read(table: &Table) -> Result<(Microcircuit, Option<PatternSpec>), SettingError> {
    let circuit = Microcircuit::from_table(table)?;
    let of_patterns = patterns::FIELDS.iter().find_map(|field| Some((field.key, table.get(field.key)?)));
    match (circuit.dynamics, of_patterns) {
        (Dynamics::TwoStep, Some((key, value))) => {
            let problem = "it belongs to continuous dynamics, but the dynamics are two-step: leave one of them out";
            Err(fail(key, value, problem.to_owned()))
        }
        (Dynamics::TwoStep, None) => Ok((circuit, None)),
        (Dynamics::Continuous, _) => Ok((circuit, Some(PatternSpec::from_table(table)?))),
    }
}

impl Family for MicrocircuitKeys {
    const NAME: &'static str = "microcircuit";

    /// A pattern a step, as many epochs as by default; or figure 3's batches.
    fn defaults(given: &Table) -> Result<Table, SettingError> {
        let table = |settings: Vec<(&str, Value)>| {
            Table(settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        };
        Ok(match read(given)? {
            (_, Some(patterns)) => table(vec![
                ("data", Value::Text(PATTERNS.to_owned())),
                ("validation", Value::Integer(u64::from(patterns.held))),
                // They are new in each epoch.
                ("no-shuffle", Value::Switch(true)),
                ("batch", Value::Integer(1)),
            ]),
            (_, None) => table(vec![("data", Value::Text(SHAPES.to_owned())), ("batch", Value::Integer(10))]),
        })
    }

    fn own(table: &Table) -> Result<Table, SettingError> {
        let (circuit, patterns) = read(table)?;
        let mut own = circuit.table();
        own.0.extend(patterns.into_iter().flat_map(|patterns| patterns.table().0));
        Ok(own)
    }

    fn learner(origin: &Origin, settings: &RunSettings) -> Result<Learner> {
        let (circuit, patterns) = read(&origin.table()).map_err(|error| origin.blame(error))?;
        match patterns {
            Some(_) if settings.data != PATTERNS => bail!(
                "continuous dynamics learn patterns, which are drawn, and not {}: leave --data out, or take --dynamics two-step",
                short(&settings.data)
            ),
            Some(patterns) => of_patterns(circuit, &patterns, settings).map_err(|error| origin.blame(error)),
            None => of_images(circuit, origin, settings),
        }
    }
}

fn of_patterns(circuit: Microcircuit, patterns: &PatternSpec, settings: &RunSettings) -> Result<Learner, SettingError> {
    let RunSettings { validation, seed, batch, .. } = settings;
    if let Some(validation) = validation.filter(|&validation| validation != patterns.held as usize) {
        let problem =
            "it belongs to two-step dynamics, but the dynamics are continuous: --held says how many are held aside";
        return Err(fail("validation", &validation, problem.to_owned()));
    }
    let source = if patterns.teacher.is_some() { Source::Pairs } else { Source::Vectors };
    let circuit = Microcircuit { source, batch: *batch, ..circuit };
    circuit.check()?;
    let ends = [circuit.sizes.first(), circuit.sizes.last()].map(|size| size.copied().unwrap_or(0));
    if let Some([first, hidden, last]) = patterns.teacher.filter(|[first, _, last]| [*first, *last] != ends) {
        let problem = format!("the network goes from {} to {} cells, and so must its teacher", ends[0], ends[1]);
        return Err(fail("teacher", &format!("{first}-{hidden}-{last}"), problem));
    }
    let records = patterns.draw(ends[0], circuit.networks, circuit.transfer, *seed);
    Ok(Learner {
        shape: Shape::new(ends[0], circuit.networks, 1),
        data: PATTERNS,
        records: records.count(),
        bytes: 0,
        load: Box::new(move || Ok(Loaded { digest: records.digest(), records: Box::new(records) })),
        system: Box::new(circuit),
    })
}

fn of_images(circuit: Microcircuit, origin: &Origin, settings: &RunSettings) -> Result<Learner> {
    let outline = settings.data.parse::<Data>()?.outline()?;
    let (shape, classes) = (outline.shape, outline.classes);
    let circuit = Microcircuit { source: Source::Images { shape, classes }, ..circuit };
    circuit.check().map_err(|error| origin.blame(error))?;
    let (records, text) = (outline.records()?, settings.data.clone());
    Ok(Learner {
        shape,
        data: outline.name(),
        records,
        bytes: 0,
        load: Box::new(move || {
            let data = images::load(outline, &text)?;
            ensure!(data.train.len() == records, "{text} changed while it was read: start again");
            Ok(Loaded { digest: data.digest(), records: Box::new(data.train) })
        }),
        system: Box::new(circuit),
    })
}
