import { describe, expect, test } from "vitest";
import type { Channel, Effects } from "../../src/effects/index.ts";
import { isPublic } from "../../src/sandbox/proxy/address.ts";
import { parseHead } from "../../src/sandbox/proxy/request-head.ts";
import { addressFor, isGranted, targetOf } from "../../src/sandbox/proxy/rules.ts";
import { run, type World, world } from "./escape/scene.ts";

describe("which addresses belong to the world", () => {
  test.each(["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8"])("%s does", (address) =>
    expect(isPublic(address)).toBe(true),
  );
  test.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.0.9",
    "169.254.169.254",
    "172.31.0.1",
    "192.168.1.1",
    "198.19.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "255.255.255.255",
    "256.1.1.1",
    "1.2.3",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd12::1",
    "ff02::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2001::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "64:ff9b::a00:1",
    "fe80::1%eth0",
    "::127.0.0.1",
    "not an address",
  ])("%s does not", (address) => expect(isPublic(address)).toBe(false));
});

describe("which names are granted", () => {
  const allows = (authority: string, ...domains: string[]): boolean => {
    const target = targetOf(authority, 443);
    return target !== undefined && isGranted(target, domains);
  };
  test("exactly, below a star, and with the port named", () => {
    expect(allows("api.example.org", "api.example.org")).toBe(true);
    expect(allows("API.Example.ORG.:443", "api.example.org")).toBe(true);
    expect(allows("a.b.example.org:80", "*.example.org")).toBe(true);
    expect(allows("api.example.org:8443", "api.example.org:8443")).toBe(true);
    expect(allows("10.0.0.8:5000", "10.0.0.8:5000")).toBe(true);
  });
  test("and nothing that only looks like it", () => {
    expect(allows("example.org", "*.example.org")).toBe(false);
    expect(allows("notexample.org", "*.example.org")).toBe(false);
    expect(allows("api.example.org.evil.net", "api.example.org")).toBe(false);
    expect(allows("api.example.org:22", "api.example.org")).toBe(false);
    expect(allows("api.example.org:443", "api.example.org:8443")).toBe(false);
    expect(allows("93.184.216.34", "*.example.org")).toBe(false);
    for (const loopback of ["2130706433", "0x7f.1", "127.1", "0x7f000001"])
      expect(allows(loopback, "*.1", "localhost")).toBe(false);
    for (const bad of ["a b", "user@host", "", ":443", "host:0", "host:99999", "[::1", "host:443:1"])
      expect(targetOf(bad, 443)).toBeUndefined();
  });
  test("a name that leads inward leads nowhere, unless that address is granted", () => {
    const target = { host: "api.example.org", port: 443 };
    expect(addressFor(target, ["93.184.216.34"], ["api.example.org"])).toBe("93.184.216.34");
    expect(addressFor(target, ["127.0.0.1"], ["api.example.org"])).toBeUndefined();
    expect(addressFor(target, ["93.184.216.34", "10.0.0.1"], ["api.example.org"])).toBeUndefined();
    expect(addressFor(target, ["10.0.0.1"], ["api.example.org", "10.0.0.1"])).toBe("10.0.0.1");
    expect(addressFor({ host: "localhost", port: 80 }, ["127.0.0.1"], ["localhost"])).toBe("127.0.0.1");
    expect(addressFor(target, [], ["api.example.org"])).toBeUndefined();
  });
});

test("the head of a request is read strictly, and the host is written anew", () => {
  expect(
    parseHead("GET http://a.example/x?y HTTP/1.1\r\nHost: evil.example\r\nProxy-Authorization: x\r\nA: b"),
  ).toEqual({
    target: { host: "a.example", port: 80 },
    forward: "GET /x?y HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\nA: b\r\n\r\n",
    body_bytes: 0,
  });
  expect(parseHead("GET /x HTTP/1.1\r\nHost: a")).toBe(400);
  expect(parseHead("GET http://user@a/ HTTP/1.1")).toBe(400);
  expect(parseHead("POST http://a/ HTTP/1.1\r\nTransfer-Encoding: chunked")).toBe(501);
  expect(parseHead("POST http://a/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2")).toBe(400);
  expect(parseHead("GET http://a/ HTTP/1.1\r\n folded")).toBe(400);
  expect(parseHead("CONNECT a HTTP/1.1")).toBe(400);
});

