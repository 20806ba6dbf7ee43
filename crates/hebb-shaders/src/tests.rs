//! Names of tile constants: none is misspelt, in shaders, in `variants.toml` or where `hebb-gpu` asks for one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, panic};

use crate::{SHADERS, Shader};

#[path = "../build/tiles.rs"]
mod tiles;

fn names(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

/// Sentences about what a file of `hebb-gpu` asks of a shader: a dispatcher of its own kernel, others of every kernel.
fn misspelt(file: &str, text: &str) -> Vec<String> {
    let own = |shader: &&Shader| SHADERS.iter().all(|other| other.stem != file) || shader.stem == file;
    let mut problems = Vec::new();
    for rest in text.split(".constant(").skip(1) {
        let Some(name) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
            problems.push(format!("{file}.rs asks for a tile constant that is no plain text"));
            continue;
        };
        // A kernel's two texts have constants of their own; the build holds each text's variants to it.
        let has = |shader: &&Shader| shader.constants.iter().any(|(key, _)| *key == name);
        let lacking = SHADERS
            .iter()
            .filter(own)
            .find(|shader| SHADERS.iter().filter(|other| other.stem == shader.stem).all(|other| !has(&other)));
        problems.extend(lacking.map(|shader| format!("{file}.rs asks for {name}, which {} lacks", shader.stem)));
    }
    problems
}

#[test]
fn every_name_that_hebb_gpu_asks_for_is_there() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../hebb-gpu/src")];
    let (mut problems, mut asked) = (Vec::new(), 0);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                asked += text.matches(".constant(").count();
                problems.extend(misspelt(&path.file_stem().unwrap().to_string_lossy(), &text));
            }
        }
    }
    assert!(asked >= 10, "only {asked} places ask for a tile constant: does this test look at the right folder?");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_misspelt_name_is_noticed() {
    let found = |file, text: &str| misspelt(file, text).join("; ");
    assert_eq!(found("connect_update", r#"shader.constant("LANES") * shader.constant("TAPS")"#), "");
    assert_eq!(
        found("connect_update", r#"shader.constant("TAPZ")"#),
        "connect_update.rs asks for TAPZ, which connect_update lacks"
    );
    assert_eq!(found("loss", r#"shader.constant("TAPS")"#), "loss.rs asks for TAPS, which loss lacks");
    assert!(found("ready", r#"shader.constant("TAPS")"#).starts_with("ready.rs asks for TAPS, which "));
    assert_eq!(found("ready", r#"shader.constant("LANES")"#), "");
    assert_eq!(found("ready", "shader.constant(name)"), "ready.rs asks for a tile constant that is no plain text");
}

#[test]
fn an_unknown_constant_is_no_number() {
    let shader = SHADERS.iter().find(|shader| shader.stem == "loss").unwrap();
    assert!(shader.constant("LANES") > 0);
    let message = panic::catch_unwind(|| shader.constant("LANE")).unwrap_err();
    assert!(message.downcast_ref::<String>().unwrap().starts_with("loss has no tile constant LANE: "));
}

#[test]
fn imports_are_read_as_they_are_written() {
    for (text, wanted) in [
        ("import package::tile::LANES;\nimport package::lib::grid::f;", &["LANES"][..]),
        ("import package::tile::{A,\n    B_2 as C };", &["A", "B_2"]),
        ("let n = package::tile::TAPS * 2u;", &["TAPS"]),
        ("// import package::tile::LANES;\nlet tile = package::tiles::X;", &[]),
    ] {
        assert_eq!(tiles::taken(text), names(wanted), "{text}");
    }
}

#[test]
fn a_variant_lists_what_its_kernel_takes() {
    let listed = |all: &[&str]| -> BTreeMap<String, u32> { all.iter().map(|name| ((*name).to_owned(), 4)).collect() };
    let check = |all: &[&str]| tiles::mismatch("s", "wide", &listed(all), &names(&["LANES", "TAPS"]));
    assert_eq!(check(&["LANES", "TAPS"]), None);
    let lacks = check(&["LANES"]).unwrap();
    assert!(lacks.starts_with("shaders/variants.toml, [s] variants.wide lacks TAPS, which shaders/s.wesl takes"));
    let more = check(&["LANES", "TAPS", "TAPZ"]).unwrap();
    assert!(
        more.starts_with("shaders/variants.toml, [s] variants.wide lists TAPZ, which shaders/s.wesl does not take")
    );
    assert!(check(&["LANES", "TAPZ"]).unwrap().contains("lacks TAPS"));
}

#[test]
fn a_constant_that_no_form_uses_is_noticed() {
    let linked = "const LANES: u32 = 8u; const TAPS: u32 = 4u; fn f() { let n = LANES * OUR_TAPS; }";
    assert!(tiles::uses(linked, "LANES") && !tiles::uses(linked, "TAPS"));
    let taken = names(&["LANES", "TAPS"]);
    assert_eq!(tiles::unused("s", &taken, &names(&["LANES", "OTHER", "TAPS"])), None);
    assert!(tiles::unused("s", &taken, &names(&["LANES"])).unwrap().starts_with("shaders/s.wesl takes TAPS from"));
}
