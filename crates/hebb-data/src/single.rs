//! An image file by itself, brought to the shape that somebody takes.

use std::fs;
use std::path::Path;

use hebb_spec::Shape;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder};

use crate::{DataError, folder};

/// An image of a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Single {
    /// Its bytes: channel, row, column.
    pub pixels: Vec<u8>,
    /// Columns and rows of the file's image, which may have been scaled.
    pub size: (u32, u32),
    /// Whether colours became grey.
    pub lost_colour: bool,
}

/// Reads a PNG, JPEG or BMP image as one of a shape; alpha is left out. One of another size is refused, or `scales`: to the
/// shape's rows and columns, each way by itself, a pixel the mean of those that come to lie in it.
pub fn read_image(path: &Path, shape: Shape, scales: bool) -> Result<Single, DataError> {
    if ![1, 3].contains(&shape.channels) {
        return Err(DataError::Channels { path: path.to_owned(), channels: shape.channels });
    }
    fs::metadata(path).map_err(|cause| DataError::Read { path: path.to_owned(), cause })?;
    let decoder = folder::decoder(path)?;
    let size = decoder.dimensions();
    let (width, height) = (shape.width, shape.height);
    if size != (width, height) && !scales {
        return Err(DataError::OtherSize { path: path.to_owned(), size, wanted: (width, height) });
    }
    let has_colour = decoder.color_type().has_color();
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| folder::failed(path, error))?;
    if size != (width, height) {
        image = image.resize_exact(width, height, FilterType::Triangle);
    }
    let mut pixels = Vec::with_capacity(shape.units() as usize);
    folder::channels(image, shape.channels, &mut pixels);
    Ok(Single { pixels, size, lost_colour: has_colour && shape.channels == 1 })
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};

    use super::*;

    #[test]
    fn an_image_comes_in_the_order_of_a_data_set() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        RgbImage::from_fn(2, 3, |x, y| Rgb([x as u8, 10 + y as u8, 20])).save(&path).unwrap();
        let single = read_image(&path, Shape::new(3, 3, 2), false).unwrap();
        assert_eq!(single.pixels, [0, 1, 0, 1, 0, 1, 10, 10, 11, 11, 12, 12, 20, 20, 20, 20, 20, 20]);
        assert_eq!((single.size, single.lost_colour), ((2, 3), false));
        assert!(read_image(&path, Shape::new(1, 3, 2), false).unwrap().lost_colour);
        // A grey one is as much red as green and blue.
        GrayImage::from_pixel(2, 3, Luma([9])).save(&path).unwrap();
        assert_eq!(read_image(&path, Shape::new(3, 3, 2), false).unwrap().pixels, [9; 18]);
        assert!(!read_image(&path, Shape::new(1, 3, 2), false).unwrap().lost_colour);
    }

    #[test]
    fn another_size_is_refused_or_scaled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpeg");
        GrayImage::from_fn(8, 4, |x, _| Luma([if x < 4 { 0 } else { 200 }]))
            .save_with_format(&path, ImageFormat::Png)
            .unwrap();
        let sentence = read_image(&path, Shape::new(1, 2, 2), false).unwrap_err().to_string();
        assert_eq!(sentence, format!("{} has 8x4 pixels, not 2x2", path.display()));
        let single = read_image(&path, Shape::new(1, 2, 2), true).unwrap();
        assert_eq!((single.size, single.pixels.len()), ((8, 4), 4));
        assert!(single.pixels[0] < 50 && single.pixels[1] > 150, "{:?}", single.pixels);
        let sentence = read_image(&path, Shape::new(2, 2, 2), true).unwrap_err().to_string();
        assert_eq!(sentence, format!("{}: an image file has 1 or 3 channels, never 2", path.display()));
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let read = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read_image(&path, Shape::new(1, 4, 4), true)
        };
        RgbImage::new(4, 4).save(&path).unwrap();
        let whole = fs::read(&path).unwrap();
        assert!(read(&whole).is_ok());
        for cut in [0, 1, 20, whole.len() / 2, whole.len() - 20] {
            assert!(matches!(read(&whole[..cut]), Err(DataError::Image { .. })), "{cut}");
        }
        assert!(matches!(read_image(folder.path(), Shape::new(1, 4, 4), true), Err(DataError::NotRegular { .. })));
        let absent = read_image(&folder.path().join("absent"), Shape::new(1, 4, 4), true);
        assert!(matches!(absent, Err(DataError::Read { .. })));
        // A head that claims what no memory holds.
        let mut huge = b"BM".to_vec();
        huge.extend([0; 8]);
        huge.extend(54_u32.to_le_bytes());
        huge.extend(40_u32.to_le_bytes());
        huge.extend(60_000_u32.to_le_bytes());
        huge.extend(60_000_u32.to_le_bytes());
        huge.extend([1, 0, 24, 0]);
        huge.extend([0; 24]);
        let sentence = read(&huge).unwrap_err().to_string();
        assert!(sentence.contains("60000x60000 pixels are too many"), "{sentence}");
    }
}
