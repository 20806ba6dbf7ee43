//! Links `shaders/` for every kernel, form and variant, validates the result with naga, and writes typed Rust for it.
//! Shaders come in sorted order, so the output depends on nothing but the texts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use naga::valid::{Capabilities, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator};
use wesl::{ModulePath, VirtualResolver, Wesl};

#[path = "build/tiles.rs"]
mod tiles;
#[path = "build/unroll.rs"]
mod unroll;

#[derive(serde::Deserialize)]
struct Kernel {
    /// Forms: sets of conditions; one plain form if absent.
    #[serde(default = "plain")]
    features: Vec<Vec<String>>,
    variants: BTreeMap<String, BTreeMap<String, u32>>,
    /// Variants whose text lies in `shaders/tiles/`.
    #[serde(default)]
    tiles: BTreeMap<String, BTreeMap<String, u32>>,
    /// Variants by the lanes of a subgroup, whose text lies in `shaders/lanes/`.
    #[serde(default)]
    lanes: BTreeMap<String, BTreeMap<String, u32>>,
}

fn plain() -> Vec<Vec<String>> {
    vec![Vec::new()]
}

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../shaders");
    println!("cargo::rerun-if-changed={}", root.display());
    let modules = read_modules(&root, &root);
    let table = fs::read_to_string(root.join("variants.toml")).expect("shaders/variants.toml");
    let kernels: BTreeMap<String, Kernel> = toml::from_str(&table).expect("shaders/variants.toml");

    let stems: BTreeSet<&str> = modules.keys().filter(|name| !name.contains("::")).map(String::as_str).collect();
    let listed: BTreeSet<&str> = kernels.keys().map(String::as_str).collect();
    assert_eq!(stems, listed, "shaders/*.wesl and the kernels of shaders/variants.toml");

    let mut table = String::from("/// Every kernel in every form and variant.\npub static SHADERS: &[Shader] = &[\n");
    let mut structs = BTreeMap::new();
    for (name, text) in modules.iter().filter(|(name, _)| name.starts_with("lib::")) {
        assert!(
            tiles::taken(text).is_empty(),
            "shaders/{name}: a shared module takes no tile constants, but arguments"
        );
    }
    for (stem, kernel) in &kernels {
        let of = |folder: &str| format!("{folder}::{stem}");
        for (text, variants) in
            [(stem.clone(), &kernel.variants), (of("tiles"), &kernel.tiles), (of("lanes"), &kernel.lanes)]
        {
            if variants.is_empty() {
                assert!(!modules.contains_key(&text), "shaders/variants.toml lists no variant of {text}");
                continue;
            }
            let text = modules.get(&text).map(|source| (text.as_str(), source.as_str()));
            let text = text.unwrap_or_else(|| panic!("shaders/variants.toml: [{stem}] tiles have no text"));
            write_variants(stem, kernel, text, variants, (&modules, &mut table, &mut structs));
        }
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("shaders.rs");
    fs::write(out, table + &structs.into_values().collect::<String>()).expect("OUT_DIR is writable");
}

/// The shaders of one text in every form and variant, into the table; their structs beside.
fn write_variants(
    stem: &str,
    kernel: &Kernel,
    (text, source): (&str, &str),
    variants: &BTreeMap<String, BTreeMap<String, u32>>,
    (modules, table, structs): (&BTreeMap<String, String>, &mut String, &mut BTreeMap<String, String>),
) {
    let file = text.replace("::", "/");
    let taken = tiles::taken(source);
    let mut used = BTreeSet::new();
    for (variant, constants) in variants {
        agree(tiles::mismatch(&file, variant, constants, &taken));
    }
    for features in &kernel.features {
        for (variant, constants) in variants {
            let linked = link(text, modules, features, constants, &all_features(kernel));
            used.extend(taken.iter().filter(|name| tiles::uses(&linked, name)).cloned());
            let (kind, capabilities) = kind(text);
            let source = if kind == "Plain" { linked } else { unroll::written_out(&linked) };
            let module = validate(&file, &source, capabilities);
            params_struct(stem, &module, structs);
            step_struct(&module, structs);
            let _ = writeln!(
                table,
                "    Shader {{ stem: {stem:?}, features: &{features:?}, variant: {variant:?}, text: Text::{kind}, constants: &{:?}, \
                 storages: {}, writes: {}, reads_step: {}, threads: {}, workgroup_memory: {}, source: {source:?} }},",
                constants.iter().collect::<Vec<_>>(),
                count_bindings(&module, 0) - 1,
                written_bindings(&module),
                count_bindings(&module, 1) == 1,
                module.entry_points[0].workgroup_size.iter().product::<u32>(),
                workgroup_memory(&module),
            );
        }
    }
    agree(tiles::unused(&file, &taken, &used));
}

