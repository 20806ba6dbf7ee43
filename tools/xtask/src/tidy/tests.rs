//! The house is tidy, and untidy ones are noticed.

use std::fs;
use std::path::{Path, PathBuf};

use super::table::{self, Allowance};
use super::{check, circles, modules};

#[test]
fn the_house_is_tidy() {
    let problems = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A folder that goes when it is dropped.
struct House(PathBuf);

impl House {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("hebb-tidy-{name}-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        Self(fs::canonicalize(root).unwrap())
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A crate with a library.
    fn add(&self, path: &str, manifest: &str, library: &str) {
        let name = path.rsplit('/').next().unwrap();
        let name = if path.contains('/') { name.to_owned() } else { format!("hebb-{name}") };
        self.write(&format!("{path}/Cargo.toml"), &format!("[package]\nname = '{name}'\n{manifest}"));
        self.write(&format!("{path}/src/lib.rs"), library);
    }

    /// Its findings hold each of these, once; none of those.
    fn finds(&self, wanted: &[&str], not: &[&str]) {
        let problems = check(&self.0);
        for part in wanted {
            let found = problems.iter().filter(|problem| problem.contains(part)).count();
            assert_eq!(found, 1, "'{part}' in:\n{}", problems.join("\n"));
        }
        for part in not {
            assert!(!problems.iter().any(|problem| problem.contains(part)), "'{part}' in:\n{}", problems.join("\n"));
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const MAP: &str = "\
# A map

| crate | holds | may know |
|---|---|---|
| `hebb-spec` | all \\| some | nobody |
| `hebb-data` | files | spec |
| `hebb-engine` | the trainer | spec; tests: data; build: shaders |
| `hebb-shaders` | texts | — |
| `hebb-reference` | twins | spec |
| `hebb-gpu` | devices | spec, reference |
| `tests/`, `benches/` | suites | all |
| `hebb-gone` | nothing | spec, lost |

| outside crate | only in |
|---|---|
| `wgpu` | gpu |
| `never` | gpu, nowhere |
";

#[test]
fn dependencies_that_the_map_does_not_allow_are_noticed() {
    let house = House::new("dependencies");
    house.write("ARCHITECTURE.md", MAP);
    house.write("Cargo.toml", "[workspace]\nmembers = ['crates/*', 'tests']\n");
    let path = |name: &str| format!("hebb-{name} = {{ path = '../hebb-{name}' }}\n");
    house.add("crates/hebb-spec", &format!("[dev-dependencies]\n{}", path("data")), "");
    house.add("crates/hebb-data", "[build-dependencies]\nwgpu = '30'\n", "");
    let engine = format!(
        "[dependencies]\n{}other = {{ path = '../hebb-gpu', package = 'hebb-gpu' }}\n[dev-dependencies]\n{}\
         [build-dependencies]\n{}",
        path("spec"),
        path("data"),
        path("shaders")
    );
    house.add("crates/hebb-engine", &engine, "fn f() { println!(\"no\"); }\n");
    house.add("crates/hebb-shaders", &format!("[build-dependencies]\n{}", path("spec")), "");
    house.add("crates/hebb-reference", "", "");
    house.add("crates/hebb-gpu", &format!("[dependencies]\n{}wgpu = '30'\n", path("reference")), "");
    house.add("crates/hebb-other", "", "");
    house.add("tests", "[dependencies]\nhebb-gpu = { path = '../crates/hebb-gpu' }\n", "");
    let wanted = [
        "hebb-spec depends on hebb-data in its tests: ARCHITECTURE.md allows []",
        "hebb-engine depends on hebb-gpu: ARCHITECTURE.md allows [\"spec\"]",
        "hebb-shaders depends on hebb-spec in its build script",
        "hebb-data depends on wgpu: only {\"gpu\"} may",
        "{\"hebb-gpu\", \"hebb-reference\"} meet in hebb-gpu",
        "hebb-other has no row",
        "'hebb-gone', which is no crate",
        "'lost', which is no crate",
        "'benches', which is no crate",
        "outside crates has 'nowhere'",
        "never, on which nobody depends",
        "hebb-engine prints",
    ];
    let not = ["hebb-engine depends on hebb-data", "hebb-engine depends on hebb-shaders", "hebb-tests depends"];
    house.finds(&wanted, &not);
    house.write("ARCHITECTURE.md", "no table\n");
    house.finds(&["no table with the columns [\"crate\"", "no table with the columns [\"outside crate\""], &[]);
    house.write("Cargo.toml", "[workspace]\nmembers = ['nowhere']\n");
    house.finds(&["cargo does not read the workspace"], &[]);
}

#[test]
fn files_that_are_too_long_lone_or_missing_are_noticed() {
    let house = House::new("files");
    house.write("shaders/lonely.wesl", &"// a line\n".repeat(201));
    house.write("crates/hebb-gpu/src/kernels/lost.rs", "");
    house.write("tests/long.rs", &"// a line\n".repeat(401));
    let places = ["crates/hebb-gpu/src/kernels", "crates/hebb-reference/src", "tests/parity"];
    let wanted = places.map(|place| format!("kernel lonely has no {place}/lonely.rs"));
    house.finds(&wanted.each_ref().map(String::as_str), &[]);
    house.finds(&["201 lines", "401 lines", "kernels/lost.rs has no shader", "README.md is missing"], &[]);
    house.write("shaders/lonely.wesl", "");
    house.finds(&[], &["201 lines"]);
}

#[test]
fn allowances_read_as_they_are_written() {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let read = Allowance::read("spec, `data`; tests: reference, systems; build: shaders");
    assert_eq!(read.known, set(&["spec", "data"]));
    assert_eq!((read.in_tests, read.in_build), (set(&["reference", "systems"]), set(&["shaders"])));
    assert_eq!(Allowance::read("all"), Allowance { all: true, ..Allowance::default() });
    assert_eq!([Allowance::read("nobody"), Allowance::read("—")], [Allowance::default(), Allowance::default()]);
    // A misspelt place stays as a name that no crate has.
    assert_eq!(Allowance::read("test: data").known, set(&["test"]));
    assert_eq!(table::names("`tests/`, `benches/`"), ["tests", "benches"]);
    assert_eq!(table::rows("| crate | may know |\n|---|---|\n| `a` | b |\n", &table::CRATES), None);
}

/// The import circles of a crate with these files.
fn circles_of(name: &str, files: &[(&str, &str)]) -> String {
    let house = House::new(name);
    files.iter().for_each(|(path, text)| house.write(path, text));
    circles::circles(&house.0, &modules::tree(&house.0.join("lib.rs"))).join("\n")
}

#[test]
fn import_circles_are_noticed() {
    let root = ("lib.rs", "mod a;\nmod b;\nmod c;\npub use b::{Thing, Other as Renamed};\n");
    let three =
        [root, ("a.rs", "use crate::Renamed;"), ("b/mod.rs", "fn f(x: super::c::X) {}"), ("c.rs", "use crate::a;")];
    let wanted = "below lib.rs, a → b → c → a is an import circle: \
                  a.rs has crate::Renamed, b/mod.rs has crate::c::X, c.rs has crate::a";
    assert_eq!(circles_of("three", &three), wanted);
    let two = [
        root,
        ("a.rs", "use crate::{c::D, b::{self, E}};"),
        ("b.rs", "use crate::a::F;"),
        ("c.rs", "use crate::a::*;"),
    ];
    let found = circles_of("two", &two);
    assert!(found.contains("a → b → a is") && found.contains("a → c → a is"), "{found}");
    // Below a child, too.
    let deep = [
        ("lib.rs", "mod top;"),
        ("top.rs", "mod x;\nmod y;\nuse x::X;"),
        ("top/x.rs", "mod z;"),
        ("top/x/z.rs", "use crate::top::y::Y;"),
        ("top/y.rs", "use super::X;"),
    ];
    assert!(circles_of("deep", &deep).starts_with("below top.rs, x → y → x is an import circle: top/x/z.rs has"));
}

#[test]
fn what_is_no_circle_is_none() {
    let root = ("lib.rs", "mod a;\npub mod b;\npub use b::Thing;\nuse a::f;\n");
    let b = (
        "b.rs",
        "// use crate::a;\nuse crate::a;\nmod inner {\n    use super::Thing;\n}\n#[cfg(test)]\nmod tests {\n    use crate::c;\n}\n",
    );
    for (name, a) in [
        ("parent", "use crate::Own;"),
        ("comment", "// crate::b::Thing"),
        ("tests", "#[cfg(test)]\nmod tests {\n    use crate::b::Thing;\n}\n"),
        ("test-use", "#[cfg(test)]\nuse crate::b::{\n    Thing,\n};\n"),
        ("inner", "mod inner {\n    use super::Thing;\n}\n"),
        ("outside", "use other::b::Thing;"),
    ] {
        assert_eq!(circles_of(name, &[root, b, ("a.rs", a)]), "", "{name}");
    }
    // The same texts, seen.
    for (name, a) in [("seen", "use crate::Thing;"), ("inner-seen", "mod inner {\n    use super::super::Thing;\n}\n")] {
        assert!(circles_of(name, &[root, b, ("a.rs", a)]).contains("a → b → a"), "{name}");
    }
}
