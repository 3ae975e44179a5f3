// The pages of the problem codes: /docs/problems, and one for each code, to which the `type` of an error response leads.

import { escapeHtml, layout } from "./layout.mjs";

/**
 * @typedef {object} ProblemCode An entry of docs/reference/problems.json.
 * @property {string} code
 * @property {number} status
 * @property {string} title
 * @property {string} meaning
 * @property {string} fix
 */

/** The codes whose responses name the invalid fields or parameters, with an example of an entry. */
const ERRORS = new Map([
  [
    "validation_failed",
    {
      pointer: "/exercises/0/sets/2/reps",
      code: "out_of_range",
      detail: "must be an integer between 0 and 1000",
    },
  ],
  [
    "invalid_parameter",
    { parameter: "limit", code: "out_of_range", detail: "must be an integer between 1 and 100" },
  ],
]);

/** The codes whose responses have one more header. */
const HEADERS = new Map([
  ["concurrent_change", "Retry-After: 1"],
  ["method_not_allowed", "Allow: GET, HEAD, POST, OPTIONS"],
  ["rate_limited", "Retry-After: 10"],
  ["unavailable", "Retry-After: 2"],
]);

/**
 * Returns the list of all codes.
 * @param {ProblemCode[]} problems
 */
export function problemIndex(problems) {
  const rows = problems.map(
    ({ code, status, title }) =>
      `<tr><td>${status}</td><td><a href="/docs/problems/${code}"><code>${code}</code></a></td><td>${prose(title)}</td></tr>`,
  );
  return layout({
    title: "Problems",
    body: `<main>
<h1>Problems</h1>
<p>Every error response has the content type <code>application/problem+json</code>
(<a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>). Its <code>code</code> is one of these and does not change; its
<code>type</code> is the address of the code's page. <code>title</code> and <code>detail</code> are for people and can change.</p>
<table>
<thead><tr><th>Status</th><th>Code</th><th>Title</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</main>`,
  });
}

/**
 * Returns the page of a code.
 * @param {ProblemCode} problem
 */
export function problemPage(problem) {
  return layout({
    title: problem.title,
    body: `<main>
<p><a href="/docs/problems">All problems</a></p>
<h1>${prose(problem.title)}</h1>
<p class="status"><code>${problem.code}</code>, status ${problem.status}</p>
<h2>Meaning</h2>
<p>${prose(problem.meaning)}</p>
<h2>How to fix it</h2>
<p>${prose(problem.fix)}</p>
<h2>Example</h2>
<pre tabindex="0"><code>${escapeHtml(exampleResponse(problem))}</code></pre>
</main>`,
  });
}

/**
 * Returns an example of the response, with headers.
 * @param {ProblemCode} problem
 */
function exampleResponse({ code, status, title }) {
  const error = ERRORS.get(code);
  const requestId = "0193a1f0-5c1e-7c3a-9f53-6a8d2b7e4c10";
  const details = {
    type: `/docs/problems/${code}`,
    title,
    status,
    detail: error ? "1 field or parameter of the request is invalid" : title,
    instance: `urn:uuid:${requestId}`,
    code,
    ...(error && { errors: [error], errors_total: 1 }),
  };
  const headers = [
    `HTTP/1.1 ${status}`,
    "Content-Type: application/problem+json",
    ...(HEADERS.has(code) ? [HEADERS.get(code)] : []),
    `X-Request-Id: ${requestId}`,
  ];
  return `${headers.join("\n")}\n\n${JSON.stringify(details, null, 2)}`;
}

/**
 * Returns a text with `code` in backticks as HTML.
 * @param {string} text
 */
function prose(text) {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