/// Ends the build with a sentence, where there is one.
fn agree(problem: Option<String>) {
    if let Some(problem) = problem {
        println!("cargo::error={problem}");
        std::process::exit(1);
    }
}

/// All modules below `dir`, by path: `connect_forward`, `lib::grid`.
fn read_modules(root: &Path, dir: &Path) -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            modules.extend(read_modules(root, &path));
        } else if path.extension().is_some_and(|extension| extension == "wesl") {
            let name = path.strip_prefix(root).expect("below the root").with_extension("");
            let name = name.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("::");
            modules.insert(name, fs::read_to_string(&path).expect("a readable shader"));
        }
    }
    modules
}

fn all_features(kernel: &Kernel) -> BTreeSet<String> {
    kernel.features.iter().flatten().cloned().collect()
}

fn link(
    stem: &str,
    modules: &BTreeMap<String, String>,
    features: &[String],
    constants: &BTreeMap<String, u32>,
    all: &BTreeSet<String>,
) -> String {
    let path = |name: &str| -> ModulePath { format!("package::{name}").parse().expect("a module path") };
    let mut resolver = VirtualResolver::new();
    for (name, text) in modules {
        resolver.add_module(path(name), Cow::Owned(text.clone()));
    }
    let tile: String = constants.iter().map(|(name, value)| format!("const {name}: u32 = {value}u;\n")).collect();
    resolver.add_module(path("tile"), Cow::Owned(tile));
    let mut wesl = Wesl::new_barebones().set_custom_resolver(resolver);
    wesl.use_imports(true).use_condcomp(true).use_stripping(true);
    for feature in all {
        wesl.set_feature(feature, features.contains(feature));
    }
    match wesl.compile(&path(stem)) {
        Ok(result) => result.to_string(),
        Err(error) => panic!("shaders/{stem}.wesl does not link: {error}"),
    }
}

/// Which of a kernel's texts one is, and what a device must be able to do beyond what all can.
fn kind(text: &str) -> (&'static str, Capabilities) {
    match text.split_once("::") {
        Some(("tiles", _)) => ("Tiles", Capabilities::empty()),
        Some(("lanes", _)) => ("Lanes", Capabilities::SUBGROUP),
        _ => ("Plain", Capabilities::empty()),
    }
}

fn validate(stem: &str, source: &str, capabilities: Capabilities) -> naga::Module {
    let module = naga::front::wgsl::parse_str(source)
        .unwrap_or_else(|error| panic!("shaders/{stem}.wesl: {}", error.emit_to_string(source)));
    let mut validator = Validator::new(ValidationFlags::all(), capabilities);
    if capabilities.contains(Capabilities::SUBGROUP) {
        validator.subgroup_stages(ShaderStages::COMPUTE).subgroup_operations(SubgroupOperationSet::all());
    }
    if let Err(error) = validator.validate(&module) {
        panic!("shaders/{stem}.wesl: {}", error.emit_to_string(source));
    }
    module
}

fn count_bindings(module: &naga::Module, group: u32) -> usize {
    let bindings = module.global_variables.iter().filter_map(|(_, variable)| variable.binding.as_ref());
    bindings.filter(|binding| binding.group == group).count()
}

/// The storage buffers that may be written, a bit for each binding.
fn written_bindings(module: &naga::Module) -> u32 {
    let is_written = |variable: &naga::GlobalVariable| matches!(variable.space, naga::AddressSpace::Storage { access } if access.contains(naga::StorageAccess::STORE));
    let written = module.global_variables.iter().filter(|(_, variable)| is_written(variable));
    written.filter_map(|(_, variable)| variable.binding.as_ref()).map(|binding| 1 << binding.binding).sum()
}

