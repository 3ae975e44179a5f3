//! The emails of the local stack. Wrangler simulates `send_email`: it logs the header of an email and
//! writes its parts to a folder that it clears on exit. This module copies them to permanent files: one
//! with header and text, and the HTML for a browser.

use std::fs;
use std::path::{Path, PathBuf};

/// The first line of an email in wrangler's log.
const ANNOUNCEMENT: &str = "send_email binding called";
/// The folder of the parts, relative to that of the first config.
const WRANGLER_FOLDER: &str = "/.wrangler/tmp/email/";

/// Collects emails from the lines of wrangler's log.
pub struct EmailCollector {
    dir: PathBuf,
    header: Vec<String>,
    /// The HTML of the current email.
    html: Option<PathBuf>,
}

/// A part of an email in the log: its kind and its file.
enum Part<'a> {
    Text(&'a Path),
    /// A complete MIME message.
    Message(&'a Path),
    Html(&'a Path),
    /// Name and file.
    Attachment(&'a str, &'a Path),
}

impl EmailCollector {
    /// Collects into a folder.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, header: Vec::new(), html: None }
    }

    /// Processes one line of the log. An email that cannot be copied is still in the log.
    pub fn read_line(&mut self, line: &str) {
        if line.contains(ANNOUNCEMENT) {
            self.header.clear();
            self.html = None;
        } else if let Some(part) = parse_part(line) {
            let _ = self.copy(&part);
        } else if is_header(line) {
            self.header.push(line.to_owned());
        }
    }

    fn copy(&mut self, part: &Part<'_>) -> std::io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        match part {
            Part::Text(file) => {
                let email = format!("{}\n\n{}", self.header.join("\n"), fs::read_to_string(file)?);
                fs::write(self.target(file), email)
            }
            Part::Message(file) => fs::copy(file, self.target(file)).map(drop),
            Part::Html(file) => {
                let html = self.target(file);
                fs::copy(file, &html)?;
                self.html = Some(html);
                Ok(())
            }
            Part::Attachment(name, file) => self.copy_attachment(name, file),
        }
    }

    /// Copies an attachment. HTML refers to an image of the same email by `cid:NAME`; the copy refers
    /// to the file.
    fn copy_attachment(&self, name: &str, file: &Path) -> std::io::Result<()> {
        let target = self.target(file);
        fs::copy(file, &target)?;
        let (Some(html), Some(file_name)) = (&self.html, target.file_name()) else {
            return Ok(());
        };
        let cid = format!("src=\"cid:{name}\"");
        let src = format!("src=\"{}\"", file_name.display());
        fs::write(html, fs::read_to_string(html)?.replace(&cid, &src))
    }

    fn target(&self, file: &Path) -> PathBuf {
        self.dir.join(file.file_name().unwrap_or_default())
    }
}

fn parse_part(line: &str) -> Option<Part<'_>> {
    let (label, file) = line.split_once(": ")?;
    // `Attachment (inline): hard-sets.png -> /…/id-1.png`
    let (name, file) = file.rsplit_once(" -> ").unwrap_or(("", file));
    if !file.contains(WRANGLER_FOLDER) {
        return None;
    }
    let file = Path::new(file);
    match label {
        "Text" => Some(Part::Text(file)),
        "Email" => Some(Part::Message(file)),
        "HTML" => Some(Part::Html(file)),
        "Attachment (inline)" | "Attachment (attachment)" => Some(Part::Attachment(name, file)),
        _ => None,
    }
}

