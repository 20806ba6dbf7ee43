//! The filters of the first layer, which look at the image itself.

use hebb_spec::param::Weights;
use hebb_systems::layered::Model;

use crate::error::LabError;
use crate::filters::{Filters, Letter};
use crate::plot::Colour;

use super::picture::Picture;

/// Filters that are shown at most, and in a row.
const MOST: (u32, usize) = (64, 8);
/// How wide a row of them is in the page, in pixels, about.
const WIDE: u32 = 340;

/// Filters of layer 1 as pictures, W's and, where it has one, R's. An image of two channels, or four, is no picture.
pub fn section(model: &Model, weights: &Weights) -> Result<String, LabError> {
    let mut page = String::new();
    for letter in [Letter::W, Letter::R] {
        let Ok(filters) = Filters::of(model, weights, 1, letter) else { continue };
        if ![1, 3].contains(&filters.shape().channels) {
            continue;
        }
        let scale = (WIDE / (MOST.1 as u32 * (filters.shape().width + 1))).max(1);
        let element = picture(&filters).element(scale, &format!("filters of {}", filters.name()))?;
        // Of filters with masks of their own it takes a look at each pair.
        let alike = if weights.get("W1.mask").is_none() { filters.mean_similarity() } else { None };
        page.push_str(&format!("<figure>{element}<figcaption>{}</figcaption></figure>\n", caption(&filters, alike)));
    }
    Ok(if page.is_empty() { page } else { format!("<div class=filters>\n{page}</div>\n") })
}

fn caption(filters: &Filters<'_>, alike: Option<f64>) -> String {
    let (name, all) = (filters.name(), filters.maps());
    let of = if all > MOST.0 { format!("{} of {all}", MOST.0) } else { format!("{all}") };
    let place = filters.grid().map_or("", |_| " at the place in the middle");
    let alike = alike.map_or_else(String::new, |r| format!("; mean correlation between places {r:.3}"));
    format!("{name}: {of} filters{place}, each by its own largest weight, grey is 0{alike}")
}

/// The first filters; of untied ones those of the place in the middle.
fn picture(filters: &Filters<'_>) -> Picture {
    let (shape, count) = (filters.shape(), filters.maps().min(MOST.0));
    let place = filters.grid().map_or(0, |(rows, columns)| rows / 2 * columns + columns / 2);
    let filter = |map: usize| filters.filter(map as u32, place);
    let largest = |map: usize| filter(map).iter().fold(f32::MIN_POSITIVE, |most, weight| most.max(weight.abs()));
    let most: Vec<f32> = (0..count as usize).map(largest).collect();
    Picture::sheet((count as usize, MOST.1), (shape.height, shape.width), |map, row, column| {
        let tap = (row * shape.width + column) as usize;
        let share = |channel: u32| {
            let at = (channel.min(shape.channels - 1) * shape.places()) as usize + tap;
            0.5 + 0.5 * f64::from(filter(map)[at] / most[map])
        };
        [0, 1, 2].map(|channel| Colour::grey(share(channel)).0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;
    use hebb_spec::system::System as _;
    use hebb_systems::layered::ModelSpec;

    fn section_of(net: &str, input: Shape) -> String {
        let spec = ModelSpec { net: net.to_owned(), track_r1: true, ..ModelSpec::default() };
        let model = spec.build(input, 3).unwrap();
        section(&model, &Weights::draw(&model.params(), 1)).unwrap()
    }

    #[test]
    fn filters_are_of_the_middle_where_they_are_untied() {
        let colour = Shape::new(3, 4, 4);
        let page = section_of("Conv 70 3x3; Output", colour);
        assert!(page.contains("W1: 64 of 70 filters, each") && page.contains("R1: 64 of 70 filters, each"), "{page}");
        assert!(section_of("Local 5 3x3; Output", colour).contains("W1: 5 filters at the place in the middle, each by its own largest weight, grey is 0; mean correlation between places "));
        assert!(section_of("Output", Shape::new(1, 4, 4)).contains("W1: 3 filters, each"));
        assert_eq!(section_of("Conv 5 3x3; Output", Shape::new(2, 4, 4)), "");
    }

    #[test]
    fn a_filter_is_laid_over_its_own_range() {
        let spec = ModelSpec { net: "Local 2 1x1; Output".to_owned(), ..ModelSpec::default() };
        let model = spec.build(Shape::new(1, 3, 3), 2).unwrap();
        let mut weights = Weights::draw(&model.params(), 1);
        let values = weights.get_mut("W1").unwrap();
        values.iter_mut().enumerate().for_each(|(at, weight)| *weight = if at == 8 { -2.0 } else { 0.0 });
        let wanted = Picture::sheet((2, 8), (1, 1), |at, _, _| [if at == 0 { 0 } else { 128 }; 3]);
        let filters = Filters::of(&model, &weights, 1, Letter::W).unwrap();
        assert_eq!(picture(&filters), wanted, "of nine places the middle is the fifth");
    }
}
