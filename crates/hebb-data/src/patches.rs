//! Vectors for a run, as options ask for them: drawn from a Gaussian, or cut from the images of a data set.

use hebb_spec::Shape;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::settings::{self, Field, SettingError, Table, Value};

use crate::gaussian::Gaussian;
use crate::moments::{mean, shift, whiten};
use crate::{DataError, Outline, Source, Split, Vectors};

/// What a DATA text of a Gaussian begins with.
const GAUSSIAN: &str = "gaussian:";
/// Side of a patch where nothing is said of it.
const PATCH: u32 = 8;
/// Vectors where nothing is said of them.
const RECORDS: u32 = 10_000;
/// Most vectors.
const MOST_RECORDS: u64 = 100_000_000;
/// Most numbers of a vector that is whitened: its components are found for it.
const MOST_WHITENED: u32 = 1024;

/// How vectors are drawn and made ready. In this order: drawn, their mean taken away, whitened, rectified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VectorSpec {
    /// How many; none: 10,000.
    pub records: Option<u32>,
    /// Side of the square patches that are cut from images, at random places; none: 8.
    pub patch: Option<u32>,
    /// Whether their mean stays.
    pub keep_mean: bool,
    /// Whether their components are made alike.
    pub whiten: bool,
    /// Whether negative numbers become 0.
    pub rectify: bool,
    /// Seed of all that is drawn for them, whatever the run's.
    pub seed: u64,
}

impl Default for VectorSpec {
    fn default() -> Self {
        Self { records: None, patch: None, keep_mean: false, whiten: false, rectify: false, seed: 1 }
    }
}

const DATA: &str = "Data";

/// Every setting, in the order of files.
pub const FIELDS: &[Field<VectorSpec>] = &[
    Field {
        key: "records",
        value: "N",
        group: DATA,
        help: "Vectors that are drawn, or patches that are cut from the training images [default: 10000]",
        set: |spec, value| {
            spec.records = Some(value.integer(1, MOST_RECORDS)? as u32);
            Ok(())
        },
        get: |spec| spec.records.map(|records| Value::Integer(u64::from(records))),
    },
    Field {
        key: "patch",
        value: "N",
        group: DATA,
        help: "Side of the square patches that are cut from images, at random places [default: 8]",
        set: |spec, value| {
            spec.patch = Some(value.integer(1, 65_535)? as u32);
            Ok(())
        },
        get: |spec| spec.patch.map(|side| Value::Integer(u64::from(side))),
    },
    Field {
        key: "keep-mean",
        value: "",
        group: DATA,
        help: "Leave the vectors' mean in them, which is taken away else",
        set: |spec, value| {
            spec.keep_mean = value.switch()?;
            Ok(())
        },
        get: |spec| spec.keep_mean.then_some(Value::Switch(true)),
    },
    Field {
        key: "whiten",
        value: "",
        group: DATA,
        help: "Make the vectors' components alike",
        set: |spec, value| {
            spec.whiten = value.switch()?;
            Ok(())
        },
        get: |spec| spec.whiten.then_some(Value::Switch(true)),
    },
    Field {
        key: "rectify",
        value: "",
        group: DATA,
        help: "Set what is negative to 0, after all else",
        set: |spec, value| {
            spec.rectify = value.switch()?;
            Ok(())
        },
        get: |spec| spec.rectify.then_some(Value::Switch(true)),
    },
    Field {
        key: "data-seed",
        value: "N",
        group: DATA,
        help: "Seed of the vectors, whatever --seed is [default: 1]",
        set: |spec, value| {
            spec.seed = value.integer(0, i64::MAX as u64)?;
            Ok(())
        },
        get: |spec| (spec.seed != 1).then_some(Value::Integer(spec.seed)),
    },
];

/// Where vectors come from.
#[derive(Debug)]
enum Origin {
    Gaussian(Gaussian),
    Images(Outline),
}

/// Vectors of which shape and number are known; nothing has been drawn or read.
#[derive(Debug)]
pub struct VectorOutline {
    /// Shape of a vector: of patches channels × rows × columns.
    pub shape: Shape,
    /// How many.
    pub records: usize,
    origin: Origin,
    spec: VectorSpec,
}

