//! Renders an email as HTML, with inline styles only: mail programs drop others.

use super::chart::{SHOWN_HEIGHT, SHOWN_WIDTH};
use super::parts::{CHART_NAME, Chart, PREFERENCES, Parts, UNSUBSCRIBE};
use std::fmt::Write;

/// Returns the HTML document.
pub fn document(parts: &Parts) -> String {
    let title = escaped(&parts.title);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n</head>\n\
         <body style=\"margin:0;padding:0;background:#ffffff\">\n\
         <div style=\"max-width:560px;margin:0 auto;padding:24px 16px;background:#ffffff;\
         color:#1a1a1a;font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5;\
         overflow-wrap:anywhere\">\n"
    );
    paragraph(&mut html, &escaped(&parts.greeting));
    if !title.is_empty() {
        let style = "margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:bold";
        let _ = writeln!(html, "<h1 style=\"{style}\">{title}</h1>");
    }
    for lines in &parts.paragraphs {
        let lines: Vec<_> = lines.iter().map(|line| escaped(line)).collect();
        paragraph(&mut html, &lines.join("<br>\n"));
    }
    if let Some(chart) = &parts.chart {
        figure(&mut html, chart);
    }
    if let Some(action) = &parts.action {
        paragraph(&mut html, &link(&action.url, action.label));
    }
    footer(&mut html, parts);
    html.push_str("</div>\n</body>\n</html>\n");
    html
}

fn paragraph(html: &mut String, content: &str) {
    let _ = writeln!(html, "<p style=\"margin:0 0 16px\">{content}</p>");
}

/// The numbers are also below the image: many mail programs hide images at first.
fn figure(html: &mut String, chart: &Chart) {
    let numbers = escaped(&chart.numbers);
    let _ = writeln!(
        html,
        "<img src=\"cid:{CHART_NAME}\" width=\"{SHOWN_WIDTH}\" height=\"{SHOWN_HEIGHT}\" \
         alt=\"Bar chart. {numbers}\" \
         style=\"display:block;width:100%;max-width:{SHOWN_WIDTH}px;height:auto;margin:0 0 8px\">"
    );
    let style = "margin:0 0 16px;font-size:14px;color:#555555";
    let _ = writeln!(html, "<p style=\"{style}\">{numbers}</p>");
}

fn footer(html: &mut String, parts: &Parts) {
    let style = "margin:32px 0 0;padding:12px 0 0;border-top:1px solid #dddddd;font-size:13px;\
                 color:#555555";
    let mut lines = vec!["Bulktrack".to_owned(), escaped(&parts.reason)];
    if !parts.unsubscribe_url.is_empty() {
        lines.push(link(&parts.unsubscribe_url, UNSUBSCRIBE));
    }
    if parts.has_preferences {
        lines.push(escaped(PREFERENCES));
    }
    let _ = writeln!(html, "<p style=\"{style}\">{}</p>", lines.join("<br>\n"));
}

fn link(url: &str, text: &str) -> String {
    format!("<a href=\"{}\" style=\"color:#1f5fa8\">{}</a>", escaped(url), escaped(text))
}

/// Escapes a text for an element or a quoted attribute.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}
