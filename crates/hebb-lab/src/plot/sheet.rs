//! Sheets of small images: filters, patches, matrices.

use super::canvas::{Anchor, Canvas, Rect};
use super::chart::{Margins, set};
use super::palette::{Colour, Style, byte};

/// Size of texts, in pixels.
const TEXT: u32 = 12;
/// Width of the bar that tells what a colour means, and of the gap before it.
const BAR: (f64, f64) = (12.0, 14.0);
/// Its least height: its three numbers need as much.
const LEAST: f64 = 54.0;

/// A picture of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Rows and columns.
    pub size: (usize, usize),
    /// Channel by channel (1, or 3 of red, green and blue), each row by row.
    pub values: Vec<f64>,
}

/// How numbers become colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Map {
    /// Each image by its own largest size: grey is 0 with one channel, and the channels' own middle with three.
    Own,
    /// Blue, white, red over −v to v, with a bar that says so.
    Diverging(f64),
}

/// Images in rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// What stands above it.
    pub title: String,
    /// The images, row by row, all of one size.
    pub images: Vec<Image>,
    /// Images in a row.
    pub columns: usize,
    /// How numbers become colours.
    pub map: Map,
}

impl Sheet {
    /// The room around the images.
    pub(super) fn margins(&self) -> Margins {
        let right = if self.has_bar() { BAR.0 + BAR.1 + 52.0 } else { 12.0 };
        Margins { left: 12.0, right, top: if self.title.is_empty() { 8.0 } else { 26.0 }, bottom: 12.0 }
    }

    fn has_bar(&self) -> bool {
        matches!(self.map, Map::Diverging(_))
    }

    /// Room between two images, in their pixels.
    fn gap(&self) -> f64 {
        let least = self.images.first().map_or(0, |first| first.size.0.min(first.size.1));
        if self.images.len() > 1 { 0.15 * least as f64 } else { 0.0 }
    }

    /// Width and height of all images, in their pixels.
    fn extent(&self) -> (f64, f64) {
        let size = self.images.first().map_or((0, 0), |first| first.size);
        let columns = self.columns.clamp(1, self.images.len().max(1));
        let across = |count: usize, size: usize| count as f64 * (size as f64 + self.gap()) - self.gap();
        (across(columns, size.1), across(self.images.len().div_ceil(columns), size.0))
    }

    /// Width and height of a panel for it whose longer side is at most so long and whose pixels are at most so large.
    pub(crate) fn size(&self, (longest, pixel): (f64, f64)) -> (f64, f64) {
        let (wide, high) = self.extent();
        let pixel = (longest / wide.max(high)).min(pixel);
        ((wide * pixel).max(1.0), (high * pixel).max(if self.has_bar() { LEAST } else { 1.0 }))
    }

    /// Draws it into the middle of a rectangle, pixels square.
    pub(super) fn draw(&self, canvas: &mut Canvas, area: Rect) {
        let Some(first) = self.images.first() else { return };
        let (columns, gap) = (self.columns.clamp(1, self.images.len()), self.gap());
        let (wide, high) = self.extent();
        let pixel = (area.w / wide).min(area.h / high);
        let left = area.x + (area.w - wide * pixel) / 2.0;
        let top = area.y + (area.h - high * pixel) / 2.0;
        let middle = area.x + area.w / 2.0;
        canvas.text((middle, area.y - 9.0), &self.title, super::Type { bold: true, ..set(13, Anchor::Middle) });
        for (at, image) in self.images.iter().enumerate() {
            let (row, column) = ((at / columns) as f64, (at % columns) as f64);
            let x = left + column * (first.size.1 as f64 + gap) * pixel;
            let y = top + row * (first.size.0 as f64 + gap) * pixel;
            canvas.cells(&self.cells(image, (x, y), pixel));
            // What is 0 may be as white as the paper.
            let (right, low) = (x + first.size.1 as f64 * pixel, y + first.size.0 as f64 * pixel);
            let frame = Style { colour: Colour::MIDDLE, ..Style::nth(0).of_width(0.7) };
            canvas.line(&[(x, y), (right, y), (right, low), (x, low), (x, y)], frame);
        }
        if let Map::Diverging(most) = self.map {
            let (x, h) = (left + wide * pixel + BAR.1, (high * pixel).max(LEAST));
            bar(canvas, Rect { x, y: area.y + (area.h - h) / 2.0, w: BAR.0, h }, most);
        }
    }

