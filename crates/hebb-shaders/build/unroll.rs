//! Writes the tiles of a linked shader out: loops whose bounds are known become their turns, blocks under a comparison of
//! known numbers stay or go, and arrays that only such turns index become named values. naga writes every loop as
//! `while(true)`, which not every compiler unrolls, and an array that a loop indexes then lives in memory instead of
//! registers.

use std::collections::BTreeMap;

/// Values of module constants and of the loops around a place.
type Known = BTreeMap<String, u32>;

/// The text with its tiles written out.
pub fn written_out(source: &str) -> String {
    let words = words(source);
    let known = constants(&words);
    let turns = turns(&words, &known);
    let named = named(&turns, &known);
    // Without the depths of its blocks: half of the text would be spaces.
    let thin = |word: &String| {
        if !is_space(word) {
            word.clone()
        } else if word.contains('\n') {
            "\n".to_owned()
        } else {
            " ".to_owned()
        }
    };
    named.iter().map(thin).collect()
}

/// Names, numbers, and all else character by character; white space stays.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if is_name(c) && word.ends_with(is_name) => word.push(c),
            Some(word) if c.is_whitespace() && word.ends_with(char::is_whitespace) => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    words
}

fn is_space(word: &str) -> bool {
    word.trim().is_empty()
}

/// Where each of a pattern's words stands from `at` on, white space aside; `_` is any one word.
fn find(words: &[String], at: usize, pattern: &[&str]) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    let mut next = at;
    for wanted in pattern {
        while next < words.len() && is_space(&words[next]) {
            next += 1;
        }
        let word = words.get(next)?;
        if *wanted != "_" && word != wanted {
            return None;
        }
        places.push(next);
        next += 1;
    }
    Some(places)
}

/// The place of the bracket that closes the one at `open`.
fn closing(words: &[String], open: usize) -> Option<usize> {
    let (opens, closes) = if words[open] == "{" { ("{", "}") } else { ("[", "]") };
    let mut depth = 0;
    for (at, word) in words.iter().enumerate().skip(open) {
        if word == opens {
            depth += 1;
        } else if word == closes {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// Module constants that are whole numbers, in whatever order they stand.
fn constants(words: &[String]) -> Known {
    let mut known = Known::new();
    loop {
        let before = known.len();
        for at in 0..words.len() {
            let head = find(words, at, &["const", "_", ":", "u32", "="]).filter(|head| head[0] == at);
            let Some(head) = head else { continue };
            let first = head[4] + 1;
            let Some(end) = (first..words.len()).find(|&place| words[place] == ";") else { continue };
            if let Some(value) = value(&words[first..end], &known) {
                known.insert(words[head[1]].clone(), value);
            }
        }
        if known.len() == before {
            return known;
        }
    }
}

/// The value of an expression of known names, whole numbers, `+ - * / %` and brackets.
fn value(words: &[String], known: &Known) -> Option<u32> {
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !is_space(word)).collect();
    let mut at = 0;
    let found = sum(&words, &mut at, known)?;
    (at == words.len()).then_some(found)
}

fn sum(words: &[&str], at: &mut usize, known: &Known) -> Option<u32> {
    let mut total = product(words, at, known)?;
    while let Some(sign @ (&"+" | &"-")) = words.get(*at) {
        *at += 1;
        let next = product(words, at, known)?;
        total = if *sign == "+" { total.checked_add(next)? } else { total.checked_sub(next)? };
    }
    Some(total)
}

fn product(words: &[&str], at: &mut usize, known: &Known) -> Option<u32> {
    let mut total = factor(words, at, known)?;
    while let Some(sign @ (&"*" | &"/" | &"%")) = words.get(*at) {
        *at += 1;
        let next = factor(words, at, known)?;
        total = match *sign {
            "*" => total.checked_mul(next)?,
            "/" => total.checked_div(next)?,
            _ => total.checked_rem(next)?,
        };
    }
    Some(total)
}

fn factor(words: &[&str], at: &mut usize, known: &Known) -> Option<u32> {
    let word = *words.get(*at)?;
    *at += 1;
    if word == "(" {
        let inner = sum(words, at, known)?;
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return closed.then_some(inner);
    }
    word.trim_end_matches('u').parse().ok().or_else(|| known.get(word).copied())
}

/// Loops from 0u by one to a known bound become blocks, one a turn, in which the loop's variable is a number.
fn turns(words: &[String], known: &Known) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if words[at] == "for"
            && let Some((name, count, body, end)) = counted(words, at, known)
        {
            for turn in 0..count {
                let mut inner = known.clone();
                inner.insert(name.clone(), turn);
                let text: Vec<String> =
                    body.iter().map(|word| if *word == name { format!("{turn}u") } else { word.clone() }).collect();
                out.extend(turns(&text, &inner));
            }
            at = end;
            continue;
        }
        if words[at] == "if"
            && let Some((holds, body, end)) = decided(words, at, known)
        {
            if holds {
                out.extend(turns(body, known));
            }
            at = end;
            continue;
        }
        out.push(words[at].clone());
        at += 1;
    }
    out
}

