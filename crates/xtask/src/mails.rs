//! The mails of the local stack. Wrangler simulates `send_email` by writing the parts of a mail to a
//! folder that it clears when it ends, and the head to its log; here they become files that stay:
//! head and text in one, the HTML beside it, for a browser to show.

use std::fs;
use std::path::{Path, PathBuf};

/// How wrangler announces a mail in its log.
const ANNOUNCEMENT: &str = "send_email binding called";
/// Where wrangler puts the parts, below the folder of its first config.
const WRANGLER_FOLDER: &str = "/.wrangler/tmp/email/";

/// Collects mails from the lines of wrangler's log.
pub struct Mails {
    dir: PathBuf,
    head: Vec<String>,
    /// The page of the mail announced last.
    page: Option<PathBuf>,
}

/// A part of a mail, as the log names it: what it is, and the file.
enum Part<'a> {
    Text(&'a Path),
    /// A whole MIME message.
    Message(&'a Path),
    Page(&'a Path),
    /// A picture that the page shows by its name, or any other attachment.
    Attachment(&'a str, &'a Path),
}

impl Mails {
    /// `dir` holds the files of each mail.
    pub fn into(dir: PathBuf) -> Self {
        Self { dir, head: Vec::new(), page: None }
    }

    /// Takes note of one line of the log. A mail that cannot be kept is still in the log.
    pub fn read_line(&mut self, line: &str) {
        if line.contains(ANNOUNCEMENT) {
            self.head.clear();
            self.page = None;
        } else if let Some(part) = part_of(line) {
            let _ = self.keep(&part);
        } else if is_head(line) {
            self.head.push(line.to_owned());
        }
    }

    fn keep(&mut self, part: &Part<'_>) -> std::io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        match part {
            Part::Text(file) => {
                let mail = format!("{}\n\n{}", self.head.join("\n"), fs::read_to_string(file)?);
                fs::write(self.place_of(file), mail)
            }
            Part::Message(file) => fs::copy(file, self.place_of(file)).map(drop),
            Part::Page(file) => {
                let page = self.place_of(file);
                fs::copy(file, &page)?;
                self.page = Some(page);
                Ok(())
            }
            Part::Attachment(name, file) => self.keep_attachment(name, file),
        }
    }

    /// The page names its pictures by `cid:`, which is a place inside a mail; here it is the file
    /// beside the page. The workers' pictures have one name in both.
    fn keep_attachment(&self, name: &str, file: &Path) -> std::io::Result<()> {
        let place = self.place_of(file);
        fs::copy(file, &place)?;
        let (Some(page), Some(beside)) = (&self.page, place.file_name()) else {
            return Ok(());
        };
        let inside = format!("src=\"cid:{name}\"");
        let outside = format!("src=\"{}\"", beside.display());
        fs::write(page, fs::read_to_string(page)?.replace(&inside, &outside))
    }

    fn place_of(&self, file: &Path) -> PathBuf {
        self.dir.join(file.file_name().unwrap_or_default())
    }
}

fn part_of(line: &str) -> Option<Part<'_>> {
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
        "HTML" => Some(Part::Page(file)),
        "Attachment (inline)" | "Attachment (attachment)" => Some(Part::Attachment(name, file)),
        _ => None,
    }
}

fn is_head(line: &str) -> bool {
    ["From: ", "To: ", "Cc: ", "Bcc: ", "Reply-To: ", "Subject: "]
        .iter()
        .any(|field| line.starts_with(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder for wrangler's files and for those that stay, gone in the end.
    struct Home(PathBuf);

    impl Home {
        fn new(name: &str) -> Self {
            let dir = format!("bulktrack-mails-{name}-{}", std::process::id());
            Self(std::env::temp_dir().join(dir))
        }

        /// Writes a file where wrangler does; what the log says of it.
        fn file(&self, folder: &str, name: &str, content: &str) -> String {
            let folder = self.0.join(".wrangler/tmp/email/session").join(folder);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name), content).unwrap();
            folder.join(name).display().to_string()
        }

        fn read(&self, lines: &[&str]) {
            let mut mails = Mails::into(self.0.join("mails"));
            for line in lines {
                mails.read_line(line);
            }
        }

        /// The files that stay, by name.
        fn kept(&self) -> Vec<(String, String)> {
            let files =
                fs::read_dir(self.0.join("mails")).unwrap().map(|file| file.unwrap().path());
            let mut kept: Vec<_> = files
                .map(|file| {
                    (
                        file.file_name().unwrap().display().to_string(),
                        fs::read_to_string(&file).unwrap(),
                    )
                })
                .collect();
            kept.sort();
            kept
        }
    }

    impl Drop for Home {
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
    fn a_mail_becomes_a_text_with_its_head_and_a_page_with_its_picture_beside_it() {
        let home = Home::new("parts");
        let text = home.file("email-text", "abc.txt", "Your bench press stands still.");
        let page = home.file("email-html", "abc.html", "<img src=\"cid:a.png\" alt=\"cid:a.png\">");
        let picture = home.file("email-attachment", "abc-1.png", "the picture");
        home.read(&[
            "[wrangler:info] send_email binding called with MessageBuilder:",
            "From: coach@bulktrack.example",
            "To: demo@example.com",
            "Subject: Plateau",
            "",
            &format!("Text: {text}"),
            &format!("HTML: {page}"),
            &format!("Attachment (inline): a.png -> {picture}"),
            "[wrangler:info] GET /healthz 200 OK (1ms)",
        ]);
        assert_eq!(
            home.kept(),
            [
                file("abc-1.png", "the picture"),
                file("abc.html", "<img src=\"abc-1.png\" alt=\"cid:a.png\">"),
                file("abc.txt", TEXT),
            ]
        );
    }

    #[test]
    fn a_mail_keeps_nothing_of_the_one_before() {
        let home = Home::new("two");
        let page = home.file("email-html", "abc.html", "<img src=\"cid:a.png\">");
        let text = home.file("email-text", "def.txt", "Your bench press stands still.");
        let picture = home.file("email-attachment", "def-1.png", "the picture");
        home.read(&[
            "send_email binding called with MessageBuilder:",
            "To: somebody@example.com",
            &format!("HTML: {page}"),
            "send_email binding called with MessageBuilder:",
            "From: coach@bulktrack.example",
            "To: demo@example.com",
            "Subject: Plateau",
            &format!("Text: {text}"),
            &format!("Attachment (attachment): a.png -> {picture}"),
        ]);
        assert_eq!(
            home.kept(),
            [
                file("abc.html", "<img src=\"cid:a.png\">"),
                file("def-1.png", "the picture"),
                file("def.txt", TEXT),
            ]
        );
    }

    #[test]
    fn a_whole_message_is_kept_and_other_files_are_not() {
        let home = Home::new("message");
        let message = home.file("email", "abc.eml", "Subject: Plateau\n\nYour bench");
        home.read(&[
            "send_email binding called with the following message:",
            &format!("Email: {message}"),
            "Text: /etc/hostname",
            "Text: /nowhere/.wrangler/tmp/email/session/gone.txt",
        ]);
        assert_eq!(home.kept(), [file("abc.eml", "Subject: Plateau\n\nYour bench")]);
    }
}
