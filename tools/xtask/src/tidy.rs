//! The house rules: who may know whom, four files a kernel, sizes of files, who prints, no import circles.

mod circles;
mod dependencies;
mod modules;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};

/// The crate that prints. Examples may, too.
const PRINTS: &str = "hebb-cli";

/// Files beside the dispatchers that are none.
const BESIDE_DISPATCHERS: [&str; 3] = ["launch", "mod", "pieces"];

/// All findings, each a sentence.
pub fn check(root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    // Cargo writes whole paths.
    let root = &fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    match metadata(root) {
        Ok(metadata) => {
            dependencies::check(root, &text(&root.join("ARCHITECTURE.md")), &metadata, &mut problems);
            circles::check(root, &metadata, &mut problems);
        }
        Err(cause) => problems.push(format!("cargo does not read the workspace: {cause}")),
    }
    four_files_a_kernel(root, &mut problems);
    sizes(root, &mut problems);
    printing(root, &mut problems);
    papers(root, &mut problems);
    problems
}

/// The members of the workspace and what they depend on, without a look at the network.
fn metadata(root: &Path) -> Result<Metadata, cargo_metadata::Error> {
    let mut command = MetadataCommand::new();
    command.manifest_path(root.join("Cargo.toml")).no_deps().other_options(["--offline".to_owned()]).exec()
}

fn crates(root: &Path) -> BTreeMap<String, PathBuf> {
    entries(&root.join("crates"))
        .into_iter()
        .filter(|path| path.is_dir())
        .filter_map(|path| Some((path.file_name()?.to_string_lossy().into_owned(), path)))
        .collect()
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(dir).map(|all| all.filter_map(|entry| Some(entry.ok()?.path())).collect()).unwrap_or_default();
    paths.sort();
    paths
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(dir) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
    found
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn four_files_a_kernel(root: &Path, problems: &mut Vec<String>) {
    let places = [
        ("shaders", "wesl"),
        ("crates/hebb-gpu/src/kernels", "rs"),
        ("crates/hebb-reference/src", "rs"),
        ("tests/parity", "rs"),
    ];
    let stems = |dir: &str, extension: &str| -> BTreeSet<String> {
        let all = entries(&root.join(dir)).into_iter();
        let right = all.filter(|path| path.extension().is_some_and(|other| other == extension));
        right.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect()
    };
    let kernels = stems("shaders", "wesl");
    if kernels.is_empty() {
        problems.push("shaders/ holds no kernel".to_owned());
    }
    for (dir, extension) in places {
        let there = stems(dir, extension);
        for kernel in kernels.difference(&there) {
            problems.push(format!("kernel {kernel} has no {dir}/{kernel}.{extension}"));
        }
    }
    for other in stems("crates/hebb-gpu/src/kernels", "rs")
        .difference(&kernels)
        .filter(|stem| !BESIDE_DISPATCHERS.contains(&stem.as_str()))
    {
        problems.push(format!("crates/hebb-gpu/src/kernels/{other}.rs has no shader"));
    }
}

fn sizes(root: &Path, problems: &mut Vec<String>) {
    let limits = [
        ("crates", "rs", 400),
        ("tests", "rs", 400),
        ("benches", "rs", 400),
        ("tools", "rs", 400),
        ("shaders", "wesl", 200),
    ];
    for (dir, extension, limit) in limits {
        for path in files(&root.join(dir), extension) {
            let lines = text(&path).lines().count();
            if lines > limit {
                problems.push(format!("{} has {lines} lines, more than {limit}: part it", path.display()));
            }
        }
    }
}

fn printing(root: &Path, problems: &mut Vec<String>) {
    for (name, path) in crates(root).into_iter().filter(|(name, _)| name != PRINTS) {
        for file in files(&path.join("src"), "rs") {
            for (at, line) in text(&file).lines().enumerate() {
                let code = line.trim_start();
                if !code.starts_with("//")
                    && ["println!", "eprintln!", "print!(", "dbg!"].iter().any(|p| code.contains(p))
                {
                    problems.push(format!("{name} prints at {}:{}: only {PRINTS} may", file.display(), at + 1));
                }
            }
        }
    }
}

fn papers(root: &Path, problems: &mut Vec<String>) {
    for file in [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "tools/quickstart",
        "tools/test",
    ] {
        if text(&root.join(file)).is_empty() {
            problems.push(format!("{file} is missing or empty"));
        }
    }
}
