//! The emails of the local stack. Wrangler simulates `send_email`: it logs the header of an email
//! and writes its parts to a folder that it clears on exit. This module copies them to permanent
//! files: one with header and text, and the HTML for a browser.

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
    html: Option<PathBuf>,
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
        } else if let Some((label, file)) = parse_part(line) {
            let _ = self.copy_part(label, file);
        } else if is_header(line) {
            self.header.push(line.to_owned());
        }
    }

    fn copy_part(&mut self, label: &str, file: &Path) -> std::io::Result<()> {
        let name = file.file_name().unwrap_or_default();
        let target = self.dir.join(name);
        fs::create_dir_all(&self.dir)?;
        if label == "Text" {
            let text = fs::read_to_string(file)?;
            return fs::write(target, format!("{}\n\n{text}", self.header.join("\n")));
        }
        fs::copy(file, &target)?;
        if label == "HTML" {
            self.html = Some(target);
        } else if let (Some(html), Some((_, cid))) = (&self.html, label.split_once("): ")) {
            // HTML refers to an image of the same email by `cid:NAME`; the copy refers to the file.
            let (cid, src) = (format!("src=\"cid:{cid}\""), format!("src=\"{}\"", name.display()));
            fs::write(html, fs::read_to_string(html)?.replace(&cid, &src))?;
        }
        Ok(())
    }
}

/// Returns label and file of a part: `Text: /…/id.txt`, `HTML: …`, `Email: …` for a MIME message,
/// or `Attachment (inline): hard-sets.png -> /…/id-1.png`.
fn parse_part(line: &str) -> Option<(&str, &Path)> {
    let is_attachment = line.starts_with("Attachment (");
    let (label, file) = line.rsplit_once(if is_attachment { " -> " } else { ": " })?;
    let is_part = is_attachment || ["Text", "HTML", "Email"].contains(&label);
    (is_part && file.contains(WRANGLER_FOLDER)).then_some((label, Path::new(file)))
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