/// Of `if (A == B) { … }` between known numbers whether it holds, its block, and the place behind it.
fn decided<'a>(words: &'a [String], at: usize, known: &Known) -> Option<(bool, &'a [String], usize)> {
    let left = find(words, at, &["if", "("])?[1] + 1;
    let open = (left..words.len()).find(|&place| words[place] == "{")?;
    let equals = (left..open).find_map(|place| find(words, place, &["=", "="]).filter(|found| found[0] == place))?;
    let right = (equals[1] + 1..open).rfind(|&place| words[place] == ")")?;
    let holds = value(&words[left..equals[0]], known)? == value(&words[equals[1] + 1..right], known)?;
    let closed = closing(words, open)?;
    let has_other = find(words, closed + 1, &["else"]).is_some();
    (!has_other).then(|| (holds, &words[open..=closed], closed + 1))
}

/// A loop's variable, its number of turns, its block, and the place behind it.
fn counted<'a>(words: &'a [String], at: usize, known: &Known) -> Option<(String, u32, &'a [String], usize)> {
    let head = find(words, at, &["for", "(", "var", "_", "=", "0u", ";", "_", "<"])?;
    let name = words[head[3]].clone();
    let bound = head[8] + 1;
    let end = (bound..words.len()).find(|&place| words[place] == ";")?;
    let tail = find(words, end, &[";", &name, "+", "+", ")", "{"])?;
    let count = value(&words[bound..end], known)?;
    let closed = closing(words, tail[5])?;
    (words[head[7]] == name).then(|| (name, count, &words[tail[5]..=closed], closed + 1))
}

/// Arrays in functions that only known numbers index become one name an element.
fn named(words: &[String], known: &Known) -> Vec<String> {
    let mut words = words.to_vec();
    let arrays: BTreeMap<String, Array> = (0..words.len())
        .filter_map(|at| declared(&words, at, known))
        .map(|array| (array.name.clone(), array))
        .collect();
    for array in arrays.values() {
        if let Some(text) = replaced(&words, array, known) {
            words = text;
        }
    }
    words
}

/// An array variable: its name, the length of each of its dimensions, what it is made of.
struct Array {
    name: String,
    lengths: Vec<u32>,
    element: String,
}

/// The declaration `var NAME: array<…>;` at a place.
fn declared(words: &[String], at: usize, known: &Known) -> Option<Array> {
    let head = find(words, at, &["var", "_", ":", "array", "<"]).filter(|head| head[0] == at)?;
    let end = (at..words.len()).find(|&place| words[place] == ";")?;
    let mut kind: &[String] = &words[head[3]..end];
    let mut lengths = Vec::new();
    while let Some(inner) = find(kind, 0, &["array", "<"]) {
        let last = kind.iter().rposition(|word| word == ">")?;
        let comma = kind[..last].iter().rposition(|word| word == ",")?;
        lengths.push(value(&kind[comma + 1..last], known)?);
        kind = &kind[inner[1] + 1..comma];
    }
    Some(Array { name: words[head[1]].clone(), lengths, element: kind.concat().trim().to_owned() })
}

