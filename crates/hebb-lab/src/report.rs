//! The page beside a picture: what it shows, what ran and what was reduced.

use std::time::{SystemTime, UNIX_EPOCH};

/// Something that the paper says, and what was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// What is claimed.
    pub says: String,
    /// Whether it was found so.
    pub holds: bool,
    /// The numbers.
    pub found: String,
}

impl Claim {
    /// A claim, whether it holds, and the numbers.
    pub fn new(says: impl Into<String>, holds: bool, found: impl Into<String>) -> Self {
        Self { says: says.into(), holds, found: found.into() }
    }
}

/// What there is to say about a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What the picture shows.
    pub shows: String,
    /// What the paper says, each beside what was found.
    pub claims: Vec<Claim>,
    /// What ran: name and value.
    pub ran: Vec<(&'static str, String)>,
    /// What is less than the paper's; nothing at full size.
    pub reduced: Vec<String>,
    /// Where the paper is silent or at odds with itself, and what was done.
    pub remarks: Vec<String>,
}

impl Report {
    /// The page in Markdown. `name` is the figure's, as in `amit2019/fig12`; the files beside it begin with `stem`;
    /// `command` makes them again.
    pub fn page(&self, (name, title, stem): (&str, &str, &str), command: &str) -> String {
        let mut page = format!("# {name}: {title}\n\n![{title}]({stem}.svg)\n\n{}\n", self.shows);
        if !self.claims.is_empty() {
            page.push_str("\n| claim | found | |\n|---|---|---|\n");
            for claim in &self.claims {
                let verdict = if claim.holds { "holds" } else { "**does not hold**" };
                page.push_str(&format!("| {} | {verdict} | {} |\n", cell(&claim.says), cell(&claim.found)));
            }
        }
        page.push_str("\n## What ran\n\n");
        page.push_str(&format!("`{command}`, {}, hebb {}.\n\n", date(), env!("CARGO_PKG_VERSION")));
        for (name, value) in &self.ran {
            page.push_str(&format!("- {name}: {value}\n"));
        }
        match &self.reduced[..] {
            [] => page.push_str("\nNothing was reduced.\n"),
            reduced => page.push_str(&format!("\nReduced: {}.\n", reduced.join("; "))),
        }
        if !self.remarks.is_empty() {
            page.push_str("\n## Remarks\n\n");
            self.remarks.iter().for_each(|remark| page.push_str(&format!("- {remark}\n")));
        }
        page.push_str(&format!("\nThe numbers are in [{stem}.csv]({stem}.csv).\n"));
        page
    }
}

/// A text in a table, which ends a cell at each bar.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Today's date, as a year, a month and a day (UTC).
fn date() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    civil(seconds / 86_400)
}

/// The date of a day counted from 1970-01-01 (the Gregorian calendar, counted from a 1st of March).
fn civil(day: u64) -> String {
    let day = day + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (date, month) = (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    format!("{:04}-{month:02}-{date:02}", era * 400 + year + u64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (day, text) in [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_783, "2026-11-26")] {
            assert_eq!(civil(day), text);
        }
    }

    #[test]
    fn a_page_names_what_ran_and_what_was_reduced() {
        let mut report = Report {
            shows: "Curves.".to_owned(),
            claims: vec![Claim::new("|w| falls", false, "it rose")],
            ran: vec![("runs", "3".to_owned())],
            reduced: Vec::new(),
            remarks: vec!["The text says no step.".to_owned()],
        };
        let page = |report: &Report| report.page(("p/f", "a figure", "f"), "hebb reproduce p/f");
        let full = page(&report);
        for part in ["# p/f: a figure", "](f.svg)", "| \\|w\\| falls | **does not hold** | it rose |", "- runs: 3"] {
            assert!(full.contains(part), "{part}");
        }
        assert!(full.contains("Nothing was reduced.") && full.contains("- The text says no step."));
        report.reduced = vec!["a tenth of the steps".to_owned(), "one seed".to_owned()];
        assert!(page(&report).contains("Reduced: a tenth of the steps; one seed."));
    }
}
