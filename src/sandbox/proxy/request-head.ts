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
  if (method === "CONNECT") {
    const target = targetOf(to);
    return target === undefined ? 400 : { target, forward: "", body_bytes: undefined };
  }
  const [, authority, path] = /^http:\/\/([^/?#]+)(.*)$/i.exec(to) ?? [];
  const target = authority === undefined ? undefined : targetOf(authority, 80);
  if (target === undefined || path === undefined) return 400;
  const headers = lines.map((line) => /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/.exec(line));
  if (headers.includes(null)) return 400;
  const named = (name: string): string[] =>
    headers.flatMap((header) => (header?.[1]?.toLowerCase() === name ? [header[2] ?? ""] : []));
  const lengths = [...new Set(named("content-length"))];
  // A second request could hide behind a length that two readers see differently.
  if (named("transfer-encoding").length > 0) return 501;
  if (lengths.length > 1 || lengths.some((length) => !/^\d{1,15}$/.test(length.trim()))) return 400;
  const kept = headers.flatMap((header) =>
    header === null || DROPPED.test(header[1] ?? "") ? [] : [header[0]],
  );
  const host = target.port === 80 ? target.host : `${target.host}:${target.port}`;
  const origin = path === "" || path.startsWith("?") ? `/${path}` : path;
  const forward = [`${method} ${origin} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...kept, "", ""];
  return { target, forward: forward.join("\r\n"), body_bytes: Number(lengths[0] ?? 0) };
}