fn is_header(line: &str) -> bool {
    ["From: ", "To: ", "Cc: ", "Bcc: ", "Reply-To: ", "Subject: "]
        .iter()
        .any(|field| line.starts_with(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A temporary folder for wrangler's files and their copies.
    struct Fixture(PathBuf);

    impl Fixture {
        fn new(name: &str) -> Self {
            let dir = format!("bulktrack-mails-{name}-{}", std::process::id());
            Self(std::env::temp_dir().join(dir))
        }

        /// Writes a file of wrangler, and returns its path in the log.
        fn file(&self, folder: &str, name: &str, content: &str) -> String {
            let folder = self.0.join(".wrangler/tmp/email/session").join(folder);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name), content).unwrap();
            folder.join(name).display().to_string()
        }

        fn read(&self, lines: &[&str]) {
            let mut emails = EmailCollector::new(self.0.join("mails"));
            for line in lines {
                emails.read_line(line);
            }
        }

        /// Returns the copied files, by name.
        fn copies(&self) -> Vec<(String, String)> {
            let mut copies: Vec<_> = fs::read_dir(self.0.join("mails"))
                .unwrap()
                .map(|entry| {
                    let path = entry.unwrap().path();
                    let name = path.file_name().unwrap().display().to_string();
                    (name, fs::read_to_string(&path).unwrap())
                })
                .collect();
            copies.sort();
            copies
        }
    }

    impl Drop for Fixture {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const TEXT: &str = "From: coach@bulktrack.example\nTo: demo@example.com\nSubject: Plateau\n\n\
        Your bench press stands still.";

    fn file(name: &str, content: &str) -> (String, String) {
        (name.to_owned(), content.to_owned())
    }

    #[test]
    fn email_becomes_text_html_and_image_files() {
        let fixture = Fixture::new("parts");
        let text = fixture.file("email-text", "abc.txt", "Your bench press stands still.");
        let html =
            fixture.file("email-html", "abc.html", "<img src=\"cid:a.png\" alt=\"cid:a.png\">");
        let image = fixture.file("email-attachment", "abc-1.png", "the image");
        fixture.read(&[
            "[wrangler:info] send_email binding called with MessageBuilder:",
            "From: coach@bulktrack.example",
            "To: demo@example.com",
            "Subject: Plateau",
            "",
            &format!("Text: {text}"),
            &format!("HTML: {html}"),
            &format!("Attachment (inline): a.png -> {image}"),
            "[wrangler:info] GET /healthz 200 OK (1ms)",
        ]);
        assert_eq!(
            fixture.copies(),
            [
                file("abc-1.png", "the image"),
                file("abc.html", "<img src=\"abc-1.png\" alt=\"cid:a.png\">"),
                file("abc.txt", TEXT),
            ]
        );
    }

    #[test]
    fn each_email_has_its_own_header_and_html() {
        let fixture = Fixture::new("two");
        let html = fixture.file("email-html", "abc.html", "<img src=\"cid:a.png\">");
        let text = fixture.file("email-text", "def.txt", "Your bench press stands still.");
        let image = fixture.file("email-attachment", "def-1.png", "the image");
        fixture.read(&[
            "send_email binding called with MessageBuilder:",
            "To: somebody@example.com",
            &format!("HTML: {html}"),
            "send_email binding called with MessageBuilder:",
            "From: coach@bulktrack.example",
            "To: demo@example.com",
            "Subject: Plateau",
            &format!("Text: {text}"),
            &format!("Attachment (attachment): a.png -> {image}"),
        ]);
        assert_eq!(
            fixture.copies(),
            [
                file("abc.html", "<img src=\"cid:a.png\">"),
                file("def-1.png", "the image"),
                file("def.txt", TEXT),
            ]
        );
    }

    #[test]
    fn only_files_of_wrangler_are_copied() {
        let fixture = Fixture::new("message");
        let message = fixture.file("email", "abc.eml", "Subject: Plateau\n\nYour bench");
        fixture.read(&[
            "send_email binding called with the following message:",
            &format!("Email: {message}"),
            "Text: /etc/hostname",
            "Text: /nowhere/.wrangler/tmp/email/session/gone.txt",
        ]);
        assert_eq!(fixture.copies(), [file("abc.eml", "Subject: Plateau\n\nYour bench")]);
    }
}
