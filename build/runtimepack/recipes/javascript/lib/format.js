// util.format: "%s and %d" as console.log has them.
import { inspect } from "wpk:inspect";

const simple = (v) => typeof v === "bigint" ? `${v}n` : Object.is(v, -0) ? "-0" : String(v);

function asString(v, options) {
  if (typeof v !== "object" || v === null) return typeof v === "function" && !Object.hasOwn(v, "toString") ? inspect(v, { ...options, depth: 0 }) : simple(v);
  const own = typeof v.toString === "function" && v.toString !== Object.prototype.toString && v.toString !== Array.prototype.toString && v.toString !== Error.prototype.toString;
  return own && !Array.isArray(v) ? String(v) : inspect(v, { ...options, depth: 0, colors: false, compact: 3 });
}

const number = (v) => typeof v === "bigint" ? `${v}n` : typeof v === "symbol" || (typeof v === "object" && v !== null && typeof v.valueOf?.() === "object") ? "NaN" : simple(Number(v));
const integer = (v) => typeof v === "bigint" ? `${v}n` : typeof v === "object" || typeof v === "symbol" ? "NaN" : simple(Number.parseInt(v));
const float = (v) => typeof v === "symbol" ? "NaN" : simple(Number.parseFloat(v));

function json(v) {
  try {
    return JSON.stringify(v);
  } catch (e) {
    if (/circular/i.test(e.message)) return "[Circular]";
    throw e;
  }
}

export function formatWithOptions(options, first, ...rest) {
  if (typeof first !== "string") return [first, ...rest].slice(0, arguments.length - 1).map((v) => typeof v === "string" ? v : inspect(v, options)).join(" ");
  if (rest.length === 0) return first;
  let used = 0;
  let text = first.replace(/%[sdifjoOc%]/g, (found) => {
    if (found === "%%") return "%";
    if (used >= rest.length) return found;
    const v = rest[used++];
    switch (found[1]) {
      case "s": return asString(v, options);
      case "d": return number(v);
      case "i": return integer(v);
      case "f": return float(v);
      case "j": return json(v);
      case "O": return inspect(v, options);
      case "o": return inspect(v, { ...options, showHidden: true, depth: 4 });
      default: return ""; // %c: styles of browsers
    }
  });
  for (; used < rest.length; used++) text += " " + (typeof rest[used] === "string" ? rest[used] : inspect(rest[used], options));
  return text;
}

export const format = (...values) => formatWithOptions({}, ...values);
