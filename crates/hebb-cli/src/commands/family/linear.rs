//! What `hebb linear` trains: a linear network on the unit vectors, each step on all of them.

use anyhow::Result;
use hebb_data::Pairs;
use hebb_engine::settings::RunSettings;
use hebb_spec::Shape;
use hebb_spec::settings::{SettingError, Table, Value};
use hebb_systems::linear::Linear;

use super::{Family, Learner, Loaded};
use crate::args::LinearKeys;
use crate::origin::Origin;

/// What its data are called.
const DATA: &str = "unit-vectors";

impl Family for LinearKeys {
    const NAME: &'static str = "linear";

    /// Each step is on all records, and so an epoch: none are kept for validation.
    fn defaults(given: &Table) -> Result<Table, SettingError> {
        let inputs = Linear::from_table(given)?.inputs();
        Ok(Table(vec![
            ("data".to_owned(), Value::Text(DATA.to_owned())),
            ("validation".to_owned(), Value::Integer(0)),
            ("no-shuffle".to_owned(), Value::Switch(true)),
            ("epochs".to_owned(), Value::Integer(1000)),
            ("batch".to_owned(), Value::Integer(u64::from(inputs))),
        ]))
    }

    fn own(table: &Table) -> Result<Table, SettingError> {
        Ok(Linear::from_table(table)?.table())
    }

    fn learner(origin: &Origin, settings: &RunSettings) -> Result<Learner> {
        let linear = Linear::from_table(&origin.table()).map_err(|error| origin.blame(error))?;
        let (inputs, outputs, seed) = (linear.inputs(), linear.outputs(), settings.seed);
        let of_data = linear.clone();
        Ok(Learner {
            system: Box::new(linear),
            shape: Shape::flat(inputs),
            data: DATA,
            records: inputs as usize,
            bytes: 4 * u64::from(inputs) * (u64::from(inputs) + u64::from(outputs)),
            load: Box::new(move || {
                let pairs = Pairs::of_unit_vectors(outputs as usize, of_data.targets(seed));
                let digest = pairs.digest();
                Ok(Loaded { records: Box::new(pairs), digest })
            }),
        })
    }
}