impl VectorSpec {
    /// The settings in a table; what it lacks is as by default. Other keys are not looked at.
    pub fn from_table(table: &Table) -> Result<Self, SettingError> {
        let mut spec = Self::default();
        settings::read(FIELDS, &mut spec, table)?;
        Ok(spec)
    }

    /// Its settings, as files hold them.
    pub fn table(&self) -> Table {
        settings::write(FIELDS, self)
    }

    /// What a DATA text comes to: `gaussian:` with variances, `gaussian:4,1,.25`, or the rows of a covariance,
    /// `gaussian:2,1/1,2`; else a data set whose images are cut into patches.
    pub fn outline(&self, data: &str) -> Result<VectorOutline, DataError> {
        let records = self.records.unwrap_or(RECORDS) as usize;
        let (shape, origin) = match data.strip_prefix(GAUSSIAN) {
            Some(text) => {
                let gaussian: Gaussian = text.parse()?;
                if let Some(patch) = self.patch {
                    return Err(DataError::PatchOfGaussian { patch });
                }
                (Shape::flat(gaussian.dimensions() as u32), Origin::Gaussian(gaussian))
            }
            None => {
                let outline = data.parse::<Source>().map_err(with_gaussian)?.outline()?;
                let (patch, image) = (self.patch.unwrap_or(PATCH), outline.shape);
                if patch > image.height.min(image.width) {
                    return Err(DataError::Patch { patch, shape: image });
                }
                (Shape::new(image.channels, patch, patch), Origin::Images(outline))
            }
        };
        if self.whiten && shape.units() > MOST_WHITENED {
            return Err(DataError::Whiten { shape, most: MOST_WHITENED });
        }
        Ok(VectorOutline { shape, records, origin, spec: self.clone() })
    }

    /// The vectors themselves.
    pub fn load(&self, data: &str) -> Result<Vectors, DataError> {
        self.outline(data)?.load()
    }
}

/// The forms of vectors beside those of images.
fn with_gaussian(error: DataError) -> DataError {
    match error {
        DataError::Unknown { text, forms } => {
            DataError::Unknown { text, forms: format!("gaussian:VARIANCES, gaussian:COVARIANCE, {forms}") }
        }
        other => other,
    }
}

impl VectorOutline {
    /// What the data are called, without a place.
    pub fn name(&self) -> &'static str {
        match &self.origin {
            Origin::Gaussian(_) => "gaussian",
            Origin::Images(outline) => outline.name(),
        }
    }

    /// Bytes of memory that they take, and a folder's images that they are cut from.
    pub fn bytes(&self) -> u64 {
        let of_images = match &self.origin {
            Origin::Gaussian(_) => 0,
            Origin::Images(outline) => outline.bytes(),
        };
        4 * self.records as u64 * u64::from(self.shape.units()) + of_images
    }

    /// Draws or cuts them, and makes them ready.
    pub fn load(self) -> Result<Vectors, DataError> {
        let Self { shape, records, origin, spec } = self;
        let mut vectors = match origin {
            Origin::Gaussian(gaussian) => gaussian.draw(records, spec.seed),
            Origin::Images(outline) => {
                let image = outline.shape;
                cut(&outline.load()?.train, image, (shape, records), spec.seed)
            }
        };
        if !spec.keep_mean {
            let mean = mean(&vectors, records);
            shift(&mut vectors, &mean);
        }
        if spec.whiten {
            whiten(&mut vectors);
        }
        if spec.rectify {
            vectors.values_mut().iter_mut().for_each(|value| *value = value.max(0.0));
        }
        Ok(vectors)
    }
}

