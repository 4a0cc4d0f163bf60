/** URLs archives come from: which are taken, and how they are shown. A URL may hold secrets, so it is never shown whole. */
import { make } from "./faults.ts";

/** Whether a source is a URL and not a path. A known scheme is one without its slashes too, as URL parsers have it. */
export const isRemote = (source: string): boolean => /^([a-z][a-z0-9+.-]*:\/\/|(https?|file):)/i.test(source);

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
    const scheme = /^[a-z][a-z0-9+.-]{0,30}(?=:)/i.exec(source)?.[0] ?? "";
    const url_shown = `${scheme}:…`;
    throw make("SOURCE_URL_INVALID", `${url_shown} is no URL`, { url: url_shown, problem: "syntax" });
  }
  // Where a secret stands in an unknown scheme is unknown too.
  const is_known = ["http:", "https:", "file:"].includes(url.protocol);
  const shown = is_known ? shownUrl(url) : `${url.protocol}…`;
  const refuse = (problem: string) =>
    make("SOURCE_URL_INVALID", `${shown} ${problem}`, { url: shown, problem });
  if (!is_known) throw refuse("is not http, https or file");
  if (url.username !== "" || url.password !== "")
    throw refuse("holds a user or password, which would be recorded");
  if (url.protocol === "file:" && url.host !== "") throw refuse("names a host, and file URLs are local");
  if (url.protocol === "file:" && pathIn(url) === undefined) throw refuse("names no path");
  return url;
}

/** The path a file URL names; undefined where its escapes stand for no text, for a NUL or for a slash. */
export function pathIn({ pathname }: URL): string | undefined {
  if (/%(00|2f)/i.test(pathname)) return undefined;
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);

/** @throws DOWNLOAD_INSECURE: anybody on the way could put other bytes in */
export function requireSecure(url: URL, is_pinned: boolean): void {
  if (url.protocol !== "http:" || is_pinned || isLoopback(url)) return;
  const shown = shownUrl(url);
  throw make("DOWNLOAD_INSECURE", `${shown} is plain http and nothing pins its bytes`, { url: shown });
}
