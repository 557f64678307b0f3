// console: https://console.spec.whatwg.org
import { format, formatWithOptions } from "wpk:format";
import { inspect } from "wpk:inspect";
import { now } from "wpk:loop";

export class Console {
  #out; #err; #indent = ""; #counts = new Map(); #timers = new Map(); #options;
  constructor(out, err = out, ...rest) {
    if (out && typeof out.write !== "function") [out, err, this.#options] = [out.stdout, out.stderr ?? out.stdout, out.inspectOptions];
    this.#out = out;
    this.#err = err;
    // Methods are often passed on without their console.
    for (const name of Object.getOwnPropertyNames(Console.prototype)) {
      if (name !== "constructor") Object.defineProperty(this, name, { value: this[name].bind(this), writable: true, configurable: true, enumerable: true });
    }
  }
  #write(stream, text) {
    if (this.#indent) text = this.#indent + text.replaceAll("\n", `\n${this.#indent}`);
    stream.write(`${text}\n`);
  }
  #format(stream, values) { return formatWithOptions({ colors: Boolean(stream.isTTY) && !process.env.NO_COLOR, ...this.#options }, ...values); }
  log(...values) { this.#write(this.#out, values.length ? this.#format(this.#out, values) : ""); }
  info(...values) { this.log(...values); }
  debug(...values) { this.log(...values); }
  error(...values) { this.#write(this.#err, values.length ? this.#format(this.#err, values) : ""); }
  warn(...values) { this.error(...values); }
  trace(...values) {
    const e = new Error(values.length ? format(...values) : "");
    this.error(e.stack.replace(/^Error(: )?/, values.length ? "Trace: " : "Trace").replace(/\n    at trace \(.*\)/, ""));
  }
  dir(value, options) { this.#write(this.#out, inspect(value, { customInspect: false, ...this.#options, ...options })); }
  dirxml(...values) { this.log(...values); }
  assert(condition, ...values) {
    if (condition) return;
    if (typeof values[0] === "string") values[0] = `Assertion failed: ${values[0]}`;
    else values.unshift(values.length ? "Assertion failed:" : "Assertion failed");
    this.warn(...values);
  }
  count(label = "default") {
    const n = (this.#counts.get(`${label}`) ?? 0) + 1;
    this.#counts.set(`${label}`, n);
    this.log(`${label}: ${n}`);
  }
  countReset(label = "default") { this.#counts.delete(`${label}`); }
  group(...values) {
    if (values.length) this.log(...values);
    this.#indent += "  ";
  }
  groupCollapsed(...values) { this.group(...values); }
  groupEnd() { this.#indent = this.#indent.slice(2); }
  time(label = "default") { this.#timers.set(`${label}`, now()); }
  timeLog(label = "default", ...values) {
    const begun = this.#timers.get(`${label}`);
    if (begun === undefined) return this.warn(`Warning: No such label '${label}' for console.timeLog()`);
    const ms = now() - begun;
    this.log(`${label}: ${ms >= 1000 ? `${(ms / 1000).toFixed(3)}s` : `${Number(ms.toFixed(3))}ms`}`, ...values);
  }
  timeEnd(label = "default") { this.timeLog(label); this.#timers.delete(`${label}`); }
  table(data, columns) {
    if (typeof data !== "object" || data === null) return this.log(data);
    const rows = data instanceof Map ? [...data].map(([k, v], i) => [String(i), { Key: k, Values: v }]) : data instanceof Set ? [...data].map((v, i) => [String(i), v]) : Object.entries(data);
    const show = (v) => inspect(v, { depth: typeof v === "object" && v !== null && Object.keys(v).length > 2 ? -1 : 0, maxArrayLength: 3, breakLength: Infinity });
    const names = [];
    let plain = false;
    for (const [, row] of rows) {
      if (typeof row === "object" && row !== null) { for (const k of columns ?? Object.keys(row)) if (!names.includes(k)) names.push(k); } else plain = true;
    }
    const head = ["(index)", ...names, ...(plain ? ["Values"] : [])];
    const cells = rows.map(([k, row]) => {
      const isObject = typeof row === "object" && row !== null;
      return [k, ...names.map((n) => isObject && Object.hasOwn(row, n) ? show(row[n]) : ""), ...(plain ? [isObject ? "" : show(row)] : [])];
    });
    const widths = head.map((h, i) => Math.max(h.length, ...cells.map((c) => c[i].length)) + 2);
    const line = (l, m, r) => l + widths.map((w) => "─".repeat(w)).join(m) + r;
    const text = (c) => `│${c.map((v, i) => ` ${v}${" ".repeat(widths[i] - v.length - 1)}`).join("│")}│`;
    this.log([line("┌", "┬", "┐"), text(head), line("├", "┼", "┤"), ...cells.map(text), line("└", "┴", "┘")].join("\n"));
  }
}
