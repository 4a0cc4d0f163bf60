/** A headless Chromium on its own profile, driven over pipes by its DevTools protocol; it needs no port and no library. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./tree.ts";

/** Undefined where none is installed. */
export const CHROMIUM = [
  process.env["HOLDFAST_CHROMIUM"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== "" && existsSync(path));

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-pipe",
];

type Message = {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: unknown;
};

export class Page {
  /** What the page asked for, its own file aside, and what it complained of. */
  readonly requests: string[] = [];
  readonly complaints: string[] = [];
  readonly #to: Writable;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  readonly #loaded: (() => void)[] = [];
  #session = "";
  #number = 0;
  #text = "";

  constructor(to: Writable, from: Readable) {
    this.#to = to;
    from.setEncoding("utf8");
    from.on("data", (chunk: string) => this.#take(chunk));
  }

  static async open(options: { width: number; height: number; dark?: boolean }): Promise<Page> {
    const profile = temporaryFolder();
    const child = spawn(CHROMIUM ?? "", [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] ?? "", HOME: profile },
    });
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await new Promise((resolve) => (child.exitCode === null ? child.once("close", resolve) : resolve(0)));
    });
    const page = new Page(child.stdio[3] as Writable, child.stdio[4] as Readable);
    await page.#start(options);
    return page;
  }

  async #start({
    width,
    height,
    dark = false,
  }: {
    width: number;
    height: number;
    dark?: boolean;
  }): Promise<void> {
    const { targetInfos } = (await this.call("Target.getTargets")) as {
      targetInfos: { targetId: string; type: string }[];
    };
    const targetId = targetInfos.find(({ type }) => type === "page")?.targetId;
    const attached = (await this.call("Target.attachToTarget", { targetId, flatten: true })) as {
      sessionId: string;
    };
    this.#session = attached.sessionId;
    for (const domain of ["Page", "Network", "Runtime", "Log"]) await this.call(`${domain}.enable`);
    await this.call("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 600,
    });
    await this.call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
    });
  }

  async go(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => this.#loaded.push(resolve));
    await this.call("Page.navigate", { url });
    await loaded;
  }

  /** The value of an expression in the page. */
  async value(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = (await this.call("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    })) as { result: { value?: unknown }; exceptionDetails?: { text: string } };
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  /** Types as a person would, into what has the focus. */
  async type(text: string): Promise<void> {
    await this.call("Input.insertText", { text });
  }

  async screenshot(): Promise<Buffer> {
    const { data } = (await this.call("Page.captureScreenshot", { format: "png" })) as { data: string };
    return Buffer.from(data, "base64");
  }

  call(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    const id = ++this.#number;
    const session = this.#session === "" ? {} : { sessionId: this.#session };
    this.#to.write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #take(chunk: string): void {
    const parts = (this.#text + chunk).split("\0");
    this.#text = parts.pop() ?? "";
    for (const part of parts) this.#receive(JSON.parse(part) as Message);
  }

  #receive({ id, method, params = {}, result, error }: Message): void {
    if (id !== undefined) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(JSON.stringify(error)));
      return;
    }
    if (method === "Page.loadEventFired") this.#loaded.shift()?.();
    if (method === "Network.requestWillBeSent")
      this.requests.push((params["request"] as { url: string }).url);
    if (
      method === "Log.entryAdded" ||
      method === "Runtime.exceptionThrown" ||
      method === "Runtime.consoleAPICalled"
    )
      this.complaints.push(JSON.stringify(params));
  }
}
