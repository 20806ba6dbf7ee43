//! Pictures of pixels within a page: PNG files as data: URIs, whose pixels the browser enlarges as they are.

use std::io::Cursor;

use hebb_spec::Shape;
use image::{ImageFormat, Rgba, RgbaImage};

use crate::error::LabError;

use super::text::{base64, escape};

/// A picture of pixels; what is not drawn on lets the page through.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture(RgbaImage);

impl Picture {
    /// Small images in rows, a pixel apart. `pixel` gives the colour of a row and a column of one of them.
    pub fn sheet(
        (count, columns): (usize, usize),
        (height, width): (u32, u32),
        pixel: impl Fn(usize, u32, u32) -> [u8; 3],
    ) -> Self {
        let columns = columns.clamp(1, count.max(1));
        let rows = count.div_ceil(columns);
        let side = |cells: usize, pixels: u32| (cells as u32 * (pixels + 1)).saturating_sub(1);
        let mut image = RgbaImage::new(side(columns, width), side(rows, height));
        for at in 0..count {
            let (left, top) = ((at % columns) as u32 * (width + 1), (at / columns) as u32 * (height + 1));
            for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
                let [r, g, b] = pixel(at, row, column);
                image.put_pixel(left + column, top + row, Rgba([r, g, b, 255]));
            }
        }
        Self(image)
    }

    /// An image of a data set: of one channel it is grey, of more than three the first three show.
    pub fn of_bytes(shape: Shape, bytes: &[u8]) -> Self {
        let places = shape.places() as usize;
        let at = |channel: u32, place: usize| bytes.get(channel.min(shape.channels - 1) as usize * places + place);
        Self::sheet((1, 1), (shape.height, shape.width), |_, row, column| {
            let place = (row * shape.width + column) as usize;
            [0, 1, 2].map(|channel| at(channel, place).copied().unwrap_or(0))
        })
    }

    /// Its element, each pixel so many of the page's wide; `says` is for those who do not see it.
    pub fn element(&self, scale: u32, says: &str) -> Result<String, LabError> {
        let mut png = Cursor::new(Vec::new());
        self.0.write_to(&mut png, ImageFormat::Png)?;
        let (width, height) = (self.0.width() * scale, self.0.height() * scale);
        let data = base64(png.get_ref());
        Ok(format!(
            "<img class=pixels width={width} height={height} alt=\"{}\" src=\"data:image/png;base64,{data}\">",
            escape(says)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_stand_apart() {
        let Picture(image) = Picture::sheet((3, 2), (1, 2), |at, _, column| [at as u8, column as u8, 9]);
        assert_eq!(image.dimensions(), (5, 3));
        assert_eq!(image.get_pixel(4, 0).0, [1, 1, 9, 255]);
        assert_eq!(image.get_pixel(0, 2).0, [2, 0, 9, 255]);
        assert_eq!([image.get_pixel(2, 0).0, image.get_pixel(4, 2).0], [[0; 4]; 2], "between them the page shows");
        assert_eq!(Picture::sheet((0, 4), (3, 3), |_, _, _| [0; 3]).0.height(), 0);
    }

    #[test]
    fn grey_and_coloured_images_show() {
        let pixel =
            |channels: u32, bytes: &[u8]| Picture::of_bytes(Shape::new(channels, 1, 2), bytes).0.get_pixel(1, 0).0;
        assert_eq!(pixel(1, &[1, 2]), [2, 2, 2, 255]);
        assert_eq!(pixel(3, &[1, 2, 3, 4, 5, 6]), [2, 4, 6, 255]);
        assert_eq!(pixel(2, &[1, 2, 3, 4]), [2, 4, 4, 255]);
        let element = Picture::of_bytes(Shape::new(1, 1, 2), &[1, 2]).element(3, "<two>").unwrap();
        assert!(element.starts_with(
            "<img class=pixels width=6 height=3 alt=\"&lt;two&gt;\" src=\"data:image/png;base64,iVBORw0KGgo"
        ));
    }
}
