//! What a network makes of images: how often each class was taken for each, and the mistakes that lie farthest off.

use std::fmt::Write as _;
use std::ops::Range;

use hebb_data::Split;
use hebb_spec::param::Weights;
use hebb_systems::layered::Confusion;

use crate::error::LabError;
use crate::probe::Probe;

use super::picture::Picture;
use super::text::{escape, grouped, number};

/// Mistakes that are shown.
const MISTAKES: usize = 24;
/// Classes up to which the matrix has its numbers written.
const WRITTEN: usize = 20;
/// Pairs of classes that are told in words.
const PAIRS: usize = 10;

/// The images that a page tells of.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    /// What they are called, as in `validation`.
    pub name: &'static str,
    /// Among which they are.
    pub split: &'a Split,
    /// Which of these.
    pub range: Range<usize>,
    /// The classes' names.
    pub classes: &'a [String],
}

/// What a network made of images.
#[derive(Debug)]
pub struct Seen {
    part: &'static str,
    epoch: u32,
    images: u64,
    wrong: u64,
    loss: f64,
    classes: Vec<String>,
    confusion: Confusion,
    mistakes: Vec<Mistake>,
}

/// An image that was taken for another class.
#[derive(Debug)]
struct Mistake {
    picture: Picture,
    label: u16,
    taken: u16,
    margin: f32,
}

impl Seen {
    /// Looks at images with some weights, those after an epoch.
    pub fn look(probe: &mut Probe, (weights, epoch): (&Weights, u32), part: &Part<'_>) -> Result<Self, LabError> {
        probe.load(weights)?;
        let judged = probe.judge(part.split, part.range.clone())?;
        let shape = probe.model().network.input;
        let mistakes = judged.worst(MISTAKES).into_iter().map(|verdict| Mistake {
            picture: Picture::of_bytes(shape, part.split.image(verdict.record as usize)),
            label: verdict.label,
            taken: verdict.taken,
            margin: verdict.margin(),
        });
        Ok(Self {
            part: part.name,
            epoch,
            images: judged.sums.images,
            wrong: judged.sums.get("wrong") as u64,
            loss: judged.sums.mean("loss"),
            classes: part.classes.to_vec(),
            mistakes: mistakes.collect(),
            confusion: judged.confusion,
        })
    }

    fn class(&self, class: usize) -> String {
        self.classes.get(class).map_or_else(|| class.to_string(), |name| escape(name))
    }

    /// The section, below headings of a level.
    pub fn section(&self, level: &str) -> Result<String, LabError> {
        let mut page = format!("<{level}>What it takes for what</{level}>\n");
        // Writing to a String does not fail.
        let _ = writeln!(
            page,
            "<p>After epoch {}, {} of {} {} images are taken for another class: error {}, loss {}. A row is what images show, a \
             column what they were taken for.</p>",
            self.epoch,
            grouped(self.wrong),
            grouped(self.images),
            self.part,
            number(Some(self.wrong as f64 / self.images.max(1) as f64)),
            number(Some(self.loss)),
        );
        page.push_str(&if self.confusion.classes() <= WRITTEN { self.written() } else { self.map()? });
        page.push_str(&self.pairs());
        let _ = writeln!(page, "<{level}>Worst mistakes</{level}>");
        if self.mistakes.is_empty() {
            page.push_str("<p>None of them is wrong.</p>\n");
            return Ok(page);
        }
        page.push_str(
            "<p class=soft>Of the images that are taken for another class those whose highest output lies farthest above that \
             of their own class, and by how much.</p>\n<div class=mistakes>\n",
        );
        for Mistake { picture, label, taken, margin } in &self.mistakes {
            let (label, taken) = (self.class((*label).into()), self.class((*taken).into()));
            let element = picture.element(3, &format!("{label}, taken for {taken}"))?;
            let _ = writeln!(
                page,
                "<figure>{element}<figcaption><b>{label}</b><br>as {taken}<br>{margin:.2}</figcaption></figure>"
            );
        }
        Ok(page + "</div>\n")
    }

