//! The parts of an email that its text and its HTML show.

/// The chart's file name and content id: the same, so that an email saved as files can be opened.
pub const CHART_NAME: &str = "hard-sets.png";
/// The text of the unsubscribe link.
pub const UNSUBSCRIBE: &str = "Unsubscribe from emails of this kind";
/// The last line of an email.
pub const PREFERENCES: &str = "Choose your notifications in your app, or with PUT /v1/me.";

/// The parts of an email, in order. No string contains a line break or an invisible character.
pub struct Parts {
    pub greeting: String,
    pub title: String,
    /// The lines of each paragraph.
    pub paragraphs: Vec<Vec<String>>,
    pub chart: Option<Chart>,
    /// The reason why the athlete gets the email.
    pub reason: String,
    /// May be empty.
    pub unsubscribe_url: String,
}

/// The chart of a weekly report.
pub struct Chart {
    pub png: Vec<u8>,
    /// The chart's numbers as a sentence.
    pub numbers: String,
}
