//! Contact sheets: a look at the images of each class.

use std::fs::{self, File};
use std::io::{self, Cursor, Write};
use std::iter;
use std::path::Path;

use image::{ImageFormat, Rgb, RgbImage};

use crate::{DataError, Dataset, disk};

/// Dark grey between the images and where a class has no more.
const GROUND: Rgb<u8> = Rgb([40, 40, 40]);

/// The first `columns` training images of each class, one class a row, each pixel `scale` wide (both at least 1). A sheet
/// of very many classes may be more than memory or the format holds.
pub fn contact_sheet(dataset: &Dataset, columns: u32, scale: u32) -> Result<RgbImage, DataError> {
    let (columns, scale) = (columns.max(1), scale.max(1));
    let shape = dataset.shape;
    // A scale wide margin on the right and below, as each cell has on its left and above.
    let side = |cells: u32, pixels: u32| {
        (u64::from(cells) * (u64::from(pixels) + 1)).saturating_mul(scale.into()).saturating_add(scale.into())
    };
    let (width, height) = (side(columns, shape.width), side(dataset.classes(), shape.height));
    let mut sheet =
        ground(width, height).ok_or(DataError::Sheet { width, height, classes: dataset.class_names.len() })?;
    let (cell_width, cell_height) = ((shape.width + 1) * scale, (shape.height + 1) * scale);
    let mut filled = vec![0; dataset.class_names.len()];
    for (index, &label) in dataset.train.labels().iter().enumerate() {
        let column = &mut filled[usize::from(label)];
        if *column < columns {
            let corner = (*column * cell_width + scale, u32::from(label) * cell_height + scale);
            place(&mut sheet, dataset, index, corner, scale);
            *column += 1;
        }
    }
    Ok(sheet)
}

/// An empty sheet; none where the memory, or a picture's sides, do not hold it.
fn ground(width: u64, height: u64) -> Option<RgbImage> {
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let pixels = usize::try_from(u64::from(width) * u64::from(height)).ok()?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(pixels.checked_mul(3)?).ok()?;
    bytes.extend(iter::repeat_n(GROUND.0, pixels).flatten());
    RgbImage::from_raw(width, height, bytes)
}

/// Puts one image with its upper left corner at `corner`.
fn place(sheet: &mut RgbImage, dataset: &Dataset, index: usize, corner: (u32, u32), scale: u32) {
    let (image, shape) = (dataset.train.image(index), dataset.shape);
    for y in 0..shape.height * scale {
        for x in 0..shape.width * scale {
            let pixel = (y / scale * shape.width + x / scale) as usize;
            // One channel is grey; of more than three the first three show.
            let channel = |c: u32| image[(c.min(shape.channels - 1) * shape.places()) as usize + pixel];
            sheet.put_pixel(corner.0 + x, corner.1 + y, Rgb([channel(0), channel(1), channel(2)]));
        }
    }
}

/// Writes a PNG file, whole or not at all: under another name first, then renamed.
pub fn save_png(image: &RgbImage, path: &Path) -> Result<(), DataError> {
    let failed = |cause| DataError::Write { path: path.to_owned(), cause };
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).map_err(|error| failed(io::Error::other(error)))?;
    if path.file_name().is_none() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file")));
    }
    let (temporary, file) = disk::create_beside(path).map_err(failed)?;
    write(file, bytes.get_ref()).and_then(|()| fs::rename(&temporary, path)).map_err(|cause| {
        // What went wrong first is what counts; that the remains cannot be removed adds nothing.
        let _ = fs::remove_file(&temporary);
        failed(cause)
    })
}

fn write(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use hebb_spec::Shape;

    use super::*;
    use crate::Split;

    fn dataset(channels: u32) -> Dataset {
        let shape = Shape::new(channels, 1, 2);
        let images = (0..3 * shape.units()).map(|byte| 10 * byte as u8).collect();
        let train = Split::new(shape, images, vec![1, 0, 1]).unwrap();
        let test = Split::new(shape, vec![], vec![]).unwrap();
        Dataset::new("tiny", shape, vec!["a".into(), "b".into()], train, test).unwrap()
    }

    #[test]
    fn a_sheet_has_a_row_for_each_class_and_enlarges_each_pixel() {
        let sheet = contact_sheet(&dataset(1), 2, 2).unwrap();
        assert_eq!(sheet.dimensions(), (2 * 6 + 2, 2 * 4 + 2));
        let grey = |value| Rgb([value, value, value]);
        assert_eq!((*sheet.get_pixel(2, 2), *sheet.get_pixel(5, 3)), (grey(20), grey(30)));
        assert_eq!((*sheet.get_pixel(2, 6), *sheet.get_pixel(8, 6)), (grey(0), grey(40)));
        // Class 0 has one image only.
        assert_eq!((*sheet.get_pixel(8, 2), *sheet.get_pixel(0, 0)), (GROUND, GROUND));
    }

    #[test]
    fn colours_keep_their_channels() {
        let sheet = contact_sheet(&dataset(3), 1, 1).unwrap();
        assert_eq!((*sheet.get_pixel(1, 1), *sheet.get_pixel(2, 1)), (Rgb([60, 80, 100]), Rgb([70, 90, 110])));
        assert_eq!(*sheet.get_pixel(1, 3), Rgb([0, 20, 40]));
    }

    #[test]
    fn a_saved_sheet_reads_back_and_leaves_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, sheet) = (folder.path().join("sheet.png"), contact_sheet(&dataset(3), 2, 3).unwrap());
        fs::write(&path, "older").unwrap();
        save_png(&sheet, &path).unwrap();
        assert_eq!(image::open(&path).unwrap().to_rgb8(), sheet);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_sheet_that_cannot_be_written_names_its_path_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let sheet = contact_sheet(&dataset(3), 1, 1).unwrap();
        let path = folder.path().join("absent").join("sheet.png");
        let sentence = save_png(&sheet, &path).unwrap_err().to_string();
        assert!(sentence.starts_with(&format!("cannot write {}: ", path.display())), "{sentence}");
        let occupied = folder.path().join("occupied");
        fs::create_dir_all(occupied.join("inner")).unwrap();
        assert!(matches!(save_png(&sheet, &occupied), Err(DataError::Write { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let sentence = save_png(&sheet, &folder.path().join("..")).unwrap_err().to_string();
        assert!(sentence.ends_with("the path names no file"), "{sentence}");
    }

    #[test]
    fn a_sheet_past_all_bounds_is_refused() {
        let error = contact_sheet(&dataset(1), u32::MAX, 9).unwrap_err().to_string();
        let wanted = "a sheet of 115964116974 x 45 pixels for 2 classes is more than the memory holds: preview data of fewer classes";
        assert_eq!(error, wanted);
    }
}