/// Patches at random places of random images, pixel / 255.
fn cut(images: &Split, image: Shape, (shape, records): (Shape, usize), seed: u64) -> Vectors {
    let stream = Stream::new(seed, Purpose::Patches, 1, 0);
    let mut values = Vec::with_capacity(records * shape.units() as usize);
    for record in 0..records as u64 {
        let pixels = images.image(stream.below(3 * record, images.len() as u32) as usize);
        let row = stream.below(3 * record + 1, image.height - shape.height + 1);
        let column = stream.below(3 * record + 2, image.width - shape.width + 1);
        for line in 0..shape.channels * shape.height {
            let (channel, y) = (line / shape.height, line % shape.height);
            let first = ((channel * image.height + row + y) * image.width + column) as usize;
            values.extend(pixels[first..][..shape.width as usize].iter().map(|&pixel| f32::from(pixel) / 255.0));
        }
    }
    Vectors::shaped(shape, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(settings: &[(&str, &str)]) -> VectorSpec {
        let table = settings.iter().map(|&(key, value)| (key.to_owned(), Value::Text(value.to_owned()))).collect();
        VectorSpec::from_table(&Table(table)).unwrap()
    }

    #[test]
    fn settings_read_back_as_they_were() {
        let all = [("records", "7"), ("patch", "3"), ("keep-mean", "true"), ("whiten", "true"), ("rectify", "true")];
        let of = spec(&[&all[..], &[("data-seed", "5")]].concat());
        assert_eq!(of.table().0.len(), 6);
        assert_eq!(VectorSpec::from_table(&of.table()), Ok(of));
        assert!(VectorSpec::default().table().0.is_empty());
    }

    #[test]
    fn patches_come_from_the_images() {
        let image = Shape::new(2, 3, 4);
        let split = Split::new(image, (0..48).collect(), vec![0, 0]).unwrap();
        let vectors = cut(&split, image, (Shape::new(2, 2, 2), 50), 3);
        assert_eq!((vectors.count(), vectors.shape()), (50, Shape::new(2, 2, 2)));
        let mut places = Vec::new();
        for record in 0..50 {
            let pixels: Vec<u32> = vectors.vector(record).iter().map(|value| (value * 255.0).round() as u32).collect();
            let first = pixels[0];
            let (of_image, place) = (first / 24, first % 24);
            assert!(of_image < 2 && place % 4 < 3 && place / 4 < 2, "it lies in the first channel");
            assert_eq!(pixels, [0, 1, 4, 5, 12, 13, 16, 17].map(|at| first + at));
            places.push(first);
        }
        places.sort_unstable();
        places.dedup();
        assert!(places.len() > 8, "of 12 places most are met");
        assert_eq!(vectors, cut(&split, image, (Shape::new(2, 2, 2), 50), 3));
        assert_ne!(vectors, cut(&split, image, (Shape::new(2, 2, 2), 50), 4));
    }

    #[test]
    fn vectors_are_made_ready_as_asked() {
        let load = |settings: &[(&str, &str)]| spec(settings).load("gaussian:4,1").unwrap();
        let few = ("records", "500");
        let plain = load(&[few]);
        assert!(mean(&plain, 500).iter().all(|mean| mean.abs() < 1e-6));
        let kept = load(&[few, ("keep-mean", "true")]);
        assert_eq!(kept, "4,1".parse::<Gaussian>().unwrap().draw(500, 1));
        let rectified = load(&[few, ("rectify", "true")]);
        let wanted: Vec<f32> = plain.values().iter().map(|value| value.max(0.0)).collect();
        assert_eq!(rectified.values(), wanted);
        assert_ne!(load(&[few, ("whiten", "true")]), plain);
        let patches = spec(&[("records", "3"), ("patch", "32")]).outline("shapes").unwrap();
        assert_eq!((patches.shape, patches.records, patches.name()), (Shape::new(3, 32, 32), 3, "shapes"));
    }

    #[test]
    fn what_cannot_be_had_is_told() {
        let error = |settings: &[(&str, &str)], data: &str| spec(settings).outline(data).unwrap_err().to_string();
        assert!(
            error(&[("patch", "33")], "shapes").starts_with("a patch of 33x33 does not fit into images of 3x32x32")
        );
        assert!(error(&[("patch", "3")], "gaussian:1,2").starts_with("a patch of 3x3 is cut from images"));
        assert!(error(&[("patch", "32"), ("whiten", "true")], "shapes").contains("more than 1024 numbers"));
        assert!(error(&[], "gauss:1").contains("write one of gaussian:VARIANCES, gaussian:COVARIANCE, shapes[:SEED]"));
        assert!(error(&[], "gaussian:").contains("'' is no Gaussian"));
    }
}
