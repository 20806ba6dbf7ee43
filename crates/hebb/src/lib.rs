//! Trains deep networks with Hebbian updates and feedback through weights of their own, on any GPU or the processor: the library that a
//! program imports. Amit (2019), *Deep Learning With Asymmetric Connections and Hebbian Updates*.
//!
//! A network in the paper's notation, a rule, a device and some data:
//!
//! ```
//! use hebb::prelude::*;
//!
//! # fn rows() -> hebb::Result<Data> {
//! #     let image = |record: u16| (0..16).map(move |at| if at / 4 == record % 3 { 200 } else { (record * 7 + at * 5) as u8 % 60 });
//! #     let part = |count: u16| ((0..count).flat_map(image).collect(), (0..count).map(|record| record % 3).collect());
//! #     Data::from_arrays(Shape::new(1, 4, 4), part(300), part(30))
//! # }
//! fn main() -> hebb::Result<()> {
//!     // `Data::load("cifar10")` reads the published images; these are three kinds of bright rows.
//!     let data = rows()?;
//!     let device = Device::reference(); // `Device::auto()?` takes a GPU, or the processor's fast kernels
//!     let mut net = Layered::parse("Conv 6 3x3; Maxpool 2; Full 12; Output")?.rule(Rule::URFB).seed(1).on(&device, &data, 10)?;
//!     for epoch in 0..6 {
//!         let seen = net.epoch(&data.train, epoch)?;
//!         let held = net.evaluate(&data.validation)?;
//!         println!("{epoch} {:.3} {:.3} {:?}", seen.error(), held.error(), net.layer(2).correlation()?);
//!     }
//!     # let folder = tempfile::tempdir().unwrap();
//!     # std::env::set_current_dir(&folder).unwrap();
//!     # assert!(net.evaluate(&data.test)?.error() < 0.1);
//!     net.save("rows.safetensors")
//! }
//! ```
//!
//! What lies below it is there too: [`systems`] has what learns, [`train()`] trains any of it in memory and
//! [`engine`] into run folders, [`data`] has what it learns from, [`spec`] is the machine.

mod dataset;
mod device;
mod error;
mod layered;
pub mod measure;
mod net;
mod train;
pub mod tuning;

pub use dataset::{Data, Part};
pub use device::{Choice, ChoiceError, Device, DeviceError};
pub use error::{Error, Result};
pub use hebb_cpu::{Winograd, WinogradError};
pub use hebb_data as data;
pub use hebb_engine as engine;
pub use hebb_spec as spec;
pub use hebb_systems as systems;
pub use layered::Layered;
pub use net::{Activity, Layer, Net, Score};
pub use train::train;

/// All that a program mostly needs.
pub mod prelude {
    pub use crate::{Activity, Choice, Data, Device, Layered, Net, Part, Score};
    pub use hebb_spec::Shape;
    pub use hebb_spec::learning::Loss;
    pub use hebb_systems::layered::{Feedback, Magnitude, Preset, Rule};
}
