//! From WGSL to SPIR-V as wgpu writes it for a trusted shader, and to MSL and HLSL.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use hebb_shaders::{Shader, Text};
use naga::back::{hlsl, msl, spv};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::{Capabilities, ModuleInfo, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator};

use crate::error::Error;

/// A kernel's name in one word: stem, form, variant.
pub fn name(shader: &Shader) -> String {
    format!("{}.{}.{}", shader.stem, form(shader), shader.variant)
}

/// The conditions of a form; `plain` without any.
pub fn form(shader: &Shader) -> String {
    if shader.features.is_empty() { "plain".to_owned() } else { shader.features.join("+") }
}

/// A shader that naga has read.
pub struct Translator<'a> {
    shader: &'a Shader,
    module: naga::Module,
    info: ModuleInfo,
}

impl<'a> Translator<'a> {
    /// Reads and validates the WGSL.
    pub fn new(shader: &'a Shader) -> Result<Self, Error> {
        let error = |cause: String| Error::Translation { what: name(shader), language: "naga's own form", cause };
        let module =
            naga::front::wgsl::parse_str(shader.source).map_err(|cause| error(cause.emit_to_string(shader.source)))?;
        // Under exactly what its text needs.
        let by_lanes = shader.text == Text::Lanes;
        let capabilities = if by_lanes { Capabilities::SUBGROUP } else { Capabilities::empty() };
        let mut validator = Validator::new(ValidationFlags::all(), capabilities);
        if by_lanes {
            validator.subgroup_stages(ShaderStages::COMPUTE).subgroup_operations(SubgroupOperationSet::all());
        }
        let info = validator.validate(&module).map_err(|cause| error(cause.emit_to_string(shader.source)))?;
        Ok(Self { shader, module, info })
    }

    fn failed(&self, language: &'static str, cause: impl std::fmt::Display) -> Error {
        Error::Translation { what: name(self.shader), language, cause: cause.to_string() }
    }

    /// SPIR-V as wgpu 30 writes it under `ShaderRuntimeChecks::unchecked()`, workgroup memory not set to zero.
    pub fn spirv(&self) -> Result<Vec<u32>, Error> {
        let unchecked = BoundsCheckPolicy::Unchecked;
        let options = spv::Options {
            lang_version: (1, 6),
            flags: spv::WriterFlags::LABEL_VARYINGS | spv::WriterFlags::FORCE_POINT_SIZE,
            fake_missing_bindings: true,
            bounds_check_policies: BoundsCheckPolicies {
                index: unchecked,
                buffer: unchecked,
                image_load: unchecked,
                binding_array: unchecked,
            },
            zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
            force_loop_bounding: false,
            ray_query_initialization_tracking: false,
            trace_ray_argument_validation: false,
            mesh_shader_primitive_indices_clamp: false,
            emit_int_div_checks: false,
            ..Default::default()
        };
        spv::write_vec(&self.module, &self.info, &options, None).map_err(|cause| self.failed("SPIR-V", cause))
    }

    /// Metal's language.
    pub fn msl(&self) -> Result<String, Error> {
        let options = msl::Options { fake_missing_bindings: true, ..Default::default() };
        let written = msl::write_string(&self.module, &self.info, &options, &msl::PipelineOptions::default());
        written.map(|(text, _)| text).map_err(|cause| self.failed("MSL", cause))
    }

    /// Direct3D's language; of the model that brought subgroups only where a text needs them.
    pub fn hlsl(&self) -> Result<String, Error> {
        let mut options = hlsl::Options { fake_missing_bindings: true, ..Default::default() };
        if self.shader.text == Text::Lanes {
            options.shader_model = hlsl::ShaderModel::V6_0;
        }
        let mut text = String::new();
        hlsl::Writer::new(&mut text, &options, &hlsl::PipelineOptions::default())
            .write(&self.module, &self.info, None)
            .map_err(|cause| self.failed("HLSL", cause))?;
        Ok(text)
    }
}

/// Writes SPIR-V, MSL and HLSL of each shader into a folder. True: `spirv-val` is here and found no fault.
pub fn translate_all(shaders: &[&Shader], folder: &Path) -> Result<bool, Error> {
    let io = |path: &Path, cause| Error::Io { path: path.to_owned(), cause };
    fs::create_dir_all(folder).map_err(|cause| io(folder, cause))?;
    let mut validated = true;
    for shader in shaders {
        let translator = Translator::new(shader)?;
        let write = |extension: &str, bytes: &[u8]| {
            let path = folder.join(format!("{}.{extension}", name(shader)));
            fs::write(&path, bytes).map_err(|cause| io(&path, cause)).map(|()| path)
        };
        let words: Vec<u8> = translator.spirv()?.into_iter().flat_map(u32::to_le_bytes).collect();
        let spirv = write("spv", &words)?;
        write("metal", translator.msl()?.as_bytes())?;
        write("hlsl", translator.hlsl()?.as_bytes())?;
        match Command::new("spirv-val").args(["--target-env", "vulkan1.3"]).arg(&spirv).output() {
            Ok(said) if said.status.success() => {}
            Ok(said) => {
                let cause = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).trim().to_owned();
                return Err(Error::Invalid { what: name(shader), cause });
            }
            Err(cause) if cause.kind() == ErrorKind::NotFound => validated = false,
            Err(cause) => return Err(io(Path::new("spirv-val"), cause)),
        }
    }
    Ok(validated)
}
