// Intl, in English and for UTC only: QuickJS has none of it, and packages ask for it at their start.

const locale = "en-US";
const part = (options, known) => Object.fromEntries(known.filter((k) => options?.[k] !== undefined).map((k) => [k, options[k]]));

class Formatter {
  static supportedLocalesOf(list = []) { return [list].flat().filter((l) => /^en\b/.test(l)); }
}

class NumberFormat extends Formatter {
  #options;
  constructor(_, options = {}) {
    super();
    const percent = options.style === "percent", currency = options.style === "currency";
    const least = options.minimumFractionDigits ?? (currency ? 2 : 0);
    this.#options = { style: "decimal", ...options, useGrouping: options.useGrouping ?? true, minimumFractionDigits: least, maximumFractionDigits: options.maximumFractionDigits ?? Math.max(least, percent ? 0 : currency ? 2 : 3) };
    this.format = this.format.bind(this);
  }
  format(value) {
    const { style, currency, unit, useGrouping, minimumFractionDigits: least, maximumFractionDigits: most, minimumIntegerDigits = 1, maximumSignificantDigits } = this.#options;
    if (typeof value !== "bigint") value = Number(value);
    if (typeof value === "number" && !Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value < 0 ? "-∞" : "∞";
    const negative = value < 0;
    if (negative) value = -value;
    if (style === "percent") value *= typeof value === "bigint" ? 100n : 100;
    if (maximumSignificantDigits) value = Number(Number(value).toPrecision(maximumSignificantDigits));
    let [whole, fraction = ""] = typeof value === "bigint" ? [String(value)] : value.toFixed(Math.min(most, 100)).split(".");
    while (fraction.length > least && fraction.endsWith("0")) fraction = fraction.slice(0, -1);
    whole = whole.padStart(minimumIntegerDigits, "0");
    if (useGrouping) whole = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    const text = whole + (fraction ? `.${fraction}` : "");
    const signs = { USD: "$", EUR: "€", GBP: "£", JPY: "¥" };
    return (negative ? "-" : "") + (style === "currency" ? (signs[currency] ?? `${currency} `) : "") + text + (style === "percent" ? "%" : style === "unit" ? ` ${unit}` : "");
  }
  formatToParts(value) { return [{ type: "literal", value: this.format(value) }]; }
  resolvedOptions() { return { locale, numberingSystem: "latn", ...this.#options }; }
}

const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const dateKeys = ["weekday", "era", "year", "month", "day"], timeKeys = ["hour", "minute", "second", "fractionalSecondDigits", "dayPeriod"];

class DateTimeFormat extends Formatter {
  #options;
  constructor(_, options = {}) {
    super();
    this.#options = { ...options };
    if (options.dateStyle) Object.assign(this.#options, { year: options.dateStyle === "short" ? "2-digit" : "numeric", month: { short: "numeric", medium: "short" }[options.dateStyle] ?? "long", day: "numeric", ...(options.dateStyle === "full" && { weekday: "long" }) });
    if (options.timeStyle) Object.assign(this.#options, { hour: "numeric", minute: "2-digit", ...(options.timeStyle !== "short" && { second: "2-digit" }) });
    if (![...dateKeys, ...timeKeys].some((k) => this.#options[k] !== undefined)) Object.assign(this.#options, { year: "numeric", month: "numeric", day: "numeric" });
    this.format = this.format.bind(this);
  }
  formatToParts(date = Date.now()) {
    const d = new Date(date), o = this.#options;
    if (Number.isNaN(d.getTime())) throw new RangeError("Invalid time value");
    const two = (n, style) => style === "2-digit" ? String(n).padStart(2, "0") : String(n);
    const out = [];
    const add = (type, value, before) => { if (out.length && before) out.push({ type: "literal", value: before }); out.push({ type, value }); };
    const worded = ["long", "short", "narrow"].includes(o.month);
    if (o.weekday) add("weekday", days[d.getUTCDay()].slice(0, o.weekday === "long" ? undefined : 3));
    if (o.month) add("month", worded ? months[d.getUTCMonth()].slice(0, o.month === "long" ? undefined : 3) : two(d.getUTCMonth() + 1, o.month), ", ");
    if (o.day) add("day", two(d.getUTCDate(), o.day), worded ? " " : o.month ? "/" : ", ");
    if (o.year) add("year", o.year === "2-digit" ? two(d.getUTCFullYear() % 100, "2-digit") : String(d.getUTCFullYear()), worded ? (o.day ? ", " : " ") : "/");
    const half = o.hour12 ?? (o.hourCycle ? o.hourCycle === "h12" || o.hourCycle === "h11" : true), hour = d.getUTCHours();
    if (o.hour) add("hour", two(half ? hour % 12 || 12 : hour, half ? o.hour : "2-digit"), ", ");
    if (o.minute) add("minute", two(d.getUTCMinutes(), "2-digit"), o.hour ? ":" : ", ");
    if (o.second) add("second", two(d.getUTCSeconds(), "2-digit"), ":");
    if (o.fractionalSecondDigits) add("fractionalSecond", String(d.getUTCMilliseconds()).padStart(3, "0").slice(0, o.fractionalSecondDigits), ".");
    if (o.hour && half) add("dayPeriod", hour < 12 ? "AM" : "PM", " ");
    if (o.timeZoneName) add("timeZoneName", "UTC", " ");
    return out;
  }
  format(date) { return this.formatToParts(date).map((p) => p.value).join(""); }
  formatRange(a, b) { return `${this.format(a)} – ${this.format(b)}`; }
  resolvedOptions() { return { locale, calendar: "gregory", numberingSystem: "latn", timeZone: "UTC", ...part(this.#options, [...dateKeys, ...timeKeys]) }; }
}

class Collator extends Formatter {
  #options;
  constructor(_, options = {}) {
    super();
    this.#options = { usage: "sort", sensitivity: "variant", numeric: false, caseFirst: "false", ...options };
    const { numeric, sensitivity } = this.#options;
    const base = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const plain = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    const pieces = (s) => s.split(/(\d+)/);
    this.compare = (a, b) => {
      [a, b] = [`${a}`, `${b}`];
      if (numeric) {
        const x = pieces(base(a)), y = pieces(base(b));
        for (let i = 0; i < Math.min(x.length, y.length); i++) {
          const order = i % 2 ? Number(x[i]) - Number(y[i]) : plain(x[i], y[i]);
          if (order) return Math.sign(order);
        }
        if (x.length !== y.length) return Math.sign(x.length - y.length);
      }
      const order = plain(base(a), base(b));
      if (order || sensitivity === "base") return order;
      // Lower case first, as collation has it.
      return sensitivity === "accent" ? plain(a.toLowerCase(), b.toLowerCase()) : plain(a.normalize("NFD").toLowerCase(), b.normalize("NFD").toLowerCase()) || plain(b, a);
    };
  }
  resolvedOptions() { return { locale, collation: "default", ...this.#options }; }
}

class PluralRules extends Formatter {
  #ordinal;
  constructor(_, options = {}) { super(); this.#ordinal = options.type === "ordinal"; }
  select(n) {
    if (!this.#ordinal) return n === 1 ? "one" : "other";
    const ten = n % 10, hundred = n % 100;
    return ten === 1 && hundred !== 11 ? "one" : ten === 2 && hundred !== 12 ? "two" : ten === 3 && hundred !== 13 ? "few" : "other";
  }
  resolvedOptions() { return { locale, type: this.#ordinal ? "ordinal" : "cardinal", pluralCategories: this.#ordinal ? ["few", "one", "two", "other"] : ["one", "other"] }; }
}

class RelativeTimeFormat extends Formatter {
  #auto;
  constructor(_, options = {}) { super(); this.#auto = options.numeric === "auto"; }
  format(value, unit) {
    unit = unit.replace(/s$/, "");
    if (this.#auto && unit === "day" && [-1, 0, 1].includes(value)) return ["yesterday", "today", "tomorrow"][value + 1];
    const n = new NumberFormat().format(Math.abs(value)), units = Math.abs(value) === 1 ? unit : `${unit}s`;
    return value < 0 || Object.is(value, -0) ? `${n} ${units} ago` : `in ${n} ${units}`;
  }
}

class ListFormat extends Formatter {
  #word;
  constructor(_, options = {}) { super(); this.#word = options.type === "disjunction" ? "or" : "and"; }
  format(list) {
    const all = [...list];
    return all.length < 3 ? all.join(` ${this.#word} `) : `${all.slice(0, -1).join(", ")}, ${this.#word} ${all.at(-1)}`;
  }
}

// A character as people see it: marks, modifiers and joined emoji belong to the one before; flags are pairs.
const grapheme = /\r\n|\p{RI}\p{RI}|\P{M}[\p{M}\u200d\ufe0f\u{1f3fb}-\u{1f3ff}]*(?:(?<=\u200d)\p{Extended_Pictographic}[\p{M}\u200d\ufe0f\u{1f3fb}-\u{1f3ff}]*)*|\p{M}+/gu;
const word = /[\p{L}\p{N}\p{M}_]+(?:['’.][\p{L}\p{N}\p{M}_]+)*|\s+|[^]/gu;
const sentence = /[^.!?]+[.!?]*\s*|[.!?]+\s*/gu;

class Segmenter extends Formatter {
  #granularity;
  constructor(_, options = {}) { super(); this.#granularity = options.granularity ?? "grapheme"; }
  segment(input) {
    const granularity = this.#granularity;
    const pattern = { grapheme, word, sentence }[granularity];
    const all = () => Array.from(input.matchAll(pattern), (m) => ({ segment: m[0], index: m.index, input, ...(granularity === "word" && { isWordLike: /[\p{L}\p{N}]/u.test(m[0]) }) }));
    return { *[Symbol.iterator]() { yield* all(); }, containing: (i = 0) => all().findLast((s) => s.index <= i) };
  }
  resolvedOptions() { return { locale, granularity: this.#granularity }; }
}

class Locale {
  constructor(tag) { this.baseName = tag; [this.language, this.region] = `${tag}`.split("-"); }
  toString() { return this.baseName; }
}

class DisplayNames extends Formatter {
  of(code) { return code; }
}

// callable lets a class be called without new, as those of Intl can be.
const callable = (Type) => new Proxy(Type, { apply: (_, self, args) => new Type(...args) });

export const Intl = {
  NumberFormat: callable(NumberFormat), DateTimeFormat: callable(DateTimeFormat), Collator: callable(Collator), PluralRules, RelativeTimeFormat, ListFormat,
  Segmenter, Locale, DisplayNames, getCanonicalLocales: (list = []) => [list].flat(), supportedValuesOf: () => [],
};
Object.defineProperty(Intl, Symbol.toStringTag, { value: "Intl" });

const replace = (prototype, methods) => { for (const [name, value] of Object.entries(methods)) Object.defineProperty(prototype, name, { value, writable: true, configurable: true }); };
const date = { year: "numeric", month: "numeric", day: "numeric" }, time = { hour: "numeric", minute: "2-digit", second: "2-digit" };
const chosen = (o, keys) => o && (keys.some((k) => o[k] !== undefined) || o.dateStyle || o.timeStyle);
const local = (usual, keys) => function (_, o) { return Number.isNaN(this.getTime()) ? "Invalid Date" : new DateTimeFormat(_, chosen(o, keys) ? o : { ...usual, ...o }).format(this); };
replace(Number.prototype, { toLocaleString(_, o) { return new NumberFormat(_, o).format(Number(this)); } });
replace(BigInt.prototype, { toLocaleString(_, o) { return new NumberFormat(_, o).format(BigInt(this)); } });
replace(Date.prototype, {
  toLocaleString: local({ ...date, ...time }, [...dateKeys, ...timeKeys]), toLocaleDateString: local(date, dateKeys), toLocaleTimeString: local(time, timeKeys),
});
replace(String.prototype, { localeCompare(other, _, o) { return new Collator(_, o).compare(String(this), other); } });
