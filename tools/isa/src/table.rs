//! Rows as a table: aligned columns, or markdown.

use crate::row::Row;

/// The columns; README.md says what each means.
const HEAD: [&str; 20] = [
    "family", "kernel", "form", "variant", "wave", "VGPR", "SGPR", "spilled", "scratch", "LDS", "waves", "code",
    "cycles", "FMA", "all", "share", "VALU", "LDS B", "mem B", "scal B",
];
/// Names stand left, numbers right.
const NAMES: usize = 4;

fn cells(row: &Row) -> Vec<String> {
    let mut cells = vec![row.family.to_owned(), row.stem.to_owned(), row.form.clone(), row.variant.to_owned()];
    let numbers = [row.wave, row.vgprs, row.sgprs];
    cells.extend(numbers.map(|number| number.to_string()));
    cells.push(format!("{}+{}", row.spilled_vgprs, row.spilled_sgprs));
    let numbers = [row.scratch, row.lds, row.waves, row.code, row.inverse_throughput];
    cells.extend(numbers.map(|number| number.to_string()));
    match &row.hot {
        None => cells.extend(["–"; 7].map(str::to_owned)),
        Some(hot) => {
            cells.push(hot.multiply_adds.to_string());
            let inner = if hot.inner > 0 { format!("(+{}) ", hot.inner) } else { String::new() };
            cells.push(format!("{inner}{}", hot.operations));
            cells.extend([hot.share(), hot.vector_share()].map(|share| format!("{:.1}%", 100.0 * share)));
            let bytes = [hot.lds_bytes, hot.memory_bytes, hot.scalar_bytes];
            cells.extend(bytes.map(|bytes| format!("{:.2}", hot.per_multiply_add(bytes))));
        }
    }
    cells
}

/// The table, a line a row.
pub fn table(rows: &[Row], markdown: bool) -> String {
    let head = HEAD.map(str::to_owned).to_vec();
    let mut lines = vec![head];
    lines.extend(rows.iter().map(cells));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let (between, edges) = if markdown { (" | ", ["| ", " |"]) } else { ("  ", ["", ""]) };
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let padded = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column < NAMES { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let line = edges[0].to_owned() + &padded.collect::<Vec<_>>().join(between) + edges[1];
        text += line.trim_end();
        text.push('\n');
        if at == 0 && markdown {
            let rules = (0..HEAD.len()).map(|column| if column < NAMES { ":--" } else { "--:" });
            text += &format!("| {} |\n", rules.collect::<Vec<_>>().join(" | "));
        }
    }
    text
}
