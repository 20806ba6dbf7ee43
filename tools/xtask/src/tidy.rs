//! The house rules: who may know whom, four files a kernel, sizes of files, who prints, maps that name every crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which crates of the workspace a crate may depend on. A crate that is missing here is a finding.
const MAY_KNOW: [(&str, &[&str]); 8] = [
    ("hebb-spec", &[]),
    ("hebb-reference", &["hebb-spec"]),
    ("hebb-shaders", &[]),
    ("hebb-data", &["hebb-spec"]),
    ("hebb-gpu", &["hebb-spec", "hebb-shaders"]),
    ("hebb-engine", &["hebb-spec", "hebb-data"]),
    ("hebb", &["hebb-spec", "hebb-reference", "hebb-shaders", "hebb-data", "hebb-gpu", "hebb-engine"]),
    ("example-rule", &["hebb-spec", "hebb-data", "hebb-gpu", "hebb-engine"]),
];

/// The crates that print: the command line, and a program to learn from.
const PRINT: [&str; 2] = ["hebb", "example-rule"];

/// Files beside the dispatchers that are none.
const BESIDE_DISPATCHERS: [&str; 2] = ["mod", "pieces"];

/// Outside crates that only some of ours may know.
const ONLY_IN: [(&str, &[&str]); 5] = [
    ("wgpu", &["hebb-gpu"]),
    ("clap", &["hebb"]),
    ("safetensors", &["hebb-engine"]),
    ("image", &["hebb-data", "hebb"]),
    ("ureq", &["hebb-data"]),
];

/// All findings, each a sentence.
pub fn check(root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    dependencies(root, &mut problems);
    four_files_a_kernel(root, &mut problems);
    sizes(root, &mut problems);
    printing(root, &mut problems);
    maps(root, &mut problems);
    problems
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

fn dependencies(root: &Path, problems: &mut Vec<String>) {
    for (name, path) in crates(root) {
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(known, _)| *known == name) else {
            problems.push(format!("crate {name} has no line in MAY_KNOW of tools/xtask/src/tidy.rs: add it"));
            continue;
        };
        let manifest: toml::Table = text(&path.join("Cargo.toml")).parse().unwrap_or_default();
        let section = manifest.get("dependencies").and_then(toml::Value::as_table).cloned().unwrap_or_default();
        for dependency in section.keys() {
            if dependency.starts_with("hebb") && !allowed.contains(&dependency.as_str()) {
                problems.push(format!("{name} depends on {dependency}: only {allowed:?} are allowed"));
            }
            if let Some((_, only)) = ONLY_IN.iter().find(|(outside, _)| outside == dependency)
                && !only.contains(&name.as_str())
            {
                problems.push(format!("{name} depends on {dependency}: only {only:?} may"));
            }
        }
    }
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
    for (name, path) in crates(root).into_iter().filter(|(name, _)| !PRINT.contains(&name.as_str())) {
        for file in files(&path.join("src"), "rs") {
            for (at, line) in text(&file).lines().enumerate() {
                let code = line.trim_start();
                if !code.starts_with("//")
                    && ["println!", "eprintln!", "print!(", "dbg!"].iter().any(|p| code.contains(p))
                {
                    problems.push(format!("{name} prints at {}:{}: only {PRINT:?} may", file.display(), at + 1));
                }
            }
        }
    }
}

fn maps(root: &Path, problems: &mut Vec<String>) {
    let map = text(&root.join("ARCHITECTURE.md"));
    for name in crates(root).keys() {
        if !map.contains(&format!("`{name}`")) {
            problems.push(format!("ARCHITECTURE.md does not name `{name}`"));
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let problems = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }

    #[test]
    fn an_untidy_house_is_noticed() {
        let root = std::env::temp_dir().join(format!("hebb-tidy-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("crates/hebb-engine/Cargo.toml", "[dependencies]\nhebb-gpu = '1'\nwgpu = '30'\n");
        write("crates/hebb-engine/src/lib.rs", "fn f() { println!(\"no\"); }\n");
        write("crates/hebb-other/Cargo.toml", "");
        write("shaders/lonely.wesl", &"// a line\n".repeat(201));
        let problems = check(&root).join("\n");
        fs::remove_dir_all(&root).unwrap();
        for part in [
            "hebb-engine depends on hebb-gpu",
            "hebb-engine depends on wgpu",
            "hebb-engine prints",
            "hebb-other has no line",
            "kernel lonely has no tests/parity",
            "201 lines",
            "README.md is missing",
            "does not name `hebb-engine`",
        ] {
            assert!(problems.contains(part), "'{part}' is not in:\n{problems}");
        }
    }
}