    fn cells(&self, image: &Image, (x, y): (f64, f64), pixel: f64) -> Vec<(Rect, Colour)> {
        let (rows, columns) = image.size;
        let colour = colours(image, self.map);
        let cell = |at: usize| {
            let (row, column) = ((at / columns) as f64, (at % columns) as f64);
            // More than its place, so that no line of paper shows between two; the next one covers it.
            let more = |is_last: bool| if is_last { pixel } else { pixel + 0.5 };
            let (w, h) = (more(at % columns + 1 == columns), more(at / columns + 1 == rows));
            (Rect { x: x + column * pixel, y: y + row * pixel, w, h }, colour(at))
        };
        (0..rows * columns).map(cell).collect()
    }
}

/// An image's colours, pixel by pixel.
fn colours(image: &Image, map: Map) -> impl Fn(usize) -> Colour + '_ {
    let pixels = image.size.0 * image.size.1;
    let most = image.values.iter().map(|value| value.abs()).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let value = move |channel: usize, at: usize| image.values.get(channel * pixels + at).copied().unwrap_or(0.0);
    move |at| match map {
        Map::Diverging(most) => Colour::diverging(value(0, at) / most),
        Map::Own if image.values.len() == 3 * pixels => {
            let [r, g, b] = [0, 1, 2].map(|channel| byte(0.5 + 0.5 * value(channel, at) / most));
            Colour(r, g, b)
        }
        Map::Own => Colour::grey(0.5 + 0.5 * value(0, at) / most),
    }
}

/// Decimals that tell two digits of a number, at least two.
fn decimals(number: f64) -> usize {
    let size = number.log10().floor();
    if size < -1.0 { (1.0 - size).min(9.0) as usize } else { 2 }
}

/// The bar of a diverging map.
fn bar(canvas: &mut Canvas, area: Rect, most: f64) {
    const STEPS: usize = 40;
    let step = area.h / STEPS as f64;
    let cell = |at: usize| {
        let value = 1.0 - 2.0 * (at as f64 + 0.5) / STEPS as f64;
        (Rect { y: area.y + at as f64 * step, h: step + 0.1, ..area }, Colour::diverging(value))
    };
    canvas.cells(&(0..STEPS).map(cell).collect::<Vec<_>>());
    for (share, value) in [(0.0, most), (0.5, 0.0), (1.0, -most)] {
        let text = format!("{value:.*}", decimals(most)).replace('-', "−");
        canvas.text((area.x + area.w + 5.0, area.y + share * area.h + 4.0), &text, set(TEXT, Anchor::Start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_image_leaves_room_for_the_numbers_beside_it() {
        let image = Image { size: (2, 400), values: vec![0.5; 800] };
        let of = |map| Sheet { title: String::new(), images: vec![image.clone()], columns: 1, map };
        assert_eq!(of(Map::Own).size((900.0, 20.0)), (900.0, 4.5));
        assert_eq!(of(Map::Diverging(1.0)).size((900.0, 20.0)), (900.0, LEAST));
        let panel = (900.0, LEAST);
        let figure = super::super::Figure {
            title: String::new(),
            key: Vec::new(),
            rows: vec![vec![of(Map::Diverging(1.0)).into()]],
            panel,
        };
        let svg = figure.svg();
        let heights: Vec<f64> = ["1.00<", "0.00<", "−1.00<"]
            .iter()
            .filter_map(|text| svg.split(text).next()?.rsplit(" y=\"").next()?.split('"').next()?.parse().ok())
            .collect();
        assert!(heights.windows(2).all(|pair| pair[1] - pair[0] > f64::from(TEXT)), "{heights:?}");
        assert_eq!(heights.len(), 3);
    }

    #[test]
    fn a_small_range_is_no_zero() {
        let of = [7.0, 0.5, 0.1, 0.052, 0.0013, 1e-30, 0.0].map(decimals);
        assert_eq!(of, [2, 2, 2, 3, 4, 9, 9]);
    }

    #[test]
    fn an_image_is_laid_over_its_own_range() {
        let image = Image { size: (1, 3), values: vec![-2.0, 0.0, 1.0] };
        let colour = colours(&image, Map::Own);
        assert_eq!([colour(0), colour(1), colour(2)], [Colour(0, 0, 0), Colour(128, 128, 128), Colour(191, 191, 191)]);
        let image = Image { size: (1, 1), values: vec![1.0, 0.0, -1.0] };
        assert_eq!(colours(&image, Map::Own)(0), Colour(255, 128, 0));
        assert_eq!(colours(&image, Map::Diverging(2.0))(0), Colour::diverging(0.5));
        let nothing = Image { size: (1, 1), values: vec![0.0] };
        assert_eq!(colours(&nothing, Map::Own)(0), Colour(128, 128, 128));
    }
}
