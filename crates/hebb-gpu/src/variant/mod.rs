//! Which tile sizes a kernel runs with. No single tile is right: on a driver that computes on the CPU large register
//! tiles win, on a GPU they spill. A variant that was asked for goes before a row of a table that `hebb tune` made, and
//! this before the shipped choice; what a device has no room for is passed over.

mod caps;
mod defaults;

use hebb_shaders::Shader;
use hebb_spec::backend::Choice;
use hebb_spec::plan::Plan;
use hebb_spec::problem::Problem;

pub(crate) use caps::{Caps, Kind, subgroup};

/// What the choice depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tuning {
    /// The device.
    pub caps: Caps,
    /// A variant to take wherever a kernel has it: for tests and measurements.
    pub variant: Option<String>,
    /// Else these for their problems.
    pub choices: Vec<Choice>,
}

impl Tuning {
    /// The shader of a problem whose variants differ, in a form. A problem may take several kernels.
    pub(crate) fn choose(&self, problem: &Problem, stem: &'static str, features: &[&str]) -> &'static Shader {
        let row = self.row(&problem.key());
        let preferred = row.into_iter().chain(defaults::of(self.caps.kind, problem));
        self.first(stem, features, preferred, |shader: &Shader| caps::serves(shader, problem))
    }

    /// Any other kernel's shader in a form.
    pub(crate) fn shader(&self, stem: &'static str, features: &[&str]) -> &'static Shader {
        self.first(stem, features, ["default"].into_iter(), |_| true)
    }

    /// The rows for problems of a plan that name a variant which there is not, or which has no room.
    pub(crate) fn unusable(&self, plan: &Plan) -> Vec<&Choice> {
        let is_unusable = |choice: &&Choice| {
            let mut problems = plan.calls().map(|call| &call.problem);
            let problem = problems.find(|problem| problem.key() == choice.problem);
            problem.is_some_and(|problem| !self.caps.variants(problem).contains(&choice.variant.as_str()))
        };
        self.choices.iter().filter(is_unusable).collect()
    }

    fn row(&self, key: &str) -> Option<&str> {
        self.choices.iter().find(|choice| choice.problem == key).map(|choice| choice.variant.as_str())
    }

    /// The first that there is and that fits, the forced one before all.
    fn first<'a>(
        &'a self,
        stem: &'static str,
        features: &[&str],
        preferred: impl Iterator<Item = &'a str>,
        serves: impl Fn(&Shader) -> bool,
    ) -> &'static Shader {
        let runs = |shader: &&Shader| self.caps.fits(shader) && serves(shader);
        let find = |variant| Shader::find(stem, features, variant).filter(runs);
        self.variant
            .as_deref()
            .into_iter()
            .chain(preferred)
            .find_map(find)
            .unwrap_or_else(|| unreachable!("shaders/variants.toml lists every form of {stem} for every device"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_shaders::SHADERS;
    use hebb_spec::Shape;
    use hebb_spec::connection::Connection;
    use hebb_spec::learning::{Learning, Rate};

    const KINDS: [Kind; 6] = [Kind::Software, Kind::Nvidia, Kind::Amd, Kind::Intel, Kind::Apple, Kind::Other];

    fn forward(batch: u32) -> Problem {
        let connection = Connection::conv(Shape::new(32, 8, 8), 16, 3, 3);
        Problem::ConnectForward { connection, batch, slope: None }
    }

    fn tuning(kind: Kind) -> Tuning {
        Tuning { caps: Caps { kind, ..Caps::default() }, ..Tuning::default() }
    }

    /// With the limits that every device has.
    #[test]
    fn every_form_has_a_shader_on_every_device() {
        for (shader, kind) in SHADERS.iter().flat_map(|shader| KINDS.map(|kind| (shader, kind))) {
            for batch in [0, 20, 500] {
                let (tuning, stem, features) = (tuning(kind), shader.stem, shader.features);
                if Shader::variants(stem) == ["default"] {
                    assert_eq!(tuning.shader(stem, features).stem, stem);
                }
                assert_eq!(tuning.choose(&forward(batch), stem, features).features, features);
            }
        }
    }

    #[test]
    fn a_forced_variant_goes_before_a_row_and_a_row_before_the_default() {
        let (problem, other) = (forward(500), forward(20));
        let taken = |tuning: &Tuning, problem: &Problem| tuning.choose(problem, "connect_forward", &[]).variant;
        let shipped = tuning(Kind::Software);
        assert_eq!((taken(&shipped, &problem), taken(&shipped, &other)), ("wide", "wide"));
        let row = Choice::new(&problem.key(), "slim").unwrap();
        let tuned = Tuning { choices: vec![row], ..shipped };
        assert_eq!((taken(&tuned, &problem), taken(&tuned, &other)), ("slim", "wide"));
        let forced = Tuning { variant: Some("tile_32x32".to_owned()), ..tuned };
        assert_eq!((taken(&forced, &problem), taken(&forced, &other)), ("tile_32x32", "tile_32x32"));
        assert_eq!(forced.shader("loss", &[]).variant, "default", "which the kernel has not is passed over");
    }

    #[test]
    fn subgroups_of_as_many_threads_exchange_values() {
        let with = |subgroup| Tuning { caps: Caps { subgroup, ..tuning(Kind::Software).caps }, ..Tuning::default() };
        let conv = |outputs| Connection::conv(Shape::new(32, 8, 8), outputs, 3, 3);
        let taken = |subgroup, outputs, batch| {
            let problem = Problem::ConnectForward { connection: conv(outputs), batch, slope: None };
            with(subgroup).choose(&problem, "connect_forward", &[]).variant
        };
        assert_eq!([0, 4, 8].map(|subgroup| taken(subgroup, 32, 500)), ["wide", "wide", "lanes_32x64"]);
        assert_eq!(
            [20, 32, 50, 100].map(|batch| taken(8, 32, batch)),
            ["20", "32", "52", "52"].map(|n| format!("lanes_32x{n}"))
        );
        assert_eq!([20, 500].map(|batch| taken(8, 16, batch)), ["lanes_32x20", "wide"], "half of the lanes are empty");
        let info = |min, max| wgpu::AdapterInfo {
            subgroup_min_size: min,
            subgroup_max_size: max,
            ..wgpu::AdapterInfo::new(wgpu::DeviceType::Cpu, wgpu::Backend::Vulkan)
        };
        let all = wgpu::Features::SUBGROUP;
        assert_eq!((subgroup(&info(8, 8), all), subgroup(&info(8, 16), all)), (8, 0), "all alike");
        assert_eq!(subgroup(&info(8, 8), wgpu::Features::empty()), 0);
    }

    #[test]
    fn a_row_holds_for_the_kernels_of_its_problem_that_have_its_variant() {
        let connection = Connection::conv(Shape::new(16, 8, 8), 16, 3, 3);
        let problem = Problem::ConnectUpdate { connection, batch: 500, learning: Learning::new(Rate(0), Some(1.0)) };
        let choices = vec![Choice::new(&problem.key(), "slim").unwrap()];
        let tuning = Tuning { choices, ..tuning(Kind::Software) };
        assert_eq!(tuning.choose(&problem, "connect_update", &["partial"]).variant, "slim");
        assert_eq!(tuning.choose(&problem, "connect_apply", &["feedback"]).variant, "default");
    }

    #[test]
    fn a_tile_that_is_not_made_for_a_problem_is_passed_over() {
        let of = |connection: Connection, batch| Problem::ConnectForward { connection, batch, slope: None };
        let caps = Caps { kind: Kind::Amd, workgroup_memory: 65_536, threads: 1024, ..Caps::default() };
        let tuning = Tuning { caps, ..Tuning::default() };
        let taken = |problem: &Problem| tuning.choose(problem, "connect_forward", &[]).variant;
        let conv = |inputs, outputs| Connection::conv(Shape::new(inputs, 8, 8), outputs, 3, 3);
        assert_eq!(taken(&of(conv(32, 64), 500)), "tile_64x256");
        assert_eq!(taken(&of(conv(32, 64), 20)), "flat_32x128");
        assert_eq!(taken(&of(conv(32, 64).untie(), 20)), "tile_64x64", "places with weights of their own");
        assert_eq!(taken(&of(conv(3, 32), 500)), "few_32x128");
        assert_eq!(taken(&of(Connection::conv(Shape::new(4, 8, 8), 32, 7, 7), 500)), "tile_32x128", "196 taps");
        let forced = Tuning { variant: Some("flat_32x128".to_owned()), ..tuning.clone() };
        assert_eq!(forced.choose(&of(conv(32, 64).untie(), 20), "connect_forward", &[]).variant, "tile_64x64");
        let small = Tuning { caps: Caps { workgroup_memory: 16_384, ..caps }, ..tuning.clone() };
        assert_eq!(small.choose(&of(conv(32, 64), 500), "connect_forward", &[]).variant, "tile_64x64");
    }

    #[test]
    fn what_does_not_fit_or_is_unknown_is_passed_over() {
        let problem = forward(500);
        let wide = Shader::find("connect_forward", &[], "wide").unwrap();
        // Of all tiles `slim` has the most threads.
        let caps = Caps { kind: Kind::Software, threads: wide.threads, ..Caps::default() };
        assert!(!caps.variants(&forward(500)).contains(&"slim"));
        assert_eq!(Caps { workgroup_memory: 0, ..caps }.variants(&forward(500)), ["wide"]);
        let choices = vec![Choice::new(&problem.key(), "slim").unwrap()];
        let tuning = Tuning { caps, variant: Some("slim".to_owned()), choices };
        assert_eq!(tuning.choose(&problem, "connect_forward", &[]).variant, "wide");
        let list = vec![hebb_spec::plan::Call { name: "a".to_owned(), problem, tensors: Vec::new() }];
        let lists = vec![(hebb_spec::plan::List::TRAIN, list)];
        let plan = Plan { batch: 500, tensors: Vec::new(), slots: 0, rates: 0, lists };
        assert_eq!(tuning.unusable(&plan), tuning.choices.iter().collect::<Vec<_>>());
        for (key, variant, count) in
            [(problem.key(), "sllm", 1), (problem.key(), "wide", 0), (forward(1).key(), "x", 0)]
        {
            let choices = vec![Choice::new(&key, variant).unwrap()];
            assert_eq!(Tuning { choices, ..tuning.clone() }.unusable(&plan).len(), count, "{key}: {variant}");
        }
    }

    #[test]
    fn kinds_are_told_by_vendor_and_on_metal_by_name() {
        let kind = |device_type, vendor, backend, name: &str| {
            let info = wgpu::AdapterInfo::new(device_type, backend);
            Kind::of(&wgpu::AdapterInfo { vendor, name: name.to_owned(), ..info })
        };
        use wgpu::{
            Backend::Metal, Backend::Vulkan, DeviceType::Cpu, DeviceType::DiscreteGpu, DeviceType::IntegratedGpu,
        };
        assert_eq!(kind(Cpu, 0x10DE, Vulkan, "llvmpipe"), Kind::Software);
        assert_eq!(kind(DiscreteGpu, 0x10DE, Vulkan, "NVIDIA x"), Kind::Nvidia);
        assert_eq!(kind(DiscreteGpu, 0x1002, Vulkan, "x"), Kind::Amd);
        assert_eq!(kind(IntegratedGpu, 0x8086, Vulkan, "x"), Kind::Intel);
        assert_eq!(kind(IntegratedGpu, 0x106B, Vulkan, "x"), Kind::Apple);
        assert_eq!(kind(IntegratedGpu, 0, Metal, "Apple M2"), Kind::Apple);
        assert_eq!(kind(IntegratedGpu, 0, Metal, "Intel(R) UHD Graphics"), Kind::Intel);
        assert_eq!(kind(DiscreteGpu, 0, Vulkan, "x"), Kind::Other);
    }
}
