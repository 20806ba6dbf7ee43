//! RADV without a card: with `RADV_FORCE_FAMILY` it compiles pipelines for that family, and runs nothing.

use std::ffi::{CStr, c_char};

use ash::{Entry, Instance, khr, vk};
use hebb_shaders::Shader;

use crate::error::Error;
use crate::translate::{Translator, name};

/// The oldest Mesa whose numbers are worth reading here: older ones lack the families or the statistics.
const OLDEST_MESA: u32 = 25;

/// A family of AMD's GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// As people know it.
    pub name: &'static str,
    /// As RADV does.
    pub chip: &'static str,
}

/// What the kernels are compiled for.
pub const FAMILIES: [Family; 3] = [
    Family { name: "RDNA2", chip: "navi21" },
    Family { name: "RDNA3", chip: "navi31" },
    Family { name: "RDNA4", chip: "gfx1201" },
];

/// What the driver tells of a compiled kernel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compiled {
    /// Threads of a wave.
    pub wave: u32,
    /// Each statistic, as RADV names it.
    pub statistics: Vec<(String, f64)>,
    /// The assembly.
    pub assembly: String,
}

/// RADV as a device of one family.
pub struct Driver {
    family: Family,
    // In the order in which they are let go.
    executables: khr::pipeline_executable_properties::Device,
    device: ash::Device,
    instance: Instance,
    _entry: Entry,
}

