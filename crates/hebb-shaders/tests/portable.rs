//! Every shader must reach every platform: naga writes SPIR-V, MSL and HLSL from each, within the portable baseline.

use hebb_shaders::{SHADERS, Shader};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};

fn read(shader: &Shader) -> (naga::Module, ModuleInfo) {
    let module = naga::front::wgsl::parse_str(shader.source).expect("valid WGSL");
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module).expect("a valid module");
    (module, info)
}

#[test]
fn every_shader_translates_to_spirv_msl_and_hlsl() {
    assert!(SHADERS.len() >= 20, "{} shaders", SHADERS.len());
    for shader in SHADERS {
        let (module, info) = read(shader);
        let spirv = naga::back::spv::write_vec(&module, &info, &naga::back::spv::Options::default(), None);
        assert!(!spirv.unwrap().is_empty(), "{}", shader.stem);
        let msl = naga::back::msl::Options { fake_missing_bindings: true, ..Default::default() };
        let pipeline = naga::back::msl::PipelineOptions::default();
        let (text, _) = naga::back::msl::write_string(&module, &info, &msl, &pipeline).unwrap();
        assert!(text.contains("kernel void"), "{}", shader.stem);
        let hlsl = naga::back::hlsl::Options { fake_missing_bindings: true, ..Default::default() };
        let pipeline = naga::back::hlsl::PipelineOptions::default();
        let mut text = String::new();
        naga::back::hlsl::Writer::new(&mut text, &hlsl, &pipeline).write(&module, &info, None).unwrap();
        assert!(text.contains("numthreads"), "{}", shader.stem);
    }
}

#[test]
fn every_shader_keeps_the_portable_limits() {
    for shader in SHADERS {
        let (module, _) = read(shader);
        assert!(shader.storages <= 8, "{}: {} storage buffers", shader.stem, shader.storages);
        assert_eq!(shader.threads, module.entry_points[0].workgroup_size.iter().product::<u32>());
        assert_eq!(shader.threads, shader.constant("LANES"), "{}", shader.stem);
        assert!(shader.threads <= 256, "{}", shader.stem);
        let mut layouter = naga::proc::Layouter::default();
        layouter.update(module.to_ctx()).unwrap();
        let shared: u32 = module
            .global_variables
            .iter()
            .filter(|(_, variable)| variable.space == naga::AddressSpace::WorkGroup)
            .map(|(_, variable)| layouter[variable.ty].size)
            .sum();
        assert_eq!(shared, shader.workgroup_memory, "{} {}", shader.stem, shader.variant);
        // What every device has; NVIDIA, AMD, Intel and Apple have 32 KiB at least.
        assert!(shared <= if shader.is_tiled { 32_768 } else { 16_384 }, "{} {}", shader.stem, shader.variant);
    }
}

#[test]
fn every_form_runs_on_every_device() {
    for shader in SHADERS {
        let mut others = SHADERS.iter().filter(|other| other.stem == shader.stem && other.features == shader.features);
        let is_portable = |other: &Shader| other.workgroup_memory <= 16_384 && other.threads <= 256;
        assert!(others.any(is_portable), "{} {:?}", shader.stem, shader.features);
    }
}
