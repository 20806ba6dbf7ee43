//! Modules side by side must not import each other in a circle. A parent and its children may know each other: they
//! are one thing in several files. What a parent re-exports counts as the child's that it comes from.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use cargo_metadata::Metadata;

use super::modules::{self, Module};

/// From a module to one beside it, with the file and path that show it.
type Edges = BTreeMap<String, BTreeMap<String, String>>;

/// Findings about all targets of all members.
pub fn check(root: &Path, metadata: &Metadata, problems: &mut Vec<String>) {
    let targets = metadata.packages.iter().flat_map(|package| &package.targets);
    let roots: BTreeSet<&Path> = targets.map(|target| target.src_path.as_std_path()).collect();
    // Targets may share modules: each circle is told once.
    let found: BTreeSet<String> = roots.into_iter().flat_map(|file| circles(root, &modules::tree(file))).collect();
    problems.extend(found);
}

/// Sentences about one target's modules.
pub fn circles(root: &Path, modules: &[Module]) -> Vec<String> {
    let mut found = Vec::new();
    for parent in modules {
        let edges = edges(root, parent, modules);
        let file = parent.file.strip_prefix(root).unwrap_or(&parent.file).display();
        for circle in shortest(&edges) {
            let steps = circle.iter().zip(circle.iter().cycle().skip(1)).map(|(from, to)| edges[from][to].as_str());
            let steps = steps.collect::<Vec<_>>().join(", ");
            found.push(format!("below {file}, {} → {} is an import circle: {steps}", circle.join(" → "), circle[0]));
        }
    }
    found
}

/// Who imports whom among the children of a module, each with all that lies below it.
fn edges(root: &Path, parent: &Module, modules: &[Module]) -> Edges {
    let depth = parent.path.len();
    let below: Vec<&Module> =
        modules.iter().filter(|module| module.path.len() > depth && module.path.starts_with(&parent.path)).collect();
    let children: BTreeSet<&String> = below.iter().map(|module| &module.path[depth]).collect();
    let mut origin: BTreeMap<String, String> = BTreeMap::new();
    for named in parent.uses() {
        if let Some(child) = named.path.get(depth).filter(|child| children.contains(child))
            && named.path.starts_with(&parent.path)
        {
            origin.insert(named.name, child.clone());
        }
    }
    let mut edges = Edges::new();
    for module in below {
        let from = &module.path[depth];
        for path in module.paths().into_iter().filter(|path| path.starts_with(&parent.path)) {
            let Some(name) = path.get(depth) else { continue };
            let to = if children.contains(name) { Some(name) } else { origin.get(name) };
            if let Some(to) = to.filter(|to| *to != from) {
                let file = module.file.strip_prefix(root).unwrap_or(&module.file).display();
                let shown = format!("{file} has crate::{}", path.join("::"));
                edges.entry(from.clone()).or_default().entry(to.clone()).or_insert(shown);
            }
        }
    }
    edges
}

/// For each edge that lies on circles, a shortest one; each begins with its first name in the alphabet.
fn shortest(edges: &Edges) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for (from, all) in edges {
        for to in all.keys() {
            if let Some(mut circle) = way(edges, to, from) {
                let first = circle.iter().enumerate().min_by_key(|(_, name)| *name).map_or(0, |(at, _)| at);
                circle.rotate_left(first);
                found.insert(circle);
            }
        }
    }
    found
}

/// The modules of a shortest way.
fn way(edges: &Edges, from: &String, to: &String) -> Option<Vec<String>> {
    let mut before: BTreeMap<&String, &String> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        if at == to {
            let mut way = vec![at.clone()];
            let mut step = at;
            while step != from {
                step = before[step];
                way.push(step.clone());
            }
            way.reverse();
            return Some(way);
        }
        for next in edges.get(at).into_iter().flat_map(BTreeMap::keys) {
            if next != from && !before.contains_key(next) {
                before.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    None
}
