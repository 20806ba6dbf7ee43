//! Texts in a page: whatever stands in a run's files shows as itself and is never read as the page's own.

use std::fmt::Write as _;

use crate::words::is_unruly;

pub use crate::words::grouped;

/// Most characters of a name in a chart.
const NAME: usize = 40;

/// A text from anywhere, in an element or an attribute.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter if is_unruly(letter) => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

/// A name short enough for a chart, which escapes it itself.
pub fn name(text: &str) -> String {
    let clean = |letter: char| if is_unruly(letter) { '\u{fffd}' } else { letter };
    match text.char_indices().nth(NAME) {
        // The ellipsis takes the place of the last letter.
        Some(_) => text.chars().take(NAME - 1).map(clean).chain(['…']).collect(),
        None => text.chars().map(clean).collect(),
    }
}

/// A number to four digits or so; a dash where there is none.
pub fn number(value: Option<f64>) -> String {
    match value {
        Some(value) if value == 0.0 || (1e-3..1e4).contains(&value.abs()) => format!("{value:.4}"),
        Some(value) => format!("{value:.3e}"),
        None => "–".to_owned(),
    }
}

/// Bytes in base64 (RFC 4648), as a data: URI has them.
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at > three.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

/// Rows of a table of two columns: names and values, both escaped here.
pub fn pairs<'a>(rows: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut text = "<div class=wide><table class=set>".to_owned();
    for (name, value) in rows {
        // Writing to a String does not fail.
        let _ = write!(text, "<tr><th scope=row>{}</th><td><code>{}</code></td></tr>", escape(name), escape(&value));
    }
    text + "</table></div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_show_as_themselves() {
        assert_eq!(
            escape("<b a=\"1\" c='2'>&\n\u{202e}σ"),
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;\u{fffd}\u{fffd}σ"
        );
        assert_eq!(name(&"σ".repeat(50)), format!("{}…", "σ".repeat(39)));
        assert_eq!(name("a\u{7}b"), "a\u{fffd}b");
    }

    #[test]
    fn numbers_are_readable() {
        let texts = [Some(0.0), Some(0.12345), Some(-1.5e-7), Some(2e5), None].map(number);
        assert_eq!(texts, ["0.0000", "0.1235", "-1.500e-7", "2.000e5", "–"]);
    }

    /// RFC 4648, section 10.
    #[test]
    fn bytes_read_back_from_base64() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xef, 0xbe]), "/+++");
    }
}
