//! Settings over settings: an option wins over a file.

use hebb_spec::settings::Table;

/// Settings of which only one may hold: a given one shuts out the other below it.
const RIVALS: [[&str; 2]; 2] = [["epochs", "steps"], ["resume", "overwrite"]];

/// The setting that a setting shuts out, if any.
pub fn rival(key: &str) -> Option<&'static str> {
    RIVALS.iter().find_map(|&[one, other]| match key {
        _ if key == one => Some(other),
        _ if key == other => Some(one),
        _ => None,
    })
}

/// Both tables' settings: `upper` wins.
pub fn over(upper: &Table, lower: &Table) -> Table {
    let is_free = |key: &str| [Some(key), rival(key)].into_iter().flatten().all(|key| upper.get(key).is_none());
    let mut all = upper.clone();
    all.0.extend(lower.0.iter().filter(|(key, _)| is_free(key)).cloned());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::settings::Value;

    fn table(entries: &[(&str, u64)]) -> Table {
        Table(entries.iter().map(|&(key, value)| (key.to_owned(), Value::Integer(value))).collect())
    }

    #[test]
    fn the_upper_table_wins_and_shuts_out_rivals() {
        let lower = table(&[("lr", 1), ("batch", 2), ("epochs", 3)]);
        assert_eq!(over(&table(&[("lr", 5)]), &lower), table(&[("lr", 5), ("batch", 2), ("epochs", 3)]));
        assert_eq!(over(&table(&[("steps", 7)]), &lower), table(&[("steps", 7), ("lr", 1), ("batch", 2)]));
        assert_eq!((rival("resume"), rival("overwrite"), rival("lr")), (Some("overwrite"), Some("resume"), None));
    }
}