impl Driver {
    /// Opens RADV for a family.
    pub fn open(family: Family) -> Result<Self, Error> {
        let missing = |cause: String| Error::NoDriver { family: family.chip, cause };
        // SAFETY: this program has one thread, and no driver is loaded now: the last one went with its instance.
        unsafe { std::env::set_var("RADV_FORCE_FAMILY", family.chip) };
        // SAFETY: the library is the system's Vulkan loader; `Driver` keeps it for as long as its functions are used.
        let entry = unsafe { Entry::load() }.map_err(|cause| missing(cause.to_string()))?;
        let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_3);
        let create = vk::InstanceCreateInfo::default().application_info(&application);
        // SAFETY: the structures live through the call; the instance is destroyed once, below or in `drop`.
        let instance = unsafe { entry.create_instance(&create, None) }.map_err(|cause| missing(cause.to_string()))?;
        match find(&instance, family).and_then(|physical| device(&instance, physical)) {
            Ok(device) => {
                let executables = khr::pipeline_executable_properties::Device::new(&instance, &device);
                Ok(Self { family, executables, device, instance, _entry: entry })
            }
            Err(cause) => {
                // SAFETY: nothing made from the instance is left.
                unsafe { instance.destroy_instance(None) };
                Err(missing(cause))
            }
        }
    }

    /// Compiles a kernel.
    pub fn compile(&self, shader: &Shader) -> Result<Compiled, Error> {
        let what = format!("{} on {}", name(shader), self.family.name);
        let words = Translator::new(shader)?.spirv()?;
        let vulkan = |cause| Error::Vulkan { what: what.clone(), cause };
        let device = &self.device;
        let binding = |at: usize, kind| {
            let binding = vk::DescriptorSetLayoutBinding::default().binding(at as u32).descriptor_type(kind);
            binding.descriptor_count(1).stage_flags(vk::ShaderStageFlags::COMPUTE)
        };
        let (uniform, storage) = (vk::DescriptorType::UNIFORM_BUFFER, vk::DescriptorType::STORAGE_BUFFER);
        let mut own = vec![binding(0, uniform)];
        own.extend((1..=shader.storages).map(|at| binding(at, storage)));
        let step = [binding(0, vk::DescriptorType::UNIFORM_BUFFER_DYNAMIC)];
        let sets: &[&[_]] = if shader.reads_step { &[&own, &step] } else { &[&own] };
        let mut made = Made { device, layouts: Vec::new(), layout: None, module: None, pipeline: None };
        for bindings in sets {
            let info = vk::DescriptorSetLayoutCreateInfo::default().bindings(bindings);
            // SAFETY: the bindings live through the call; `made` destroys what comes, once.
            made.layouts.push(unsafe { device.create_descriptor_set_layout(&info, None) }.map_err(vulkan)?);
        }
        let info = vk::PipelineLayoutCreateInfo::default().set_layouts(&made.layouts);
        // SAFETY: as above; the set layouts are live.
        let layout = unsafe { device.create_pipeline_layout(&info, None) }.map_err(vulkan)?;
        made.layout = Some(layout);
        let info = vk::ShaderModuleCreateInfo::default().code(&words);
        // SAFETY: as above; the words are a module that naga wrote from a validated shader.
        let module = unsafe { device.create_shader_module(&info, None) }.map_err(vulkan)?;
        made.module = Some(module);
        let stage = vk::PipelineShaderStageCreateInfo::default();
        let stage = stage.stage(vk::ShaderStageFlags::COMPUTE).module(module).name(c"main");
        let capture = vk::PipelineCreateFlags::CAPTURE_STATISTICS_KHR
            | vk::PipelineCreateFlags::CAPTURE_INTERNAL_REPRESENTATIONS_KHR;
        let info = vk::ComputePipelineCreateInfo::default().layout(layout).stage(stage).flags(capture);
        // SAFETY: layout and module are live and agree with the shader.
        let pipelines = unsafe { device.create_compute_pipelines(vk::PipelineCache::null(), &[info], None) };
        let pipeline = pipelines.map_err(|(_, cause)| vulkan(cause))?[0];
        made.pipeline = Some(pipeline);
        self.ask(pipeline, &what)
    }

    fn ask(&self, pipeline: vk::Pipeline, what: &str) -> Result<Compiled, Error> {
        let vulkan = |cause| Error::Vulkan { what: what.to_owned(), cause };
        let info = vk::PipelineInfoKHR::default().pipeline(pipeline);
        // SAFETY: the pipeline is live, as in the calls below.
        let properties = unsafe { self.executables.get_pipeline_executable_properties(&info) }.map_err(vulkan)?;
        let Some(main) = properties.first() else {
            return Err(Error::Untold { what: what.to_owned(), missing: "executable".to_owned() });
        };
        let info = vk::PipelineExecutableInfoKHR::default().pipeline(pipeline).executable_index(0);
        // SAFETY: the pipeline has an executable, and was made with CAPTURE_STATISTICS.
        let told = unsafe { self.executables.get_pipeline_executable_statistics(&info) }.map_err(vulkan)?;
        let statistics = told.iter().map(|one| (text(&one.name), number(one))).collect();
        let assembly = self.assembly(&info).map_err(vulkan)?;
        let assembly =
            assembly.ok_or_else(|| Error::Untold { what: what.to_owned(), missing: "assembly".to_owned() })?;
        Ok(Compiled { wave: main.subgroup_size, statistics, assembly })
    }

    /// The representation named `Assembly`: the disassembly, or where the driver's LLVM does not know the family, the
    /// compiler's own last form, which has the same instructions.
    fn assembly(&self, info: &vk::PipelineExecutableInfoKHR) -> Result<Option<String>, vk::Result> {
        let call = self.executables.fp().get_pipeline_executable_internal_representations_khr;
        let handle = self.device.handle();
        let mut count = 0;
        // SAFETY: asks for the count alone.
        unsafe { call(handle, info, &mut count, std::ptr::null_mut()) }.result()?;
        let mut forms = vec![vk::PipelineExecutableInternalRepresentationKHR::default(); count as usize];
        // SAFETY: `forms` has room for `count`; their texts are null, so the call tells sizes.
        unsafe { call(handle, info, &mut count, forms.as_mut_ptr()) }.result()?;
        let mut texts: Vec<Vec<u8>> = forms.iter().map(|form| vec![0; form.data_size]).collect();
        for (form, text) in forms.iter_mut().zip(&mut texts) {
            form.p_data = text.as_mut_ptr().cast();
        }
        // SAFETY: each text has the size that its form tells, and lives through the call.
        unsafe { call(handle, info, &mut count, forms.as_mut_ptr()) }.result()?;
        let found = forms.iter().zip(texts).find(|(form, _)| text(&form.name) == "Assembly");
        Ok(found.map(|(_, bytes)| {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(&bytes[..end]).into_owned()
        }))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // SAFETY: each pipeline was destroyed where it was made; the device goes before its instance.
        unsafe {
            self.device.destroy_device(None);
            self.instance.destroy_instance(None);
        }
    }
}