/** A world of names: what each leads to, one answer after the other, and one server behind every public address. */
function named(
  here: World,
  names: Readonly<Record<string, readonly string[]>>,
): { here: World; connected: string[] } {
  const connected: string[] = [];
  const asked = new Map<string, number>();
  const sockets: Effects["sockets"] = {
    ...here.effects.sockets,
    addressesOf: async (name) => {
      const answers = names[name] ?? [];
      const turn = asked.get(name) ?? 0;
      asked.set(name, turn + 1);
      return [answers[Math.min(turn, answers.length - 1)] ?? "127.0.0.1"];
    },
    connect: async ({ address, port }) => {
      connected.push(`${address}:${port}`);
      return answering();
    },
  };
  return { here: { ...here, effects: { ...here.effects, sockets } }, connected };
}

/** Answers one request with a redirect to a name that is not granted. */
function answering(): Channel {
  const body = "moved";
  const reply = `HTTP/1.1 302 Found\r\nLocation: http://other.example/\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return {
    write: async () => undefined,
    end: () => undefined,
    close: () => undefined,
    incoming: (async function* () {
      yield Buffer.from(reply);
    })(),
  };
}

const ASKING = String.raw`
import json, os, socket, urllib.request, urllib.error
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args): return None
stay = urllib.request.build_opener(Stay)
def ask(opener, url):
    try:
        return opener.open(url, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return str(error)
def raw(text):
    with socket.create_connection(("127.0.0.1", 3128), 10) as one:
        one.sendall(text)
        return one.recv(32).decode("latin1")[9:12]
print(json.dumps([
    ask(stay, "http://good.example/"), ask(urllib.request.build_opener(), "http://good.example/"),
    ask(stay, "http://other.example/"), ask(stay, "http://93.184.216.34/"), ask(stay, "http://good.example:22/"),
    ask(stay, "http://rebinding.example/"), ask(stay, "http://rebinding.example/"), ask(stay, "http://inward.example/"),
    raw(b"CONNECT other.example:443 HTTP/1.1\r\n\r\n"), raw(b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n"), raw(b"CONNECT good.example:443 HTTP/1.1\r\n\r\n"),
    raw(b"x" * 20000)]))
`;

test("an integration reaches what it was granted, and nothing by name, address, redirect or rebinding", async () => {
  const { here, connected } = named(await world(), {
    "good.example": ["93.184.216.34"],
    "rebinding.example": ["93.184.216.35", "127.0.0.1"],
    "inward.example": ["10.0.0.7"],
  });
  const { stdout, stderr, denials } = await run(here, {
    kind: "integration",
    runtime: "python",
    text: ASKING,
    scopes: ["network:good.example", "network:rebinding.example", "network:inward.example"],
  });
  expect(JSON.parse(stdout || stderr)).toEqual([
    302,
    403,
    403,
    403,
    403,
    302,
    403,
    403,
    "403",
    "403",
    "200",
    "431",
  ]);
  const good = "93.184.216.34:80";
  expect(connected).toEqual([good, good, "93.184.216.35:80", "93.184.216.34:443"]);
  expect(denials.map(({ subject, scope }) => `${subject} ${scope}`)).toEqual([
    "other.example:80 network:other.example",
    "93.184.216.34:80 undefined",
    "good.example:22 network:good.example:22",
    "rebinding.example:80 network:rebinding.example",
    "inward.example:80 network:inward.example",
    "other.example:443 network:other.example",
    "::1:443 undefined",
  ]);
  expect(new Set(denials.map(({ seen_by }) => seen_by))).toEqual(new Set(["proxy"]));
});
