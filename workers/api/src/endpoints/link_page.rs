//! The page that a link in an email opens.

use crate::reply::HtmlPage;

/// A standalone page. `content` has no user input, and is not escaped.
pub fn page(content: &str) -> HtmlPage {
    HtmlPage(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>Bulktrack emails</title></head>\n<body>\n{content}\n</body>\n</html>\n"
    ))
}
