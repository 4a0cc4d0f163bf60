/** How Python's `json` prints the number it read, so that both languages hash the same text. */

/** Python refuses to convert longer integers. */
const INTEGER_DIGITS_MAX = 4300;

/** Text Python would write for a valid JSON number token; undefined when it cannot hold the number. */
export function pythonNumber(token: string): string | undefined {
  if (!/[.eE]/.test(token)) {
    if (token.replace("-", "").length > INTEGER_DIGITS_MAX) return undefined;
    return token === "-0" ? "0" : token;
  }
  const value = Number(token);
  if (!Number.isFinite(value)) return undefined;
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  return repr(value);
}

/** Both languages print the shortest digits that read back; only the layout differs. */
function repr(value: number): string {
  const [mantissa = "", power = ""] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(power);
  const sign = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    const places = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${places}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}
