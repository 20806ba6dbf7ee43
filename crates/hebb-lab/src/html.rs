//! Runs as one page of HTML that needs nothing but itself: no network, no script.
//!
//! A [`Subject`] is a run as it stood when it was looked at; [`page`] tells of several. Whatever stands in a run's files
//! shows as text and is read as nothing else. The page's bytes follow from its runs alone.

mod curves;
mod filters;
mod network;
mod picture;
mod seen;
mod subject;
mod svg;
mod text;

use std::fmt::Write as _;

pub use seen::{Part, Seen};
pub use subject::{Subject, names};
use text::{escape, grouped, number, pairs};

use crate::error::LabError;

const STYLE: &str = include_str!("html/page.css");

/// A page of its own. What it may load is nothing at all, whatever a text in it may say.
pub fn page(subjects: &[&Subject]) -> Result<String, LabError> {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    let head = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n");
    Ok(document(&title(subjects), &head, &body(subjects)?))
}

/// A page's frame around what it tells.
pub fn document(title: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n{head}<link rel=icon href=\"data:,\">\n<meta name=viewport \
         content=\"width=device-width,initial-scale=1\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n\
         </html>\n",
        escape(title)
    )
}

/// What stands above runs that cannot be told of, or not yet: a line each.
pub fn notes(lines: &[String]) -> String {
    let items: String = lines.iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
    if lines.is_empty() { items } else { format!("<ul class=notes>{items}</ul>\n") }
}

/// What a page of runs is called.
pub fn title(subjects: &[&Subject]) -> String {
    match subjects {
        [] => "no run yet".to_owned(),
        [one] => one.name.clone(),
        several => format!("{} runs", several.len()),
    }
}

/// What a page tells of runs.
pub fn body(subjects: &[&Subject]) -> Result<String, LabError> {
    let mut page = format!("<header>\n<h1>{}</h1>\n", escape(&title(subjects)));
    if subjects.is_empty() {
        return Ok(page + "</header>\n");
    }
    if let [one] = subjects {
        page.push_str(&subtitle(one));
        page.push_str("</header>\n<main>\n");
        page.push_str(&tiles(one));
    } else {
        page.push_str("</header>\n<main>\n");
        page.push_str(&table(subjects));
    }
    page.push_str("<h2 id=curves>Curves</h2>\n");
    page.push_str(&curves::charts(subjects));
    for (at, subject) in subjects.iter().enumerate() {
        if subjects.len() > 1 {
            let _ = writeln!(page, "<h2 id=run-{}>{}</h2>", at + 1, escape(&subject.name));
            page.push_str(&subtitle(subject));
            page.push_str(&tiles(subject));
        }
        page.push_str(&details(subject, if subjects.len() > 1 { "h3" } else { "h2" })?);
    }
    let _ = writeln!(page, "</main>\n<footer><p>hebb {}</p></footer>", env!("CARGO_PKG_VERSION"));
    Ok(page)
}

/// What is trained, how and on what, in a line.
fn subtitle(subject: &Subject) -> String {
    let rule = subject.setting("rule");
    let parts = [
        Some(subject.network().unwrap_or_else(|| subject.system())),
        rule,
        subject.setting("loss"),
        subject.setting("data"),
    ];
    format!("<p class=soft>{}</p>\n", escape(&parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")))
}

/// A run's numbers that are looked for first.
fn tiles(subject: &Subject) -> String {
    let mut tiles = vec![("Epochs".to_owned(), subject.length())];
    let mut add = |name: &str, value: Option<f64>| {
        tiles.extend(value.map(|value| (name.to_owned(), number(Some(value)))));
    };
    add("Validation error", subject.last("validation_error"));
    add("Training error", subject.last("train_error"));
    if let Some((error, epoch)) = subject.lowest("validation_error") {
        tiles.push(("Lowest validation error".to_owned(), format!("{} (epoch {epoch})", number(Some(error)))));
    }
    let speed = subject.speed().map(|speed| grouped(speed.round() as u64));
    tiles.extend(speed.map(|speed| (format!("{} a second", capital(subject::records(&[subject]))), speed)));
    tiles.extend(subject.setting("seed").map(|seed| ("Seed".to_owned(), seed)));
    tiles.push(("Device".to_owned(), subject.view.record.device.clone()));
    let each =
        tiles.iter().map(|(name, value)| format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value)));
    format!("<dl class=tiles>{}</dl>\n", each.collect::<String>())
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Runs beside each other.
fn table(subjects: &[&Subject]) -> String {
    let speed = format!("{}/s", subject::records(subjects));
    let titles = [
        "run",
        "network",
        "rule",
        "data",
        "seed",
        "epochs",
        "training error",
        "validation error",
        "lowest, at epoch",
        &speed,
    ];
    let mut page = "<div class=wide><table class=runs>\n<thead><tr>".to_owned();
    for (at, title) in titles.into_iter().enumerate() {
        let _ = write!(page, "<th scope=col{}>{title}</th>", if at > 4 { " class=n" } else { "" });
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for (at, subject) in subjects.iter().enumerate() {
        let setting = |key: &str| subject.setting(key).unwrap_or_default();
        let lowest =
            subject.lowest("validation_error").map(|(error, epoch)| format!("{}, {epoch}", number(Some(error))));
        let texts =
            [subject.network().unwrap_or_else(|| subject.system()), setting("rule"), setting("data"), setting("seed")];
        let numbers = [
            subject.length(),
            number(subject.last("train_error")),
            number(subject.last("validation_error")),
            lowest.unwrap_or_else(|| number(None)),
            subject.speed().map_or_else(|| number(None), |speed| grouped(speed.round() as u64)),
        ];
        let _ = write!(page, "<tr><td><a href=\"#run-{}\">{}</a></td>", at + 1, escape(&subject.name));
        texts.iter().for_each(|text| page.push_str(&format!("<td>{}</td>", escape(text))));
        numbers.iter().for_each(|text| page.push_str(&format!("<td class=n>{}</td>", escape(text))));
        page.push_str("</tr>\n");
    }
    page + "</tbody></table></div>\n"
}

/// What a run has of its own, below headings of a level.
fn details(subject: &Subject, level: &str) -> Result<String, LabError> {
    let mut page = String::new();
    let heading = |text: &str| format!("<{level}>{text}</{level}>\n");
    if let Some(model) = &subject.model {
        page.push_str(&heading("Network"));
        page.push_str(&network::blocks(model));
    }
    if !subject.filters.is_empty() {
        page.push_str(&heading("Filters of the first layer"));
        page.push_str(&subject.filters);
    }
    if let Some(seen) = &subject.seen {
        page.push_str(&seen.section(level)?);
    }
    page.push_str(&heading("Settings"));
    page.push_str(&pairs(subject.settings()));
    let record = &subject.view.record;
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    page.push_str("<details><summary>What it was made with</summary>\n");
    let made = [
        ("hebb", record.hebb.clone()),
        ("device", record.device.clone()),
        ("records", format!("{}, {} classes", record.input, record.classes)),
        ("variants", record.variants.join(", ")),
        ("choices", record.choices.join(", ")),
        ("winograd", known(&record.winograd)),
        ("settings-sha256", known(&record.settings_sha256)),
        ("data-sha256", known(&record.data_sha256)),
    ];
    page.push_str(&pairs(made.into_iter().filter(|(_, value)| !value.is_empty())));
    page.push_str("</details>\n");
    Ok(page)
}

#[cfg(test)]
mod tests;
