//! The mails of the local stack. Wrangler simulates `send_email` by writing the body to a folder
//! that it clears when it ends, and the head to its log; here both become one file that stays.

use std::fs;
use std::path::{Path, PathBuf};

/// How wrangler announces a mail in its log.
const ANNOUNCEMENT: &str = "send_email binding called";
/// Where wrangler puts bodies, below the folder of its first config.
const WRANGLER_FOLDER: &str = "/.wrangler/tmp/email/";
/// How the log names the files of a mail: `Email` is a whole MIME message.
const FILE_LABELS: [&str; 3] = ["Text: ", "HTML: ", "Email: "];

/// Collects mails from the lines of wrangler's log.
pub struct Mails {
    dir: PathBuf,
    head: Vec<String>,
    /// The mail announced last has its file: text and HTML are two forms of one mail.
    kept: bool,
}

impl Mails {
    /// `dir` holds a file for each mail.
    pub fn into(dir: PathBuf) -> Self {
        Self { dir, head: Vec::new(), kept: false }
    }

    /// Takes note of one line of the log. A mail that cannot be kept is still in the log.
    pub fn read_line(&mut self, line: &str) {
        if line.contains(ANNOUNCEMENT) {
            self.head.clear();
            self.kept = false;
        } else if let Some(body) = body_of(line) {
            self.kept = self.kept || self.keep(body).is_ok();
        } else if is_head(line) {
            self.head.push(line.to_owned());
        }
    }

    fn keep(&self, body: &Path) -> std::io::Result<()> {
        let Some(name) = body.file_name() else {
            return Ok(());
        };
        let mut mail = String::new();
        // A whole MIME message has its head inside, and none in the log.
        if !self.head.is_empty() {
            mail = format!("{}\n\n", self.head.join("\n"));
        }
        mail.push_str(&fs::read_to_string(body)?);
        fs::create_dir_all(&self.dir)?;
        fs::write(self.dir.join(name), mail)
    }
}

fn body_of(line: &str) -> Option<&Path> {
    let path = FILE_LABELS.iter().find_map(|label| line.strip_prefix(label))?;
    path.contains(WRANGLER_FOLDER).then(|| Path::new(path))
}

fn is_head(line: &str) -> bool {
    ["From: ", "To: ", "Cc: ", "Bcc: ", "Reply-To: ", "Subject: "]
        .iter()
        .any(|field| line.starts_with(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_body_of_a_mail_become_one_file() {
        let home = std::env::temp_dir().join(format!("bulktrack-mails-{}", std::process::id()));
        let folder = home.join(".wrangler/tmp/email/session/email-text");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("abc@bulktrack.example.txt"), "Your bench press stands still.")
            .unwrap();

        fs::write(folder.join("abc@bulktrack.example.html"), "<p>Your bench press…").unwrap();

        let mut mails = Mails::into(home.join("mails"));
        for line in [
            "[wrangler:info] send_email binding called with MessageBuilder:",
            "From: coach@bulktrack.example",
            "To: demo@example.com",
            "Subject: Plateau",
            "",
            &format!("Text: {}", folder.join("abc@bulktrack.example.txt").display()),
            "[wrangler:info] GET /healthz 200 OK (1ms)",
        ] {
            mails.read_line(line);
        }

        let mail = fs::read_to_string(home.join("mails/abc@bulktrack.example.txt")).unwrap();
        assert_eq!(fs::read_dir(home.join("mails")).unwrap().count(), 1);
        assert_eq!(
            mail,
            "From: coach@bulktrack.example\nTo: demo@example.com\nSubject: Plateau\n\n\
             Your bench press stands still."
        );
        fs::remove_dir_all(home).unwrap();
    }
}
