//! What `hebb hebbian` trains: a connection of the Hebbian family on vectors.

use anyhow::Result;
use hebb_data::VectorSpec;
use hebb_engine::settings::RunSettings;
use hebb_spec::settings::{SettingError, Table, Value};
use hebb_systems::hebbian::HebbianSpec;

use super::{Family, Learner, Loaded};
use crate::args::HebbianKeys;
use crate::origin::Origin;

impl Family for HebbianKeys {
    const NAME: &'static str = "hebbian";

    fn defaults(_given: &Table) -> Result<Table, SettingError> {
        Ok(Table(vec![
            ("data".to_owned(), Value::Text("gaussian:4,2,1,0.5".to_owned())),
            ("batch".to_owned(), Value::Integer(100)),
        ]))
    }

    fn own(table: &Table) -> Result<Table, SettingError> {
        let mut own = HebbianSpec::from_table(table)?.table();
        own.0.extend(VectorSpec::from_table(table)?.table().0);
        Ok(own)
    }

    fn learner(origin: &Origin, settings: &RunSettings) -> Result<Learner> {
        let table = origin.table();
        let spec = HebbianSpec::from_table(&table).map_err(|error| origin.blame(error))?;
        let vectors = VectorSpec::from_table(&table).map_err(|error| origin.blame(error))?;
        let outline = vectors.outline(&settings.data)?;
        let shape = outline.shape;
        let system = spec.build(shape.units()).map_err(|error| origin.blame(error))?;
        Ok(Learner {
            system: Box::new(system),
            shape,
            data: outline.name(),
            records: outline.records,
            bytes: outline.bytes(),
            load: Box::new(move || {
                let vectors = outline.load()?;
                let digest = vectors.digest();
                Ok(Loaded { records: Box::new(vectors), digest })
            }),
        })
    }
}
