//! Charts within a page: the pictures of `plot`, in the page's own colours and as wide as their place.

use crate::plot::{Chart, Colour, Figure, Style};

use super::text::escape;

/// A chart without its labels, in pixels: on a phone it is as wide as the page.
const PANEL: (f64, f64) = (300.0, 190.0);
/// Pixels above a figure's charts that a chart alone, without a title over it, has no use for.
const ABOVE: f64 = 30.0;

/// Charts of a page, numbered, so that no two share a name within.
#[derive(Debug, Default)]
pub struct Svgs(usize);

impl Svgs {
    /// A chart; `title` is for those who do not see it.
    pub fn chart(&mut self, title: &str, chart: Chart) -> String {
        self.0 += 1;
        let figure = Figure { title: String::new(), key: Vec::new(), rows: vec![vec![chart.into()]], panel: PANEL };
        format!("<figure class=chart>{}</figure>\n", inline(&figure.svg(), title, self.0))
    }
}

/// A picture within a page: it grows and shrinks with its place, and its inner names are its own. Its texts are escaped
/// and hold nothing that could be taken for these.
fn inline(svg: &str, title: &str, number: usize) -> String {
    let own = svg
        .replace("<clipPath id=\"clip", &format!("<clipPath id=\"c{number}-"))
        .replace("clip-path=\"url(#clip", &format!("clip-path=\"url(#c{number}-"));
    let Some((head, rest)) = own.split_once('>') else { return own };
    let size = |key: &str| -> f64 {
        let text = head.split_once(&format!(" {key}=\"")).and_then(|(_, rest)| rest.split('"').next());
        text.and_then(|text| text.parse().ok()).unwrap_or(0.0)
    };
    format!(
        "<svg viewBox=\"0 {ABOVE} {} {}\" role=img aria-label=\"{}\" font-family=\"DejaVu Sans,Verdana,Arial,sans-serif\">{rest}",
        size("width"),
        size("height") - ABOVE,
        escape(title)
    )
}

/// A short line as it is drawn in charts.
pub fn swatch(style: Style) -> String {
    let Colour(r, g, b) = style.colour;
    let dashes: Vec<String> = style.dash.pattern().iter().map(f64::to_string).collect();
    let dashes = if dashes.is_empty() { "none".to_owned() } else { dashes.join(" ") };
    format!(
        "<svg class=chart width=34 height=10 aria-hidden=true><path d=\"M0 5H34\" stroke=\"#{r:02x}{g:02x}{b:02x}\" \
         stroke-width=\"{}\" stroke-dasharray=\"{dashes}\"/></svg>",
        style.width
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Axis;

    #[test]
    fn charts_share_no_names_and_texts_stay_texts() {
        let mut svgs = Svgs::default();
        let chart = || {
            Chart::new("a <b> id=\"clip1\" (#clip", Axis::new("x"), Axis::new("y"))
                .curve(vec![(0.0, 1.0), (1.0, 2.0)], Style::nth(0))
        };
        let pages = [svgs.chart("<t>", chart()), svgs.chart("t", chart())];
        for (number, page) in (1..).zip(&pages) {
            assert!(page.contains(&format!("id=\"c{number}-")) && page.contains(&format!("url(#c{number}-")), "{page}");
            assert!(!page.contains("\"url(#clip") && !page.contains("<b>") && !page.contains("<svg width"), "{page}");
        }
        assert!(pages[0].contains("aria-label=\"&lt;t&gt;\"") && pages[0].contains("viewBox=\"0 30 "), "{}", pages[0]);
        assert!(swatch(Style::nth(1)).contains("stroke=\"#d55e00\" stroke-width=\"2\" stroke-dasharray=\"9 4\""));
    }
}
