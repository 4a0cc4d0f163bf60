/** The head of one request to a proxy. Pure. */
import { type Target, targetOf } from "./rules.ts";

export interface ProxyRequest {
  readonly target: Target;
  /** What is sent on before the rest: nothing for a tunnel. */
  readonly forward: string;
  /** How many bytes follow the head; undefined for a tunnel, which has no end. */
  readonly body_bytes: number | undefined;
}

/** Headers between the program and us. The name of the host is written anew: it is what was judged. */
const DROPPED = /^(?:host|connection|keep-alive|te|trailer|upgrade|proxy-.*)$/i;

/** @returns what is wrong with it, as a status of HTTP, where it is none */
export function parseHead(head: string): ProxyRequest | number {
  const [first = "", ...lines] = head.split("\r\n");
  const [, method = "", to = ""] = /^([A-Z]{1,20}) (\S+) HTTP\/1\.[01]$/.exec(first) ?? [];
  return method === "CONNECT" ? tunnel(to) : plain(method, to, lines);
}

function tunnel(to: string): ProxyRequest | number {
  const target = targetOf(to);
  return target === undefined ? 400 : { target, forward: "", body_bytes: undefined };
}

function plain(method: string, to: string, lines: readonly string[]): ProxyRequest | number {
  const [, authority = "", path = ""] = /^http:\/\/([^/?#]+)(.*)$/i.exec(to) ?? [];
  const target = targetOf(authority, 80);
  if (target === undefined) return 400;
  const headers = headersOf(lines);
  const body_bytes = bodyBytes(headers);
  if (headers === undefined || typeof body_bytes === "string") return body_bytes === "coded" ? 501 : 400;
  const host = target.port === 80 ? target.host : `${target.host}:${target.port}`;
  const origin = path.startsWith("/") ? path : `/${path}`;
  const kept = headers.filter(([name]) => !DROPPED.test(name)).map(([, , line]) => line);
  const forward = [`${method} ${origin} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...kept, "", ""];
  return { target, forward: forward.join("\r\n"), body_bytes };
}

type Header = readonly [name: string, value: string, line: string];

/** Undefined when a line is none, as one folded into the line before. */
function headersOf(lines: readonly string[]): readonly Header[] | undefined {
  const headers = lines.map((line): Header | undefined => {
    const [, name, value = ""] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/.exec(line) ?? [];
    return name === undefined ? undefined : [name.toLowerCase(), value.trim(), line];
  });
  const found = headers.filter((header) => header !== undefined);
  return found.length === headers.length ? found : undefined;
}

/** A second request could hide behind a length that two readers see differently. */
function bodyBytes(headers: readonly Header[] | undefined): number | "coded" | "unclear" {
  const named = (wanted: string): string[] =>
    (headers ?? []).flatMap(([name, value]) => (name === wanted ? [value] : []));
  if (named("transfer-encoding").length > 0) return "coded";
  const lengths = named("content-length");
  if (lengths.length > 1 || lengths.some((length) => !/^\d{1,15}$/.test(length))) return "unclear";
  return Number(lengths[0] ?? 0);
}
