import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type BrowserContextOptions,
  type Browser as Chromium,
  chromium,
  type LaunchOptions,
  type Page,
} from "playwright-core";
import { devDependencies } from "../../package.json";

/** Browsers of the machine, used in this order; the variable names another one. */
const INSTALLED = [
  process.env.CHROMIUM_PATH ?? "",
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
/** The browser of npm, unpacked once. */
const UNPACKED = fileURLToPath(
  new URL(`../../.tools/chromium-${devDependencies["@sparticuz/chromium"]}`, import.meta.url),
);

/** A headless Chromium with the web security of a browser that people use. */
export class Browser {
  private constructor(private readonly chromium: Chromium) {}

  static async start(): Promise<Browser> {
    const installed = INSTALLED.find((path) => existsSync(path));
    const options = installed ? { executablePath: installed } : await unpackChromium();
    return new Browser(await chromium.launch({ ...options, headless: true }));
  }

  async stop(): Promise<void> {
    await this.chromium.close();
  }

  /** Opens an address in a new window without state, and waits until it has loaded. */
  async open(url: string, options: BrowserContextOptions = {}): Promise<Tab> {
    const page = await this.chromium.newPage(options);
    const tab = new Tab(page, new URL(url).origin);
    await page.goto(url);
    return tab;
  }
}

/** A page of the browser. */
export class Tab {
  /** Errors of the console, violations of the content security policy among them, and exceptions. */
  readonly errors: string[] = [];
  /** Requests to other origins. */
  readonly foreignRequests: string[] = [];

  constructor(
    readonly page: Page,
    origin: string,
  ) {
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.errors.push(message.text());
      }
    });
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith(`blob:${origin}`)) {
        this.foreignRequests.push(request.url());
      }
    });
  }

  /** Returns the HTTP status with which the page was served. */
  async status(): Promise<number> {
    const timing = "performance.getEntriesByType('navigation')[0].responseStatus";
    return this.page.evaluate<number>(timing);
  }

  /** Whether the page is wider than the window. */
  async overflows(): Promise<boolean> {
    return this.page.evaluate<boolean>(
      "document.documentElement.scrollWidth > document.documentElement.clientWidth",
    );
  }
}

/**
 * Unpacks the Chromium of npm with its libraries, and returns how to start it. Each process unpacks into a folder of
 * its own and renames it: test files start at the same time.
 */
async function unpackChromium(): Promise<LaunchOptions> {
  const executablePath = join(UNPACKED, "chromium");
  if (!existsSync(executablePath)) {
    const folder = mkdtempSync(`${UNPACKED}-`);
    try {
      await unpackInto(folder);
      renameSync(folder, UNPACKED);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      if (!existsSync(executablePath)) {
        const message = "no Chromium: install one, or name its executable in CHROMIUM_PATH";
        throw new Error(message, { cause: error });
      }
    }
  }
  const libraries = join(UNPACKED, "al2023/lib");
  return { executablePath, env: { ...process.env, LD_LIBRARY_PATH: libraries } };
}

/** The package unpacks into the folder for temporary files. */
async function unpackInto(folder: string): Promise<void> {
  const temporary = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    const { default: packed, inflate } = await import("@sparticuz/chromium");
    await packed.executablePath();
    const main = createRequire(import.meta.url).resolve("@sparticuz/chromium");
    await inflate(join(dirname(main), "../bin/al2023.tar.br"));
  } finally {
    if (temporary === undefined) {
      delete process.env.TMPDIR;
    } else {
      process.env.TMPDIR = temporary;
    }
  }
}