/// What a compilation makes, to be destroyed whether it succeeds or not.
struct Made<'a> {
    device: &'a ash::Device,
    layouts: Vec<vk::DescriptorSetLayout>,
    layout: Option<vk::PipelineLayout>,
    module: Option<vk::ShaderModule>,
    pipeline: Option<vk::Pipeline>,
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        // SAFETY: all were made from this device, are used no more and destroyed here alone.
        unsafe {
            self.pipeline.into_iter().for_each(|pipeline| self.device.destroy_pipeline(pipeline, None));
            self.module.into_iter().for_each(|module| self.device.destroy_shader_module(module, None));
            self.layout.into_iter().for_each(|layout| self.device.destroy_pipeline_layout(layout, None));
            self.layouts.iter().for_each(|layout| self.device.destroy_descriptor_set_layout(*layout, None));
        }
    }
}

/// RADV's null device of the family.
fn find(instance: &Instance, family: Family) -> Result<vk::PhysicalDevice, String> {
    // SAFETY: the instance is live, as in the call below.
    let all = unsafe { instance.enumerate_physical_devices() }.map_err(|cause| cause.to_string())?;
    let mut seen = Vec::new();
    for physical in all {
        let mut driver = vk::PhysicalDeviceDriverProperties::default();
        let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut driver);
        // SAFETY: the structures live through the call.
        unsafe { instance.get_physical_device_properties2(physical, &mut properties) };
        let device = text(&properties.properties.device_name);
        let version = text(&driver.driver_info);
        if driver.driver_id == vk::DriverId::MESA_RADV && device.to_lowercase().contains(family.chip) {
            return match mesa(&version) {
                Some(major) if major >= OLDEST_MESA => Ok(physical),
                _ => Err(format!("its version is '{version}', and Mesa {OLDEST_MESA} or later is needed")),
            };
        }
        seen.push(format!("'{device}'"));
    }
    Err(if seen.is_empty() { "no Vulkan device".to_owned() } else { format!("only {}", seen.join(", ")) })
}

/// The first number of `Mesa 25.0.7-2`.
fn mesa(version: &str) -> Option<u32> {
    version.strip_prefix("Mesa ")?.split('.').next()?.parse().ok()
}

/// A device with what wgpu turns on that changes code: robust buffers.
fn device(instance: &Instance, physical: vk::PhysicalDevice) -> Result<ash::Device, String> {
    let extensions = [khr::pipeline_executable_properties::NAME.as_ptr(), ash::ext::robustness2::NAME.as_ptr()];
    let queues = [vk::DeviceQueueCreateInfo::default().queue_family_index(0).queue_priorities(&[1.0])];
    let features = vk::PhysicalDeviceFeatures::default().robust_buffer_access(true);
    let mut executables =
        vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR::default().pipeline_executable_info(true);
    let mut robust = vk::PhysicalDeviceRobustness2FeaturesEXT::default().robust_buffer_access2(true);
    let info = vk::DeviceCreateInfo::default().queue_create_infos(&queues).enabled_extension_names(&extensions);
    let info = info.enabled_features(&features).push_next(&mut executables).push_next(&mut robust);
    // SAFETY: the structures live through the call; `Driver` destroys the device once.
    unsafe { instance.create_device(physical, &info, None) }.map_err(|cause| cause.to_string())
}

fn text(chars: &[c_char]) -> String {
    let bytes: Vec<u8> = chars.iter().map(|one| one.to_ne_bytes()[0]).collect();
    CStr::from_bytes_until_nul(&bytes).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
}

fn number(statistic: &vk::PipelineExecutableStatisticKHR) -> f64 {
    use vk::PipelineExecutableStatisticFormatKHR as Format;
    // SAFETY: the format says which field was written.
    unsafe {
        match statistic.format {
            Format::BOOL32 => f64::from(statistic.value.b32),
            Format::INT64 => statistic.value.i64 as f64,
            Format::UINT64 => statistic.value.u64 as f64,
            _ => statistic.value.f64,
        }
    }
}
