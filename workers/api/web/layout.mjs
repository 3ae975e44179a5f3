// The frame of the static pages, and the page of the reference.

const LINKS = [
  ["/docs", "Bulktrack API"],
  ["/docs/problems", "Problems"],
  ["/openapi.json", "OpenAPI"],
  ["/asyncapi.json", "Internal events"],
];

/**
 * Returns a page.
 * @param {{ title: string, body: string, scripts?: string[] }} page its title as text, its body as HTML
 */
export function layout({ title, body, scripts = [] }) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} – Bulktrack</title>
<link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/assets/pages.css">
${scripts.map((path) => `<script src="${path}" defer></script>`).join("\n")}
</head>
<body>
<nav class="site">
${LINKS.map(([path, text]) => `<a href="${path}">${text}</a>`).join("\n")}
</nav>
${body}
</body>
</html>
`;
}

/** Returns the page of the API reference; its script renders the OpenAPI document. */
export function referencePage() {
  return layout({
    title: "API reference",
    scripts: ["/assets/redoc.js", "/assets/reference.js"],
    body: `<div id="reference">
<main>
<p role="status">Loading the reference …</p>
<noscript><p>The reference requires JavaScript. The <a href="/openapi.json">OpenAPI document</a> has the same content.</p></noscript>
</main>
</div>`,
  });
}

/**
 * Returns text as HTML.
 * @param {string} text
 */
export function escapeHtml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
