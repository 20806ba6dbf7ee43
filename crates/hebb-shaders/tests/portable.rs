//! Every shader must reach every platform: naga writes SPIR-V, MSL and HLSL from each, within the portable baseline.

use hebb_shaders::{SHADERS, Shader, Text};
use naga::back::hlsl::ShaderModel;
use naga::valid::{Capabilities, ModuleInfo, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator};

fn read(shader: &Shader) -> (naga::Module, ModuleInfo) {
    let module = naga::front::wgsl::parse_str(shader.source).expect("valid WGSL");
    // Under exactly what its text needs.
    let by_lanes = shader.text == Text::Lanes;
    let capabilities = if by_lanes { Capabilities::SUBGROUP } else { Capabilities::empty() };
    let mut validator = Validator::new(ValidationFlags::all(), capabilities);
    if by_lanes {
        validator.subgroup_stages(ShaderStages::COMPUTE).subgroup_operations(SubgroupOperationSet::all());
    }
    let info = validator.validate(&module).expect("a valid module");
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
        // Subgroups came with model 6; all else must do without.
        let by_lanes = shader.text == Text::Lanes;
        let shader_model = if by_lanes { ShaderModel::V6_0 } else { naga::back::hlsl::Options::default().shader_model };
        let hlsl = naga::back::hlsl::Options { fake_missing_bindings: true, shader_model, ..Default::default() };
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
        assert!(
            shared <= if shader.text == Text::Tiles { 32_768 } else { 16_384 },
            "{} {}",
            shader.stem,
            shader.variant
        );
    }
}

#[test]
fn every_form_runs_on_every_device() {
    for shader in SHADERS {
        let mut others = SHADERS.iter().filter(|other| other.stem == shader.stem && other.features == shader.features);
        let is_portable =
            |other: &Shader| other.text != Text::Lanes && other.workgroup_memory <= 16_384 && other.threads <= 256;
        assert!(others.any(is_portable), "{} {:?}", shader.stem, shader.features);
    }
}