/// Bytes of workgroup memory.
fn workgroup_memory(module: &naga::Module) -> u32 {
    let shared = module.global_variables.iter().filter(|(_, variable)| variable.space == naga::AddressSpace::WorkGroup);
    shared.map(|(_, variable)| module.types[variable.ty].inner.size(module.to_ctx())).sum()
}

/// Rust structs with the fields and the layout of the shader's `Params` and of those inside, into `structs` by name.
fn params_struct(stem: &str, module: &naga::Module, structs: &mut BTreeMap<String, String>) {
    let found = module.types.iter().find(|(_, kind)| kind.name.as_deref().is_some_and(|n| n.ends_with("Params")));
    let (params, _) = found.unwrap_or_else(|| panic!("shaders/{stem}.wesl has no struct Params"));
    let name: String = stem.split('_').map(|part| part[..1].to_uppercase() + &part[1..]).collect();
    let doc = format!("Parameters of `{stem}`, as its shader declares them.");
    rust_struct(&format!("{name}Params"), &doc, module, params, structs);
}

/// The same of `StepInfo`, the uniform of group 1, where the shader reads it.
fn step_struct(module: &naga::Module, structs: &mut BTreeMap<String, String>) {
    let step = module.global_variables.iter().find(|(_, variable)| variable.binding.is_some_and(|b| b.group == 1));
    if let Some((_, variable)) = step {
        let doc = "What changes from step to step, as the shaders declare it: the uniform of group 1.";
        rust_struct("StepInfo", doc, module, variable.ty, structs);
    }
}

const FOUR_FLOATS: naga::TypeInner =
    naga::TypeInner::Vector { size: naga::VectorSize::Quad, scalar: naga::Scalar::F32 };

/// One struct; several kernels, and all forms of one, must agree on it.
fn rust_struct(
    name: &str,
    doc: &str,
    module: &naga::Module,
    kind: naga::Handle<naga::Type>,
    structs: &mut BTreeMap<String, String>,
) {
    let naga::TypeInner::Struct { members, .. } = &module.types[kind].inner else { panic!("{name} is no struct") };
    let mut text = format!(
        "\n/// {doc}\n#[repr(C)]\n#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]\n\
         pub struct {name} {{\n"
    );
    let mut end = 0;
    for member in members {
        let field = member.name.as_deref().expect("named members");
        let kind = match &module.types[member.ty] {
            naga::Type { inner: naga::TypeInner::Scalar(naga::Scalar::U32), .. } => "u32".to_owned(),
            naga::Type { inner: naga::TypeInner::Scalar(naga::Scalar::F32), .. } => "f32".to_owned(),
            naga::Type { inner: naga::TypeInner::Array { base, size, stride: 16 }, .. }
                if module.types[*base].inner == FOUR_FLOATS =>
            {
                let naga::ArraySize::Constant(count) = size else { panic!("{name}.{field} has no fixed length") };
                format!("[[f32; 4]; {count}]")
            }
            naga::Type { inner: naga::TypeInner::Struct { .. }, name: Some(linked) } => {
                // The linker writes the module's path before an imported name.
                let inner = linked.rsplit('_').next().expect("one part at least");
                rust_struct(inner, "As the shaders that share it declare it.", module, member.ty, structs);
                inner.to_owned()
            }
            other => panic!("{name}.{field} is {other:?}, not u32, f32, a struct of them or an array of vec4<f32>"),
        };
        if member.offset > end {
            // What the shader's rules of alignment leave free.
            let _ = writeln!(text, "    #[doc(hidden)]\n    pub gap_{end}: [u32; {}],", (member.offset - end) / 4);
        }
        end = member.offset + module.types[member.ty].inner.size(module.to_ctx());
        let _ = writeln!(text, "    /// As in the shader.\n    pub {field}: {kind},");
    }
    let _ = writeln!(text, "}}\n\nconst _: () = assert!(size_of::<{name}>() == {end});");
    let known = structs.entry(name.to_owned()).or_insert_with(|| text.clone());
    assert_eq!(*known, text, "{name} differs between shaders or forms");
}
