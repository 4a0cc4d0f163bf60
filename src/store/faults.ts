import { defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: storeFaults, make } = defineFaults({
  DOWNLOAD_FAILED: kind<{ url: string; problem: string }>(
    5,
    () => `See whether the server answers, then run the same command again: it goes on where it stopped.`,
  ),
  DOWNLOAD_TOO_LARGE: kind<{ url: string; size_bytes_max: number }>(
    2,
    () =>
      `Fetch it by other means, look at it, and name the file: "pkg install --archive FILE --digest SHA256".`,
  ),
  DOWNLOAD_DIGEST_MISMATCH: kind<{ url: string; expected: string; actual: string }>(
    3,
    (d) => `Ask who published it; to vouch for these very bytes yourself add --digest ${d.actual}.`,
  ),
  DOWNLOAD_INSECURE: kind<{ url: string }>(3, () => `Use https, or pin the bytes: add --digest SHA256.`),
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
