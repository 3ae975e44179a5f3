/** The script of /docs: renders the OpenAPI document with Redoc, with a curl command for each operation. */

import { addCurlSamples, type OpenApi } from "./curl";
import { theme } from "./theme";

/** The parts of Redoc's standalone script that are used; its own types require React. */
declare const Redoc: {
  init(
    document: OpenApi,
    options: object,
    element: HTMLElement,
    done: (error?: Error) => void,
  ): Promise<void>;
};

const DOCUMENT = "/openapi.json";
const DARK = window.matchMedia("(prefers-color-scheme: dark)");

async function render(element: HTMLElement): Promise<void> {
  const response = await fetch(DOCUMENT);
  if (!response.ok) {
    throw new Error(`${DOCUMENT}: status ${response.status}`);
  }
  const document = addCurlSamples((await response.json()) as OpenApi, location.origin);
  const options = {
    downloadUrls: [{ title: "openapi.json", url: DOCUMENT }],
    expandResponses: "200,201,202",
    hideSecuritySection: false,
    jsonSamplesExpandLevel: "all",
    showWebhookVerb: true,
    sortRequiredPropsFirst: true,
    theme: theme(DARK.matches),
  };
  await Redoc.init(document, options, element, (error) => {
    if (error) {
      throw error;
    }
  });
}

const element = document.getElementById("reference");
if (element) {
  render(element).catch((error: unknown) => {
    element.textContent = `The reference cannot be shown (${String(error)}).`;
    throw error;
  });
}
// Redoc computes its colours once.
DARK.addEventListener("change", () => location.reload());
