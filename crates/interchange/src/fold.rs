//! Reduces names to plain lower-case characters, so that `Réps`, `RÉPS` and `reps` are the same.

/// Characters without a mark, each followed by those with one. The tables of Unicode would add 21 KB of
/// wasm (measured).
const MARKED: [&str; 28] = [
    "aàáâãäåāăą",
    "cçćč",
    "dďđ",
    "eèéêëēęěė",
    "gğ",
    "iìíîïīıį",
    "lłľ",
    "nñńň",
    "oòóôõöøōő",
    "rř",
    "sśşșš",
    "tţťț",
    "uùúûüūůű",
    "yýÿ",
    "zźżž",
    "αά",
    "εέ",
    "ηή",
    "ιίϊΐ",
    "οό",
    "υύ",
    "ωώ",
    "ий",
    "ії",
    "еёє",
    "ύύ",
    "σς",
    "ґґ",
];

/// Returns a character in lower case and without its mark; `None` for a mark on its own.
pub fn fold(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase());
    }
    let code = u32::from(c);
    let lower = match code {
        0x300..=0x36f => return None,
        // Latin Extended-A and -B alternate between upper and lower case.
        0x100..=0x137 | 0x14a..=0x177 | 0x218..=0x21b => code | 1,
        0x139..=0x148 | 0x179..=0x17e => code + code % 2,
        0xc0..=0xd6 | 0xd8..=0xde | 0x391..=0x3a9 | 0x410..=0x42f => code + 0x20,
        0x400..=0x40f => code + 0x50,
        _ => code,
    };
    let lower = char::from_u32(lower).unwrap_or(c);
    if lower > '\u{4ff}' {
        return Some(lower);
    }
    let group = MARKED.iter().find(|group| group.contains(lower));
    group.map_or(Some(lower), |group| group.chars().next())
}

/// Returns a name in plain lower-case words with one space between them: `Weight (kg)` and `weight_kg`
/// are `weight kg`.
pub fn normalize(name: &str) -> String {
    let mut words = String::with_capacity(name.len());
    for c in name.chars().filter_map(fold) {
        if !is_separator(c) {
            words.push(c);
        } else if !words.is_empty() && !words.ends_with(' ') {
            words.push(' ');
        }
    }
    words.truncate(words.trim_end().len());
    words
}

/// Whether a character separates words: punctuation of ASCII, Latin, and East Asian texts.
fn is_separator(c: char) -> bool {
    let punctuation = matches!(c, '\u{80}'..='\u{bf}' | '\u{d7}' | '\u{2000}'..='\u{206f}');
    let wide =
        matches!(c, '\u{3000}'..='\u{303f}' | '\u{feff}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}');
    c.is_ascii() && !c.is_ascii_alphanumeric() || punctuation || wide
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_reduced_to_plain_words() {
        let check = |name: &str, expected: &str| assert_eq!(normalize(name), expected, "{name}");
        check("Weight (kg)", "weight kg");
        check(" weight_kg ", "weight kg");
        check("Workout #", "workout");
        check("Name der Übung", "name der ubung");
        check("NOM DE L’EXERCICE", "nom de l exercice");
        check("Nom de l'exercice", "nom de l exercice");
        check("Durée", "duree");
        check("Dure\u{301}e", "duree");
        check("Wiederh.", "wiederh");
        check("ŞUBAT", "subat");
        check("İLİŞKİ", "iliski");
        check("Paź", "paz");
        check("Ноябрь", "ноябрь");
        check("МАЙ", "маи");
        check("Μαΐου", "μαιου");
        check("重量（kg）", "重量 kg");
        check("Sets×Reps", "sets reps");
        check("\u{feff}Date\u{a0}", "date");
        check("#", "");
    }
}
