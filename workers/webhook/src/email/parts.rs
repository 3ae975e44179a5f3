//! The parts of an email that its text and its HTML show.

use platform::email::one_line;

/// The chart's file name and content id: the same, so that an email saved as files can be opened.
pub const CHART_NAME: &str = "hard-sets.png";
/// The text of the unsubscribe link.
pub const UNSUBSCRIBE: &str = "Unsubscribe from emails of this kind";
/// The last line of an email.
pub const PREFERENCES: &str = "Choose your notifications in your app, or with PUT /v1/me.";
/// The longest name in a greeting; a project default.
const NAME_CHARS_MAX: usize = 60;

/// The parts of an email, in order. No string contains a line break or an invisible character.
pub struct Parts {
    pub greeting: String,
    pub title: String,
    /// The lines of each paragraph.
    pub paragraphs: Vec<Vec<String>>,
    pub chart: Option<Chart>,
    /// The link that the athlete is asked to open.
    pub action: Option<Action>,
    /// The reason why the athlete gets the email.
    pub reason: String,
    /// May be empty.
    pub unsubscribe_url: String,
    /// Whether preferences decide about such emails.
    pub has_preferences: bool,
}

/// A link with its text.
pub struct Action {
    pub label: &'static str,
    pub url: String,
}

/// The chart of a weekly report.
pub struct Chart {
    pub png: Vec<u8>,
    /// The chart's numbers as a sentence.
    pub numbers: String,
}

/// Returns the greeting. The name is the athlete's choice, so it is cut, and words that mail programs
/// turn into links are left out.
pub fn greeting(display_name: &str) -> String {
    let line = one_line(display_name, usize::MAX);
    let words: Vec<_> = line.split(' ').filter(|word| !is_link(word)).collect();
    let name = one_line(&words.join(" "), NAME_CHARS_MAX);
    if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") }
}

/// Whether a word contains a URL, an email address or a domain: a full stop, or a character that domain
/// names treat as one (RFC 3490, section 3.1), before two characters.
fn is_link(word: &str) -> bool {
    let has_domain = word.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']).skip(1).any(|label| {
        label.chars().count() >= 2 && label.chars().take(2).all(char::is_alphanumeric)
    });
    has_domain || word.contains("://") || word.contains(['@', '\u{ff20}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greeting_has_a_short_name_without_links() {
        let check = |name: &str, expected: &str| assert_eq!(greeting(name), expected, "{name}");
        check("Ada Lovelace", "Hello Ada Lovelace,");
        check("Dr. J. R. Smith Jr.", "Hello Dr. J. R. Smith Jr.,");
        check("深蹲", "Hello 深蹲,");
        check("", "Hello,");
        check(&"x".repeat(200), &format!("Hello {},", "x".repeat(60)));
        check("Win at https://evil.example/now Ada", "Hello Win at Ada,");
        check("evil.example", "Hello,");
        check("(www.evil.example) Ada", "Hello Ada,");
        check("Ada evil\u{3002}example", "Hello Ada,");
        check("Ada eve@evil", "Hello Ada,");
        check("Ada http://127.0.0.1/", "Hello Ada,");
        check("Ada 127.0.0.10/x", "Hello Ada,");
        check("e\u{200b}vil.exa\u{200b}mple Ada", "Hello Ada,");
    }
}
