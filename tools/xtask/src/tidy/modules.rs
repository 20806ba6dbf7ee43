//! A target's modules as text: which files they lie in, and which of the crate's own paths they name.

use std::fs;
use std::path::{Path, PathBuf};

/// A module that has a file of its own. Modules within a file count as that file.
pub struct Module {
    /// Its path from the crate's root, which itself has none.
    pub path: Vec<String>,
    /// Its file.
    pub file: PathBuf,
    tokens: Vec<Token>,
}

/// A word, `::`, or another sign, and in how many modules within its file it stands.
struct Token {
    text: String,
    inner: usize,
}

/// A path, and the name that a `use` gives it.
pub struct Named {
    /// From the crate's root.
    pub path: Vec<String>,
    /// What it is called here.
    pub name: String,
}

/// The modules of a target, found by their `mod` lines from its root file on. What only tests see is left out.
pub fn tree(root: &Path) -> Vec<Module> {
    let mut modules = Vec::new();
    let folder = root.parent().unwrap_or(root).to_owned();
    collect(root, &folder, Vec::new(), &mut modules);
    modules
}

/// Reads a file and the modules that it declares, whose files lie in `folder`.
fn collect(file: &Path, folder: &Path, path: Vec<String>, modules: &mut Vec<Module>) {
    let Ok(text) = fs::read_to_string(file) else { return };
    let tokens = tokens(&code(&text));
    for at in 0..tokens.len().saturating_sub(2) {
        let [word, name, end] = [0, 1, 2].map(|next| &tokens[at + next].text);
        if word == "mod" && end == ";" {
            let child = [&path[..], std::slice::from_ref(name)].concat();
            let (plain, nested) = (folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs"));
            collect(if plain.is_file() { &plain } else { &nested }, &folder.join(name), child, modules);
        }
    }
    modules.push(Module { path, file: file.to_owned(), tokens });
}

/// The lines without comments and without items that only tests see, each with the number of modules within the file
/// around it. Relies on rustfmt's indentation.
fn code(text: &str) -> Vec<(usize, &str)> {
    let mut kept = Vec::new();
    // How the last lines of the modules around begin.
    let mut ends: Vec<String> = Vec::new();
    let end = |line: &str| format!("{}}}", &line[..line.len() - line.trim_start().len()]);
    let mut lines = text.lines().map(without_comment);
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let Some(first) = lines.by_ref().find(|line| !line.trim().starts_with("#[")) else { break };
            if !first.ends_with(';') && !first.ends_with('}') {
                lines.by_ref().find(|line| line.starts_with(&end(first)));
            }
            continue;
        }
        if ends.last().is_some_and(|end| line == end) {
            ends.pop();
        }
        kept.push((ends.len(), line));
        if line.ends_with('{') && line.split_whitespace().any(|word| word == "mod") {
            ends.push(end(line));
        }
    }
    kept
}

fn without_comment(line: &str) -> &str {
    let comment = line.match_indices("//").find(|(at, _)| line[..*at].matches('"').count().is_multiple_of(2));
    comment.map_or(line, |(at, _)| &line[..at]).trim_end()
}

fn tokens(code: &[(usize, &str)]) -> Vec<Token> {
    let is_word = |sign: char| sign.is_alphanumeric() || sign == '_';
    let mut tokens = Vec::new();
    for (inner, line) in code {
        let mut chars = line.chars().peekable();
        while let Some(sign) = chars.next() {
            let mut text = sign.to_string();
            while is_word(sign)
                && let Some(next) = chars.next_if(|&next| is_word(next))
            {
                text.push(next);
            }
            if sign == ':' && chars.next_if_eq(&':').is_some() {
                text.push(':');
            }
            if !sign.is_whitespace() {
                tokens.push(Token { text, inner: *inner });
            }
        }
    }
    tokens
}

impl Module {
    /// Every path of the crate that the text names, with `crate`, `super` or `self` at its beginning.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for at in 0..self.tokens.len() {
            let begins = at == 0 || self.token(at - 1) != "::";
            if begins && self.is_own(at) && self.token(at + 1) == "::" {
                self.tree(&mut at.clone(), &[], &mut found);
            }
        }
        found.into_iter().map(|named| named.path).collect()
    }

    /// What the `use` lines make of the module's own children.
    pub fn uses(&self) -> Vec<Named> {
        let mut found = Vec::new();
        for at in (0..self.tokens.len()).filter(|&at| self.token(at) == "use") {
            let start = if self.is_own(at + 1) { &[][..] } else { &self.path[..] };
            self.tree(&mut (at + 1), start, &mut found);
        }
        found
    }

    fn token(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }

    fn is_own(&self, at: usize) -> bool {
        ["crate", "super", "self"].contains(&self.token(at))
    }

    /// Reads a path, or a tree of them, from `at` on.
    fn tree(&self, at: &mut usize, before: &[String], found: &mut Vec<Named>) {
        let mut path = before.to_vec();
        let mut supers = 0;
        loop {
            match self.token(*at) {
                "crate" => path.clear(),
                "self" if before.is_empty() && path.is_empty() => path.clone_from(&self.path),
                "super" => {
                    supers += 1;
                    let up = usize::saturating_sub(supers, self.tokens[*at].inner);
                    path = self.path[..self.path.len().saturating_sub(up)].to_vec();
                }
                "self" => {}
                "{" => {
                    *at += 1;
                    while !["}", ""].contains(&self.token(*at)) {
                        self.tree(at, &path, found);
                        // What no path begins with must not stop the reading.
                        *at += usize::from(self.token(*at) != "}");
                    }
                    *at += 1;
                    return;
                }
                word if word.starts_with(|sign: char| sign.is_alphabetic() || sign == '_') => {
                    path.push(word.to_owned())
                }
                _ => break,
            }
            *at += 1;
            if self.token(*at) != "::" {
                break;
            }
            *at += 1;
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if self.token(*at) == "as" {
            name = self.token(*at + 1).to_owned();
            *at += 2;
        } else if self.token(*at) == "*" {
            *at += 1;
        }
        found.push(Named { path, name });
    }
}
