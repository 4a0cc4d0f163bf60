import { defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: storeFaults, make } = defineFaults({
  DOWNLOAD_FAILED: kind<{ url: string; problem: string }>(
    5,
    () =>
      `Run the same command again once the server answers: it goes on where it stopped, and "pkg status" shows that nothing changed.`,
  ),
  DOWNLOAD_TOO_LARGE: kind<{ url: string; size_bytes_max: number }>(
    2,
    () =>
      `Fetch it by other means, look at it, and name the file: "pkg install --archive FILE --digest SHA256".`,
  ),
  DOWNLOAD_DIGEST_MISMATCH: kind<{ url: string; expected: string; actual: string }>(
    3,
    (d) =>
      `Ask the publisher which bytes are theirs; if it is ${d.actual}, run the command again with "--digest ${d.actual}".`,
  ),
  DOWNLOAD_INSECURE: kind<{ url: string; leads_to?: string | undefined }>(3, (d) =>
    d.leads_to === undefined
      ? `Use https, or pin the bytes: add --digest SHA256.`
      : `Ask the publisher for a URL that stays on https, and name that one with --archive.`,
  ),
  SOURCE_URL_INVALID: kind<{ url: string; problem: string }>(
    2,
    () =>
      `Name a file, or a URL such as https://host/PKG-T1-NAME-001-1.0.0.tar.gz: "pkg install --archive URL".`,
  ),
  ARCHIVES_NOT_FOUND: kind<{ path: string; problem: string }>(
    2,
    () => `Name a folder that holds .tar.gz archives: "pkg install ID --from DIR".`,
  ),
});
