//! Pictures of results: charts and sheets of images in rows, as SVG and PNG.
//!
//! A [`Figure`] is rows of [`Panel`]s below a title and a key. The drawing itself is left to one module, `canvas`.

mod axis;
mod canvas;
mod chart;
mod palette;
mod sheet;

pub use axis::Axis;
pub use canvas::DrawError;
pub use chart::{Chart, Mark};
pub use palette::{Colour, Dash, Style};
pub use sheet::{Image, Map, Sheet};

use canvas::{Anchor, Canvas, Rect, Type, width};
use chart::{Margins, set};

/// Room around the whole, in pixels.
const BORDER: f64 = 14.0;
/// Height of the title's line.
const TITLE: f64 = 26.0;
/// Size of the text below the title and height of its lines.
const BELOW: (u32, f64) = (13, 19.0);
/// Size of the key's text and height of its line.
const KEY: (u32, f64) = (13, 22.0);
/// Length of a line in the key, and of the room around it.
const SWATCH: (f64, f64) = (34.0, 8.0);

/// One of a figure's drawings.
#[derive(Debug, Clone, PartialEq)]
pub enum Panel {
    /// A diagram.
    Chart(Chart),
    /// Images.
    Sheet(Sheet),
}

impl From<Chart> for Panel {
    fn from(chart: Chart) -> Self {
        Panel::Chart(chart)
    }
}

impl From<Sheet> for Panel {
    fn from(sheet: Sheet) -> Self {
        Panel::Sheet(sheet)
    }
}

impl Panel {
    fn margins(&self, (w, h): (f64, f64)) -> Margins {
        match self {
            Panel::Chart(chart) => chart.margins(w, h),
            Panel::Sheet(sheet) => sheet.margins(),
        }
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) {
        match self {
            Panel::Chart(chart) => chart.draw(canvas, area),
            Panel::Sheet(sheet) => sheet.draw(canvas, area),
        }
    }
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What stands above all; lines behind the first are smaller.
    pub title: String,
    /// What the lines of several panels are.
    pub key: Vec<(String, Style)>,
    /// Rows of panels, drawn below each other in columns.
    pub rows: Vec<Vec<Panel>>,
    /// Width and height of a panel without its labels, in pixels.
    pub panel: (f64, f64),
}

impl Figure {
    /// The picture as SVG.
    pub fn svg(&self) -> String {
        self.draw().svg()
    }

    /// The picture as PNG.
    pub fn png(&self) -> Result<Vec<u8>, DrawError> {
        self.draw().png()
    }

    fn draw(&self) -> Canvas {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let most = |panels: &mut dyn Iterator<Item = &Panel>| {
            panels.map(|panel| panel.margins(self.panel)).fold(Margins::default(), |a, b| Margins {
                left: a.left.max(b.left),
                right: a.right.max(b.right),
                top: a.top.max(b.top),
                bottom: a.bottom.max(b.bottom),
            })
        };
        let across: Vec<Margins> =
            (0..columns).map(|at| most(&mut self.rows.iter().filter_map(|row| row.get(at)))).collect();
        let down: Vec<Margins> = self.rows.iter().map(|row| most(&mut row.iter())).collect();
        let (w, h) = self.panel;
        let panels_wide: f64 = across.iter().map(|m| m.left + w + m.right).sum();
        let (title, below) = self.title.split_once('\n').unwrap_or((&self.title, ""));
        let below: Vec<&str> = below.lines().collect();
        let widest = below.iter().map(|line| width(line, BELOW.0)).fold(width(title, 15), f64::max);
        let wide = 2.0 * BORDER + panels_wide.max(widest + 10.0);
        let lines = self.key_lines(wide - 2.0 * BORDER);
        let titled = BORDER + TITLE + below.len() as f64 * BELOW.1;
        let above = titled + lines.len() as f64 * KEY.1;
        let high = above + down.iter().map(|m| m.top + h + m.bottom).sum::<f64>() + BORDER;
        let mut canvas = Canvas::new(wide.ceil(), high.ceil());
        canvas.text((wide / 2.0, BORDER + 14.0), title, Type { bold: true, ..set(15, Anchor::Middle) });
        for (at, line) in below.iter().enumerate() {
            let y = BORDER + TITLE + at as f64 * BELOW.1 + 8.0;
            canvas.text((wide / 2.0, y), line, set(BELOW.0, Anchor::Middle));
        }
        self.draw_key(&mut canvas, &lines, (titled, wide));
        let mut y = above;
        for (row, of_row) in self.rows.iter().zip(&down) {
            let mut x = (wide - panels_wide) / 2.0;
            for (panel, of_column) in row.iter().zip(&across) {
                panel.draw(&mut canvas, Rect { x: x + of_column.left, y: y + of_row.top, w, h });
                x += of_column.left + w + of_column.right;
            }
            y += of_row.top + h + of_row.bottom;
        }
        canvas
    }

    /// The key's entries, as many on a line as have room.
    fn key_lines(&self, room: f64) -> Vec<Vec<(&str, Style)>> {
        let mut lines: Vec<Vec<(&str, Style)>> = Vec::new();
        let mut used = f64::INFINITY;
        for (text, style) in &self.key {
            let wide = entry_width(text);
            if used + wide > room {
                lines.push(Vec::new());
                used = 0.0;
            }
            used += wide;
            if let Some(line) = lines.last_mut() {
                line.push((text, *style));
            }
        }
        lines
    }

    fn draw_key(&self, canvas: &mut Canvas, lines: &[Vec<(&str, Style)>], (top, wide): (f64, f64)) {
        for (at, line) in lines.iter().enumerate() {
            let y = top + at as f64 * KEY.1 + 10.0;
            let mut x = (wide - line.iter().map(|(text, _)| entry_width(text)).sum::<f64>()) / 2.0;
            for (text, style) in line {
                canvas.line(&[(x, y), (x + SWATCH.0, y)], *style);
                canvas.text((x + SWATCH.0 + SWATCH.1, y + 4.5), text, set(KEY.0, Anchor::Start));
                x += entry_width(text);
            }
        }
    }
}

fn entry_width(text: &str) -> f64 {
    SWATCH.0 + SWATCH.1 + width(text, KEY.0) + 14.0
}

#[cfg(test)]
mod tests;
