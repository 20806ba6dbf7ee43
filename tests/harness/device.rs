//! The device under test. Without one, tests show as ignored; in CI (CI=true) they fail.

use std::sync::OnceLock;

use hebb_gpu::{Gpu, Pick};
use libtest_mimic::{Failed, Trial};

/// The device: any adapter, or the one whose name holds `HEBB_TEST_DEVICE`.
pub fn gpu() -> Result<&'static Gpu, String> {
    static GPU: OnceLock<Result<Gpu, String>> = OnceLock::new();
    let open = || {
        let pick = std::env::var("HEBB_TEST_DEVICE").map_or(Pick::Any, Pick::Named);
        Gpu::open(&pick).map_err(|error| error.to_string())
    };
    GPU.get_or_init(open).as_ref().map_err(Clone::clone)
}

/// A test that needs the device. Ignored, and said so, where there is none; a failure where CI=true.
pub fn trial(name: String, test: impl FnOnce(&'static Gpu) -> Result<(), String> + Send + 'static) -> Trial {
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let ignored = gpu().is_err() && !in_ci;
    Trial::test(name, move || test(gpu()?).map_err(Failed::from)).with_ignored_flag(ignored)
}
