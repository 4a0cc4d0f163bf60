/** The formats that are checked; any other is refused, since it would check nothing. All take time in line with the text. */
const HOST_LABEL = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?([zZ]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

function isDate(text: string): boolean {
  const [, year = "", month = "", day = ""] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  const leap = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Number(month) - 1] ?? 0;
  return Number(day) >= 1 && Number(day) <= days;
}

const isHost = (text: string): boolean =>
  text.length <= 253 && text.split(".").every((label) => HOST_LABEL.test(label));

const isIpv4 = (text: string): boolean =>
  /^(\d{1,3}\.){3}\d{1,3}$/.test(text) &&
  text.split(".").every((part) => Number(part) <= 255 && String(Number(part)) === part);

function isEmail(text: string): boolean {
  const at = text.lastIndexOf("@");
  return at > 0 && at <= 64 && /^[^\s@"(),:;<>[\\\]]+$/.test(text.slice(0, at)) && isHost(text.slice(at + 1));
}

export const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  time: (text) => TIME.test(text),
  "date-time": (text) =>
    isDate(text.slice(0, 10)) && /^[tT]$/.test(text.charAt(10)) && TIME.test(text.slice(11)),
  email: isEmail,
  hostname: isHost,
  ipv4: isIpv4,
  uri: (text) => /^[a-zA-Z][a-zA-Z0-9+.-]*:[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+$/.test(text),
  uuid: (text) => /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(text),
};
