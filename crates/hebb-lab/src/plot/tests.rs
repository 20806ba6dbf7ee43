use super::*;

fn figure() -> Figure {
    let curve = |of: f64| (0..=100).map(|at| (f64::from(at), of * f64::from(at) / 100.0)).collect::<Vec<_>>();
    let chart = Chart::new("a chart", Axis::new("iteration"), Axis::new("error").over(0.0, 1.0))
        .named(curve(0.5), Style::nth(0), "first")
        .named(curve(0.51), Style::nth(1), "second")
        .band(curve(0.3), curve(0.9), Colour::nth(0));
    let bars = Chart::new("bars", Axis::new("").of(["a", "b"]), Axis::new("angle (degrees)")).with(Mark::Bars {
        values: vec![1.0, -2.0],
        place: (0, 1),
        colour: Colour::nth(2),
        spans: vec![Some((0.5, 0.9)), None],
    });
    let plane = Chart::new("a plane", Axis::new("x"), Axis::new("y"))
        .with(Mark::Points { points: vec![(0.0, 0.0), (f64::NAN, 1.0)], colour: Colour::MIDDLE, radius: 2.0 })
        .with(Mark::Arrow { from: (0.0, 0.0), to: (1.0, 1.0), style: Style::nth(1) })
        .with(Mark::Note { at: (0.0, 0.5), text: "here".to_owned() })
        .square();
    let sheet = Sheet {
        title: "images".to_owned(),
        images: vec![Image { size: (2, 2), values: vec![1.0, -1.0, 0.0, 0.5] }; 5],
        columns: 3,
        map: Map::Diverging(1.0),
    };
    Figure {
        title: "all that there is".to_owned(),
        key: vec![("first".to_owned(), Style::nth(0)), ("second".to_owned(), Style::nth(1))],
        rows: vec![vec![chart.into(), bars.into()], vec![plane.into(), sheet.into()]],
        panel: (180.0, 120.0),
    }
}

/// The numbers of an attribute of each element of a kind.
fn numbers(svg: &str, element: &str, attribute: &str) -> Vec<f64> {
    let (begin, name) = (format!("<{element} "), format!(" {attribute}=\""));
    let value = |text: &str| text.split(&name).nth(1)?.split('"').next()?.parse().ok();
    svg.split(&begin).skip(1).filter_map(|text| value(&format!(" {}", text.split('>').next()?))).collect()
}

#[test]
fn a_figure_has_its_texts_and_stays_within_its_frame() {
    let svg = figure().svg();
    for text in ["all that there is", "a chart", "iteration", "angle (degrees)", "second", "here", "−2", "−1.00"] {
        assert!(svg.contains(text), "{text}");
    }
    let frame = (numbers(&svg, "svg", "width")[0], numbers(&svg, "svg", "height")[0]);
    for (axis, most) in [("x", frame.0), ("y", frame.1)] {
        let all = numbers(&svg, "text", axis);
        assert!(all.len() > 20 && all.iter().all(|at| (0.0..=most).contains(at)), "{axis}: {all:?}");
    }
    let png = image::load_from_memory(&figure().png().unwrap()).unwrap();
    assert_eq!(f64::from(png.width()), (frame.0 * 1.5).ceil());
}

#[test]
fn a_long_key_takes_more_lines_and_an_empty_figure_is_one() {
    let mut long = figure();
    long.key = (0..12).map(|n| (format!("a rather long name {n}"), Style::nth(n))).collect();
    assert!(long.key_lines(600.0).len() > 3);
    assert!(long.key_lines(600.0).iter().all(|line| !line.is_empty()));
    let nothing = Figure { title: String::new(), key: Vec::new(), rows: Vec::new(), panel: (10.0, 10.0) };
    assert!(nothing.png().is_ok());
}

#[test]
fn the_same_figure_is_the_same_bytes() {
    assert_eq!(figure().svg(), figure().svg());
    assert_eq!(figure().png().unwrap(), figure().png().unwrap());
}

#[test]
fn a_bar_may_have_a_span_and_a_curve_a_band() {
    let svg = figure().svg();
    assert_eq!(svg.matches("opacity=\"0.2\"").count(), 1, "one band: {}", &svg[..400]);
    let without = |figure: &mut Figure| {
        for panel in figure.rows.iter_mut().flatten() {
            if let Panel::Chart(chart) = panel {
                chart.marks.iter_mut().for_each(|mark| match mark {
                    Mark::Bars { spans, .. } => spans.clear(),
                    Mark::Band { low, high, .. } => (low.clear(), high.clear()).0,
                    _ => {}
                });
            }
        }
    };
    let mut bare = figure();
    without(&mut bare);
    let whiskers = |svg: &str| svg.matches("stroke-width=\"1.5\"").count();
    assert_eq!((whiskers(&svg), whiskers(&bare.svg())), (3, 0), "a line and its two ends");
    assert!(!bare.svg().contains("opacity=\"0.2\""));
}
