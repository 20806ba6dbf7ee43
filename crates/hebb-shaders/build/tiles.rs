//! Tile constants: those that a kernel's text takes from `package::tile`, and those of its variants in
//! `shaders/variants.toml`, must be the same. Shared by the build script and the tests.

use std::collections::{BTreeMap, BTreeSet};

/// The module that the build script makes of a variant's constants.
const MODULE: &str = "package::tile";

/// Names that a text takes from `package::tile`, by `import` or in place. Comments do not count.
pub fn taken(text: &str) -> BTreeSet<String> {
    let code: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut names = BTreeSet::new();
    for rest in code.split(MODULE).skip(1) {
        let Some(rest) = rest.trim_start().strip_prefix("::") else { continue };
        let list = rest.trim_start();
        let list = list.strip_prefix('{').map_or_else(|| word(list), |list| list.split('}').next().unwrap_or_default());
        // `X as Y` takes X.
        names.extend(list.split(',').map(|item| word(item.trim()).to_owned()).filter(|name| !name.is_empty()));
    }
    names
}

/// The name that a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// A sentence where a variant lacks a constant that the kernel takes, or lists one that it does not.
pub fn mismatch(
    stem: &str,
    variant: &str,
    constants: &BTreeMap<String, u32>,
    taken: &BTreeSet<String>,
) -> Option<String> {
    let listed: BTreeSet<String> = constants.keys().cloned().collect();
    let place = format!("shaders/variants.toml, [{stem}] variants.{variant}");
    if let Some(name) = taken.difference(&listed).next() {
        return Some(format!(
            "{place} lacks {name}, which shaders/{stem}.wesl takes from {MODULE}: it lists {listed:?}"
        ));
    }
    let name = listed.difference(taken).next()?;
    Some(format!("{place} lists {name}, which shaders/{stem}.wesl does not take from {MODULE}: it takes {taken:?}"))
}

/// Whether a linked text has a name beyond its declaration.
pub fn uses(linked: &str, name: &str) -> bool {
    linked.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| *word == name).count() > 1
}

/// A sentence where a kernel takes a constant and no form of it computes with it.
pub fn unused(stem: &str, taken: &BTreeSet<String>, used: &BTreeSet<String>) -> Option<String> {
    let name = taken.difference(used).next()?;
    Some(format!("shaders/{stem}.wesl takes {name} from {MODULE} and no form of it uses it: take it out of both"))
}