/// The text with one name an element; `None` where something else than a known number indexes the array.
fn replaced(words: &[String], array: &Array, known: &Known) -> Option<Vec<String>> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if declared(words, at, known).is_some_and(|found| found.name == array.name) {
            let all: u32 = array.lengths.iter().product();
            for flat in 0..all {
                out.push(format!("var {}: {}; ", element(array, flat), array.element));
            }
            at = (at..words.len()).find(|&place| words[place] == ";")? + 1;
        } else if words[at] == array.name {
            let mut flat = 0;
            at += 1;
            for length in &array.lengths {
                let open = find(words, at, &["["])?[0];
                let close = closing(words, open)?;
                flat = flat * length + value(&words[open + 1..close], known).filter(|index| index < length)?;
                at = close + 1;
            }
            out.push(element(array, flat));
        } else {
            out.push(words[at].clone());
            at += 1;
        }
    }
    Some(out)
}

/// The name of an element.
fn element(array: &Array, flat: u32) -> String {
    let mut name = String::new();
    let mut rest = flat;
    for length in array.lengths.iter().rev() {
        name = format!("_{}{name}", rest % length);
        rest /= length;
    }
    format!("{}{name}", array.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// White space apart.
    fn same(source: &str, wanted: &str) {
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(bare(&written_out(source)), bare(wanted), "{source}");
    }

    #[test]
    fn loops_of_known_bounds_become_their_turns() {
        same("for (var i = 0u; i < 2u; i++) { f(i); }", "{ f(0u); }{ f(1u); }");
        same(
            "const N: u32 = M / 2u; const M: u32 = (3u + 1u); for (var i = 0u; i < N; i++) { g(i * N); }",
            "const N: u32 = M / 2u; const M: u32 = (3u + 1u); { g(0u * N); }{ g(1u * N); }",
        );
        // A bound that is known only to the device, and one from another start, stay.
        for kept in ["for (var i = 0u; i < count; i++) { f(i); }", "for (var i = 1u; i < 2u; i++) { f(i); }"] {
            same(kept, kept);
        }
        same(
            "for (var i = 0u; i < n; i++) { for (var j = 0u; j < 1u; j++) { f(i, j); } }",
            "for (var i = 0u; i < n; i++) { { f(i, 0u); } }",
        );
    }

    #[test]
    fn blocks_under_known_numbers_stay_or_go() {
        same(
            "const N: u32 = 2u; for (var i = 0u; i < N; i++) { if (i == 1u) { f(i); } if (i * N == 0u) { g(); } }",
            "const N: u32 = 2u; { { g(); } }{ { f(1u); } }",
        );
        for kept in ["if (a == 1u) { f(); }", "if (1u == 1u) { f(); } else { g(); }", "if (1u == 1u && b) { f(); }"] {
            same(kept, kept);
        }
    }

    #[test]
    fn arrays_that_known_numbers_index_become_names() {
        same(
            "const N: u32 = 2u; var a: array<array<vec4<f32>, N>, 2>; \
             for (var i = 0u; i < N; i++) { a[i][1u] += b[i] * a[0u][i].x; }",
            "const N: u32 = 2u; var a_0_0: vec4<f32>; var a_0_1: vec4<f32>; var a_1_0: vec4<f32>; var a_1_1: vec4<f32>; \
             { a_0_1 += b[0u] * a_0_0.x; }{ a_1_1 += b[1u] * a_0_1.x; }",
        );
        // A component of an element keeps its index.
        same("var v: array<vec4<f32>, 1>; v[0u][3u] = 1.0;", "var v_0: vec4<f32>; v_0[3u] = 1.0;");
    }

    #[test]
    fn an_array_that_something_else_indexes_stays_one() {
        for kept in [
            "var a: array<f32, 2>; a[lane] = 1.0;",
            "var a: array<f32, 2>; f(a);",
            "var a: array<f32, 2>; a[2u] = 0.0;",
        ] {
            same(kept, kept);
        }
    }

    #[test]
    fn values_are_whole_numbers_only() {
        let known = Known::from([("N".to_owned(), 6)]);
        let of = |text: &str| value(&words(text), &known);
        assert_eq!([of("N*2u+1u"), of("(N-1u)/2u"), of("N%4u")], [Some(13), Some(2), Some(2)]);
        assert_eq!([of("N/0u"), of("1u-N"), of("M"), of("N N"), of("(N"), of("4294967295u+1u")], [None; 6]);
    }
}
