//! The filters of the first layer, which look at the image itself.

use hebb_spec::connection::Connection;
use hebb_spec::param::Weights;
use hebb_systems::layered::Model;

use crate::error::LabError;
use crate::plot::Colour;

use super::picture::Picture;

/// Filters that are shown at most, and in a row.
const MOST: (usize, usize) = (64, 8);
/// How wide a row of them is in the page, in pixels, about.
const WIDE: u32 = 340;

/// Filters of layer 1 as pictures, W's and, where it has one, R's.
pub fn section(model: &Model, weights: &Weights) -> Result<String, LabError> {
    let input = model.network.input;
    let Some(connection) = model.network.connections().next() else { return Ok(String::new()) };
    // No picture has two channels, or four.
    if ![1, 3].contains(&input.channels) {
        return Ok(String::new());
    }
    // What a full layer looks at is the whole image.
    let connection = match connection.is_full() {
        true => Connection { input, kernel_h: input.height, kernel_w: input.width, ..connection },
        false => connection,
    };
    let mut page = String::new();
    for letter in ["W", "R"] {
        let Some(values) = weights.get(&format!("{letter}1")) else { continue };
        let count = (connection.output.channels as usize).min(MOST.0);
        let says = format!("filters of {letter}1");
        let picture = picture(&connection, values, count);
        let scale = (WIDE / (MOST.1 as u32 * (connection.kernel_w + 1))).max(1);
        page.push_str(&format!(
            "<figure>{}<figcaption>{}</figcaption></figure>\n",
            picture.element(scale, &says)?,
            caption(&connection, letter, count)
        ));
    }
    Ok(if page.is_empty() { page } else { format!("<div class=filters>\n{page}</div>\n") })
}

fn caption(connection: &Connection, letter: &str, count: usize) -> String {
    let all = connection.output.channels as usize;
    let of = if count < all { format!("{count} of {all}") } else { format!("{all}") };
    let place = if connection.untied { " at the place in the middle" } else { "" };
    format!("{letter}1: {of} filters{place}, each by its own largest weight; grey is 0")
}

/// So many filters; of untied ones those of the place in the middle.
fn picture(connection: &Connection, values: &[f32], count: usize) -> Picture {
    let (channels, height, width) = (connection.input.channels, connection.kernel_h, connection.kernel_w);
    let taps = (height * width) as usize;
    let of_filter = channels as usize * taps;
    let first = match connection.untied {
        true => {
            let middle = connection.output.height / 2 * connection.output.width + connection.output.width / 2;
            middle as usize * connection.output.channels as usize * of_filter
        }
        false => 0,
    };
    let filter = |at: usize| values.get(first + at * of_filter..first + (at + 1) * of_filter).unwrap_or_default();
    let most: Vec<f32> =
        (0..count).map(|at| filter(at).iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()))).collect();
    Picture::sheet((count, MOST.1), (height, width), |at, row, column| {
        let tap = (row * width + column) as usize;
        let share = |channel: u32| {
            let value = filter(at).get(channel.min(channels - 1) as usize * taps + tap).copied().unwrap_or(0.0);
            0.5 + 0.5 * f64::from(value / most[at])
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
        assert!(section_of("Local 5 3x3; Output", colour).contains("W1: 5 filters at the place in the middle"));
        assert!(section_of("Output", Shape::new(1, 4, 4)).contains("W1: 3 filters, each"));
        assert_eq!(section_of("Conv 5 3x3; Output", Shape::new(2, 4, 4)), "");
    }

    #[test]
    fn a_filter_is_laid_over_its_own_range() {
        let local = Connection::conv(Shape::new(1, 3, 3), 2, 1, 1).untie();
        let values: Vec<f32> = (0..18).map(|at| if at == 8 { -2.0 } else { 0.0 }).collect();
        let wanted = Picture::sheet((2, 8), (1, 1), |at, _, _| [if at == 0 { 0 } else { 128 }; 3]);
        assert_eq!(picture(&local, &values, 2), wanted, "of five places the middle is the fifth");
        assert_eq!(picture(&local, &[], 2), Picture::sheet((2, 8), (1, 1), |_, _, _| [128; 3]));
    }
}
