//! The list of banned words: `words.txt`.

/// The place of a text in the source.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Identifier,
    Comment,
    Text,
}

/// The entries of `words.txt`.
#[derive(Default)]
pub struct Words {
    banned: Vec<(String, String)>,
    phrases: Vec<(String, String)>,
    starts: Vec<String>,
    allowed: Vec<(String, String)>,
}

impl Words {
    pub fn load() -> Self {
        let mut list = Self::default();
        for line in include_str!("words.txt").lines() {
            let Some((kind, entry)) = line.split_once(' ').filter(|_| !line.starts_with('#'))
            else {
                continue;
            };
            let (text, instead) = entry.split_once(": ").unwrap_or((entry, ""));
            match kind {
                "word" => list.banned.push((text.to_owned(), instead.to_owned())),
                "phrase" => list.phrases.push((text.to_owned(), instead.to_owned())),
                "start" => list.starts.push(text.to_owned()),
                "allow" => {
                    let (path, text) = entry.split_once(' ').unwrap();
                    list.allowed.push((path.to_owned(), text.to_lowercase()));
                }
                other => panic!("words.txt: unknown kind {other:?}"),
            }
        }
        list
    }

    pub fn len(&self) -> usize {
        self.banned.len() + self.phrases.len() + self.starts.len()
    }

    /// The banned words of a text, each with the words to use instead.
    pub fn problems(&self, kind: Kind, text: &str, path: &str) -> impl Iterator<Item = String> {
        let mut plain = match kind {
            Kind::Identifier => words_of_identifier(text).join(" "),
            Kind::Comment | Kind::Text => text.to_lowercase(),
        };
        for (place, allowed) in &self.allowed {
            if place == "*" || path.contains(place.as_str()) {
                plain = plain.replace(allowed, "");
            }
        }
        let parts: Vec<_> = plain.split(|c: char| !c.is_alphanumeric()).collect();
        let mut found: Vec<String> = Vec::new();
        for (word, instead) in &self.banned {
            if parts.contains(&word.as_str()) {
                found.push(format!("`{word}` (say: {instead})"));
            }
        }
        if kind != Kind::Identifier {
            for (phrase, instead) in &self.phrases {
                if plain.contains(phrase.as_str()) {
                    found.push(format!("`{phrase}` (say: {instead})"));
                }
            }
        }
        if kind == Kind::Comment {
            for sentence in sentences(text) {
                let first = sentence.split_whitespace().next().unwrap_or_default();
                if self.starts.iter().any(|start| first.eq_ignore_ascii_case(start)) {
                    found.push(format!("a sentence that starts with `{first}`"));
                }
            }
        }
        found.into_iter()
    }
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(". ").map(str::trim).filter(|sentence| !sentence.ends_with('?'))
}

/// `found_verdict`, `FoundVerdict` and `FOUND_VERDICT` are `found` and `verdict`.
pub fn words_of_identifier(identifier: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for c in identifier.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_numeric();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}
