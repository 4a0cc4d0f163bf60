/** The tree of transparency-dev/merkle (proof/verify_test.go, the Certificate Transparency test data of RFC 6962). */
export const hex = (text: string): Buffer => Buffer.from(text, "hex");

export const ENTRIES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map(hex);

/** Root of the first 1, 2, … 8 entries. */
export const ROOTS = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
].map(hex);

const SHARED = {
  a: "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
  b: "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
  c: "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
  d: "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
  e: "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
  f: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  g: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  h: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  i: "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
  j: "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
} as const;
const hashes = (names: string): Buffer[] =>
  names.split("").map((name) => hex(SHARED[name as keyof typeof SHARED]));

/** `index` counts from 0, unlike the leaf numbers of the source. */
export const INCLUSION = [
  { index: 0, size: 1, proof: hashes("") },
  { index: 0, size: 8, proof: hashes("abc") },
  { index: 5, size: 8, proof: hashes("def") },
  { index: 2, size: 3, proof: hashes("g") },
  { index: 1, size: 5, proof: hashes("hbd") },
];

export const CONSISTENCY = [
  { old_size: 1, size: 1, proof: hashes("") },
  { old_size: 1, size: 8, proof: hashes("abc") },
  { old_size: 6, size: 8, proof: hashes("ief") },
  { old_size: 2, size: 5, proof: hashes("bd") },
  { old_size: 6, size: 7, proof: hashes("ijf") },
];