    /// The matrix with its numbers, each coloured by its share of the row.
    fn written(&self) -> String {
        let mut page = "<div class=wide><table class=matrix>\n<thead><tr><td></td>".to_owned();
        for class in 0..self.confusion.classes() {
            let _ = write!(page, "<th scope=col><span class=down>{}</span></th>", self.class(class));
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        for (class, counts) in self.confusion.rows().enumerate() {
            let _ = write!(page, "<tr><th scope=row>{}</th>", self.class(class));
            let all = counts.iter().sum::<u64>().max(1) as f64;
            for &count in counts {
                let share = count as f64 / all;
                let hot = if share > 0.55 { " class=hot" } else { "" };
                let _ = write!(page, "<td{hot} style=\"background:rgb(var(--heat)/{share:.2})\">{count}</td>");
            }
            page.push_str("</tr>\n");
        }
        page + "</tbody></table></div>\n"
    }

    /// The matrix as a picture, where it is too large for numbers.
    fn map(&self) -> Result<String, LabError> {
        let classes = self.confusion.classes();
        let rows: Vec<(&[u64], f64)> =
            self.confusion.rows().map(|counts| (counts, counts.iter().sum::<u64>().max(1) as f64)).collect();
        let picture = Picture::sheet((1, 1), (classes as u32, classes as u32), |_, row, column| {
            let (counts, all) = rows[row as usize];
            let share = counts[column as usize] as f64 / all;
            // The root: what is seldom is to be seen, too.
            [0.0, 114.0, 178.0].map(|end| (255.0 + share.sqrt() * (end - 255.0)).round() as u8)
        });
        let scale = (600 / classes.max(1) as u32).max(1);
        Ok(format!("<p>{}</p>\n", picture.element(scale, "how often each class was taken for each")?))
    }

    /// The pairs of classes that are mixed up most, in words.
    fn pairs(&self) -> String {
        let each = |(label, counts): (usize, &[u64])| {
            let all: u64 = counts.iter().sum();
            counts.iter().enumerate().map(|(taken, &count)| (label, taken, count, all)).collect::<Vec<_>>()
        };
        let mut pairs: Vec<_> = self.confusion.rows().enumerate().flat_map(each).collect();
        pairs.retain(|&(label, taken, count, _)| label != taken && count > 0);
        // The sort is stable: of equals the first classes stay first.
        pairs.sort_by_key(|&(.., count, _)| std::cmp::Reverse(count));
        pairs.truncate(PAIRS);
        if pairs.is_empty() {
            return String::new();
        }
        let item = |(label, taken, count, all): (usize, usize, u64, u64)| {
            format!("<li>{} as {}: {} of {}</li>", self.class(label), self.class(taken), grouped(count), grouped(all))
        };
        let items: String = pairs.into_iter().map(item).collect();
        format!("<p>Most often:</p>\n<ul class=pairs>{items}</ul>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;
    use hebb_spec::step::Outcome;

    fn seen(classes: usize) -> Seen {
        let mut confusion = Confusion::new(classes as u32);
        let labels = vec![0_u16, 0, 1, 2];
        let outcome =
            Outcome { step: 0, images: 4, readouts: vec![("predictions".to_owned(), vec![1.0, 1.0, 1.0, 0.0])] };
        confusion.add(&labels, &outcome).unwrap();
        let mistake =
            Mistake { picture: Picture::of_bytes(Shape::new(1, 1, 1), &[7]), label: 0, taken: 1, margin: 0.5 };
        let names = (0..classes).map(|at| if at == 0 { "<a>".to_owned() } else { format!("class {at}") });
        Seen {
            part: "test",
            epoch: 7,
            images: 4,
            wrong: 3,
            loss: 1.5,
            classes: names.collect(),
            confusion,
            mistakes: vec![mistake],
        }
    }

    #[test]
    fn mistakes_are_told_by_class() {
        let page = seen(3).section("h2").unwrap();
        for text in [
            "After epoch 7, 3 of 4 test images are taken for another class: error 0.7500, loss 1.5000.",
            "<li>&lt;a&gt; as class 1: 2 of 2</li><li>class 2 as &lt;a&gt;: 1 of 1</li>",
            "<b>&lt;a&gt;</b><br>as class 1<br>0.50",
            "<td class=hot style=\"background:rgb(var(--heat)/1.00)\">2</td>",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!page.contains("<a>"));
    }

    #[test]
    fn many_classes_are_a_picture() {
        let page = seen(50).section("h3").unwrap();
        assert!(page.contains("<img class=pixels width=600 height=600") && !page.contains("<table"), "{page}");
    }

    #[test]
    fn who_makes_no_mistake_has_none_shown() {
        let mut none = seen(3);
        none.mistakes.clear();
        assert!(none.section("h2").unwrap().contains("None of them is wrong."));
    }
}
