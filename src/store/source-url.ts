/** URLs archives come from: which are taken, and how they are shown. A URL may hold secrets, so it is never shown whole. */
import { make } from "./faults.ts";

/** Whether a source is a URL and not a path. */
export const isRemote = (source: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(source);

/** Without user, password, query and fragment. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === "" ? "" : "?…"}`;
}

/** @throws SOURCE_URL_INVALID; its message never holds a password */
export function parseSource(source: string): URL {
  let url: URL;
  try {
    url = new URL(source);
  } catch {
    const scheme = source.slice(0, Math.min(32, source.indexOf("://")));
    throw make("SOURCE_URL_INVALID", `the ${scheme} URL cannot be read`, {
      url: `${scheme}://…`,
      problem: "syntax",
    });
  }
  const shown = shownUrl(url);
  const refuse = (problem: string) =>
    make("SOURCE_URL_INVALID", `${shown} ${problem}`, { url: shown, problem });
  if (!["http:", "https:", "file:"].includes(url.protocol)) throw refuse(`is not http, https or file`);
  if (url.username !== "" || url.password !== "")
    throw refuse("holds a user or password, which would be recorded");
  if (url.protocol === "file:" && url.host !== "") throw refuse("names a host, and file URLs are local");
  return url;
}

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);

/** @throws DOWNLOAD_INSECURE: anybody on the way could put other bytes in */
export function requireSecure(url: URL, is_pinned: boolean): void {
  if (url.protocol !== "http:" || is_pinned || isLoopback(url)) return;
  const shown = shownUrl(url);
  throw make("DOWNLOAD_INSECURE", `${shown} is plain http and nothing pins its bytes`, { url: shown });
}
