//! Who may know whom: the tables of ARCHITECTURE.md against the dependencies that cargo sees.

use std::collections::BTreeSet;
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, Package};

use super::table::{self, Allowance};

/// What computes a plan. They are compared, so none may lean on another.
const BACKENDS: [&str; 3] = ["hebb-gpu", "hebb-cpu", "hebb-reference"];
/// Where they meet.
const MEETING: [&str; 4] = ["hebb", "hebb-cli", "hebb-tests", "hebb-benches"];

/// Findings about the dependencies of all members, as ARCHITECTURE.md allows them.
pub fn check(root: &Path, map: &str, metadata: &Metadata, problems: &mut Vec<String>) {
    let members: Vec<Member> = metadata.packages.iter().map(|package| Member::new(root, package)).collect();
    match table::rows(map, &table::CRATES) {
        Some(rows) => crates(&rows, &members, problems),
        None => problems.push(format!("ARCHITECTURE.md has no table with the columns {:?}", table::CRATES)),
    }
    match table::rows(map, &table::OUTSIDE) {
        Some(rows) => outside(&rows, &members, problems),
        None => problems.push(format!("ARCHITECTURE.md has no table with the columns {:?}", table::OUTSIDE)),
    }
    backends(&members, problems);
}

/// A crate of the workspace.
struct Member<'a> {
    name: &'a str,
    /// Its folder, from the root.
    folder: String,
    package: &'a Package,
}

impl<'a> Member<'a> {
    fn new(root: &Path, package: &'a Package) -> Self {
        let folder = package.manifest_path.parent().map(|path| path.as_std_path()).unwrap_or(root);
        let folder = folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().into_owned();
        Self { name: package.name.as_str(), folder, package }
    }

    /// Whether a text means it: its name, without `hebb-` if one likes, or its folder.
    fn is(&self, text: &str) -> bool {
        self.name == text || self.name.strip_prefix("hebb-") == Some(text) || self.folder == text
    }
}

fn crates(rows: &[(String, String)], members: &[Member], problems: &mut Vec<String>) {
    let allowances: Vec<(Vec<&str>, Allowance)> =
        rows.iter().map(|(first, last)| (table::names(first), Allowance::read(last))).collect();
    for (names, allowance) in &allowances {
        let unknown = |name: &&str| !members.iter().any(|member| member.is(name));
        for name in names.iter().copied().chain(allowance.names().map(String::as_str)).filter(unknown) {
            problems.push(format!("ARCHITECTURE.md's table of crates has '{name}', which is no crate here"));
        }
    }
    for member in members {
        let name = member.name;
        let row = allowances.iter().find(|(names, _)| names.iter().any(|text| member.is(text)));
        let Some((_, allowance)) = row else {
            problems.push(format!("{name} has no row in ARCHITECTURE.md's table of crates: add it"));
            continue;
        };
        for dependency in &member.package.dependencies {
            let Some(known) = members.iter().find(|other| other.name == dependency.name) else { continue };
            let (more, place) = match dependency.kind {
                DependencyKind::Development => (&allowance.in_tests, " in its tests"),
                DependencyKind::Build => (&allowance.in_build, " in its build script"),
                _ => (&BTreeSet::new(), ""),
            };
            if !allowance.all && !allowance.known.union(more).any(|text| known.is(text)) {
                problems.push(format!(
                    "{name} depends on {}{place}: ARCHITECTURE.md allows {:?}",
                    known.name,
                    allowance.known.union(more).collect::<Vec<_>>()
                ));
            }
        }
    }
}

fn outside(rows: &[(String, String)], members: &[Member], problems: &mut Vec<String>) {
    for (first, last) in rows {
        let only = Allowance::read(last);
        for text in only.names().filter(|text| !members.iter().any(|member| member.is(text))) {
            problems.push(format!("ARCHITECTURE.md's table of outside crates has '{text}', which is no crate here"));
        }
        for outside in table::names(first) {
            let users: Vec<&Member> = members
                .iter()
                .filter(|member| member.package.dependencies.iter().any(|dependency| dependency.name == outside))
                .collect();
            if users.is_empty() {
                problems.push(format!("ARCHITECTURE.md says who may know {outside}, on which nobody depends"));
            }
            for user in users.iter().filter(|user| !only.known.iter().any(|text| user.is(text))) {
                problems.push(format!("{} depends on {outside}: only {:?} may", user.name, only.known));
            }
        }
    }
}

fn backends(members: &[Member], problems: &mut Vec<String>) {
    for member in members.iter().filter(|member| !MEETING.contains(&member.name)) {
        // Tests of others may compare them, where the table says so.
        let is_backend = BACKENDS.contains(&member.name);
        let counts = |kind| is_backend || kind != DependencyKind::Development;
        let dependencies = member.package.dependencies.iter().filter(|dependency| counts(dependency.kind));
        let dependencies = dependencies.map(|dependency| dependency.name.as_str());
        let all = dependencies.chain([member.name]).filter(|name| BACKENDS.contains(name));
        let all: BTreeSet<&str> = all.collect();
        if all.len() > 1 {
            problems.push(format!("{all:?} meet in {}: they may only in {MEETING:?}", member.name));
        }
    }
}
