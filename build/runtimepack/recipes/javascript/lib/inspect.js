// util.inspect: how console.log shows a value. The layout is Node's.
import { promise } from "wpk:native";

export const custom = Symbol.for("nodejs.util.inspect.custom");

const defaults = {
  showHidden: false, depth: 2, colors: false, customInspect: true, maxArrayLength: 100, maxStringLength: 10000,
  breakLength: 80, compact: 3, sorted: false, getters: false, numericSeparator: false,
};

const colors = {
  reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], inverse: [7, 27], hidden: [8, 28],
  strikethrough: [9, 29], black: [30, 39], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39],
  magenta: [35, 39], cyan: [36, 39], white: [37, 39], gray: [90, 39], grey: [90, 39], redBright: [91, 39],
  greenBright: [92, 39], yellowBright: [93, 39], blueBright: [94, 39], magentaBright: [95, 39], cyanBright: [96, 39],
  whiteBright: [97, 39], bgBlack: [40, 49], bgRed: [41, 49], bgGreen: [42, 49], bgYellow: [43, 49], bgBlue: [44, 49],
  bgMagenta: [45, 49], bgCyan: [46, 49], bgWhite: [47, 49],
};
const styles = {
  special: "cyan", number: "yellow", bigint: "yellow", boolean: "yellow", undefined: "grey", null: "bold",
  string: "green", symbol: "green", date: "magenta", regexp: "red",
};

export function inspect(value, options, ...old) {
  const context = { ...defaults, seen: [], circular: new Map(), indentation: 0, level: 0 };
  if (typeof options === "boolean") {
    context.showHidden = options;
    if (old[0] !== undefined) context.depth = old[0];
    if (old[1] !== undefined) context.colors = old[1];
  } else if (options) {
    for (const key of Object.keys(defaults)) if (options[key] !== undefined) context[key] = options[key];
    context.options = options;
  }
  if (context.depth === null) context.depth = Infinity;
  if (context.maxArrayLength === null) context.maxArrayLength = Infinity;
  if (context.maxStringLength === null) context.maxStringLength = Infinity;
  context.stylize = context.colors ? stylizeWithColor : (text) => text;
  return formatValue(context, value, 0);
}
inspect.custom = custom;
inspect.defaultOptions = defaults;
inspect.colors = colors;
inspect.styles = styles;

function stylizeWithColor(text, kind) {
  const color = colors[styles[kind]];
  return color ? `\x1b[${color[0]}m${text}\x1b[${color[1]}m` : text;
}

export const stripColors = (text) => text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "");

const escapes = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v", "\\": "\\\\" };

function quote(text) {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !text.includes("`") && !text.includes("${") ? "`" : "'";
  const escaped = text.replace(/[\x00-\x1f\x7f-\x9f\\]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, (c) => {
    const code = c.charCodeAt(0);
    return escapes[c] ?? (code < 256 ? "\\x" + code.toString(16).toUpperCase().padStart(2, "0") : "\\u" + code.toString(16).toUpperCase());
  });
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

function formatPrimitive(context, value) {
  const { stylize } = context;
  switch (typeof value) {
    case "string": {
      let rest = "";
      if (value.length > context.maxStringLength) {
        const n = value.length - context.maxStringLength;
        value = value.slice(0, context.maxStringLength);
        rest = `... ${n} more character${n > 1 ? "s" : ""}`;
      }
      if (context.compact !== true && value.length > 16 && value.length > context.breakLength - context.indentation - 4) {
        const lines = value.match(/[^\n]*\n|[^\n]+/g) ?? [value];
        return lines.map((l) => stylize(quote(l), "string")).join(` +\n${" ".repeat(context.indentation + 2)}`) + rest;
      }
      return stylize(quote(value), "string") + rest;
    }
    case "number": return stylize(Object.is(value, -0) ? "-0" : String(value), "number");
    case "bigint": return stylize(`${value}n`, "bigint");
    case "boolean": return stylize(String(value), "boolean");
    case "undefined": return stylize("undefined", "undefined");
    default: return stylize(value.toString(), "symbol");
  }
}

function formatValue(context, value, depth, typed) {
  if (value === null) return context.stylize("null", "null");
  if (typeof value !== "object" && typeof value !== "function") return formatPrimitive(context, value);
  if (context.customInspect) {
    const show = value[custom];
    if (typeof show === "function" && show !== inspect && !(value.constructor && value.constructor.prototype === value)) {
      const left = context.depth - depth;
      const { seen, circular, indentation, level, options, ...own } = context;
      const shown = show.call(value, left, { ...own, ...options, depth: left, stylize: context.stylize }, inspect);
      if (shown !== value) {
        return typeof shown === "object" && shown !== null ? formatValue(context, shown, depth)
          : typeof shown === "string" ? shown.replaceAll("\n", "\n" + " ".repeat(context.indentation)) : formatPrimitive(context, shown);
      }
    }
  }
  if (context.seen.includes(value)) {
    let index = context.circular.get(value);
    if (index === undefined) context.circular.set(value, index = context.circular.size + 1);
    return context.stylize(`[Circular *${index}]`, "special");
  }
  return formatObject(context, value, depth, typed);
}

// nameOf finds the class: the constructor of the nearest prototype that has one, null without any.
function nameOf(value) {
  for (let o = value; o; o = Object.getPrototypeOf(o)) {
    const d = Object.getOwnPropertyDescriptor(o, "constructor");
    if (d && typeof d.value === "function" && d.value.name !== "" && isInstance(value, d.value)) return d.value.name;
  }
  return null;
}

function isInstance(value, type) {
  try { return value instanceof type; } catch { return false; }
}

// tagged returns "Map(3) " or "[Object: null prototype] {": what stands before the braces.
function prefix(name, tag, fallback, size = "") {
  const extra = tag && tag !== name ? `[${tag}] ` : "";
  return name === null ? `[${fallback}${size}: null prototype] ${extra}` : `${name}${size} ${extra}`;
}

// is tells whether a method of a class takes the value as its own, which no prototype can fake.
const brand = (f) => (v) => { try { f.call(v); return true; } catch { return false; } };
const getter = (type, name) => Object.getOwnPropertyDescriptor(type.prototype, name).get;
export const is = {
  map: brand(getter(Map, "size")), set: brand(getter(Set, "size")), date: brand(Date.prototype.getTime),
  regexp: brand(getter(RegExp, "sticky")), arrayBuffer: brand(getter(ArrayBuffer, "byteLength")),
  sharedArrayBuffer: brand(getter(SharedArrayBuffer, "byteLength")), dataView: brand(getter(DataView, "byteLength")),
  weakMap: brand(function () { WeakMap.prototype.has.call(this, {}); }), weakSet: brand(function () { WeakSet.prototype.has.call(this, {}); }),
  typedArray: (v) => ArrayBuffer.isView(v) && !is.dataView(v), promise: (v) => promise(v) !== undefined,
  error: (v) => v instanceof Error || Object.prototype.toString.call(v) === "[object Error]",
  number: brand(Number.prototype.valueOf), string: brand(String.prototype.valueOf), boolean: brand(Boolean.prototype.valueOf),
  bigint: brand(BigInt.prototype.valueOf), symbol: brand(Symbol.prototype.valueOf),
  boxed: (v) => typeof v === "object" && v !== null && (is.number(v) || is.string(v) || is.boolean(v) || is.bigint(v) || is.symbol(v)),
  generator: (v) => Object.prototype.toString.call(v) === "[object Generator]",
};

function ownKeys(context, value, skipIndexes) {
  let keys = context.showHidden ? Object.getOwnPropertyNames(value) : Object.keys(value);
  if (skipIndexes) keys = keys.filter((k) => !/^(0|[1-9][0-9]*)$/.test(k));
  const symbols = Object.getOwnPropertySymbols(value).filter((s) => context.showHidden || Object.prototype.propertyIsEnumerable.call(value, s));
  return keys.concat(symbols);
}

function formatObject(context, value, depth, typed) {
  const name = nameOf(value);
  let tag = value[Symbol.toStringTag];
  if (typeof tag !== "string" || tag === "" || tag === name) tag = "";
  let base = "", braces = ["{", "}"], entries = null, indexed = false, skip = false;
  let keys;

  if (Array.isArray(value)) {
    skip = indexed = true;
    const before = name !== "Array" || tag ? prefix(name, tag, "Array", `(${value.length})`) : "";
    braces = [before + "[", "]"];
    keys = ownKeys(context, value, true);
    if (value.length === 0 && keys.length === 0) return braces[0] + "]";
    entries = formatArray;
  } else if (is.set(value)) {
    keys = ownKeys(context, value);
    braces[0] = prefix(name, tag, "Set", `(${Set.prototype[Symbol.iterator] && getter(Set, "size").call(value)})`) + "{";
    entries = formatSet;
    if (getter(Set, "size").call(value) === 0 && keys.length === 0) return braces[0] + "}";
  } else if (is.map(value)) {
    keys = ownKeys(context, value);
    braces[0] = prefix(name, tag, "Map", `(${getter(Map, "size").call(value)})`) + "{";
    entries = formatMap;
    if (getter(Map, "size").call(value) === 0 && keys.length === 0) return braces[0] + "}";
  } else if (is.typedArray(value)) {
    indexed = true;
    keys = ownKeys(context, value, true);
    braces = [prefix(name, tag === value[Symbol.toStringTag] ? "" : tag, "TypedArray", `(${value.length})`) + "[", "]"];
    if (value.length === 0 && keys.length === 0) return braces[0] + "]";
    entries = formatTypedArray;
  } else {
    keys = ownKeys(context, value, is.boxed(value) && is.string(value));
    const kind = formatKind(context, value, name, tag, keys, depth);
    if (kind.done) return kind.base;
    ({ base = "", entries = null } = kind);
    if (kind.open) braces[0] = kind.open;
  }

  if (depth > context.depth) {
    const shown = Array.isArray(value) ? "Array" : (name === null ? "Object: null prototype" : tag && name !== tag ? `${name} [${tag}]` : name);
    return context.stylize(`[${shown}]`, "special");
  }
  context.seen.push(value);
  context.level = depth;
  const indentation = context.indentation;
  let output;
  try {
    output = entries ? entries(context, value, depth + 1) : [];
    for (const key of keys) output.push(formatProperty(context, value, key, depth + 1, indexed || skip));
  } finally {
    context.seen.pop();
    context.indentation = indentation;
  }
  const index = context.circular.get(value);
  if (index !== undefined) {
    const mark = context.stylize(`<ref *${index}>`, "special");
    if (base === "") braces[0] = `${mark} ${braces[0]}`;
    else base = `${mark} ${base}`;
  }
  if (context.sorted) output.sort(typeof context.sorted === "function" ? context.sorted : undefined);
  return reduce(context, output, base, braces, entries === formatArray || entries === formatTypedArray, depth, value);
}

// formatKind shows what is neither an array nor a collection of entries.
function formatKind(context, value, name, tag, keys, depth) {
  const { stylize } = context;
  const plain = (base, style) => keys.length === 0 ? { done: true, base: style ? stylize(base, style) : base } : { base: style ? stylize(base, style) : base };
  if (Object.prototype.toString.call(value) === "[object Arguments]") return { open: "[Arguments] {" };
  if (typeof value === "function") return plain(functionBase(value, name, tag), "special");
  if (is.error(value)) return errorKind(context, value, keys);
  if (is.regexp(value)) return plain(prefixed(name, "RegExp", RegExp.prototype.toString.call(value)), "regexp");
  if (is.date(value)) {
    const time = Date.prototype.getTime.call(value);
    return plain(prefixed(name, "Date", Number.isNaN(time) ? "Invalid Date" : Date.prototype.toISOString.call(value)), "date");
  }
  if (is.promise(value)) return { open: prefix(name, tag === "Promise" ? "" : tag, "Promise") + "{", entries: formatPromise };
  if (is.boxed(value)) {
    const inner = is.string(value) ? String.prototype.valueOf.call(value) : is.number(value) ? Number.prototype.valueOf.call(value)
      : is.boolean(value) ? Boolean.prototype.valueOf.call(value) : is.bigint(value) ? BigInt.prototype.valueOf.call(value) : Symbol.prototype.valueOf.call(value);
    const type = typeof inner;
    return plain(`[${type === "bigint" ? "BigInt" : type[0].toUpperCase() + type.slice(1)}: ${formatPrimitive({ ...context, stylize: (t) => t }, inner)}]`, type);
  }
  if (is.arrayBuffer(value) || is.sharedArrayBuffer(value)) return { open: prefix(name, tag, "ArrayBuffer") + "{", entries: formatBuffer };
  if (is.dataView(value)) return { open: prefix(name, tag, "DataView") + "{", entries: formatDataView };
  if (is.weakSet(value) || is.weakMap(value)) return { done: true, base: `${prefix(name, "", "Weak")}{ ${stylize("<items unknown>", "special")} }` };
  if (keys.length === 0) return { done: true, base: name === "Object" && !tag ? "{}" : `${prefix(name, tag, "Object")}{}` };
  return name === "Object" && !tag ? {} : { open: prefix(name, tag, "Object") + "{" };
}

const prefixed = (name, usual, text) => name === usual ? text : name === null ? `[${usual}: null prototype] ${text}` : `${name} ${text}`;

function functionBase(value, name, tag) {
  const source = Function.prototype.toString.call(value);
  if (source.startsWith("class") && source.endsWith("}")) {
    const parent = Object.getPrototypeOf(value);
    return `[class ${value.name || "(anonymous)"}${parent && parent.name ? ` extends ${parent.name}` : ""}]`;
  }
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  return `[${kind}${value.name ? `: ${value.name}` : " (anonymous)"}]${name === null ? " [null prototype]" : ""}${tag && tag !== kind ? ` [${tag}]` : ""}`;
}

function errorKind(context, value, keys) {
  let stack = typeof value.stack === "string" && value.stack ? value.stack : Error.prototype.toString.call(value);
  const { name } = value;
  // The stack is made before the constructor of a subclass has set the name.
  const first = /^([A-Za-z_$][\w$]*)/.exec(stack)?.[1];
  const type = typeof name === "string" && name !== "Error" ? name : value.constructor?.name;
  if (first === "Error" && typeof type === "string" && type && type !== "Error" && !stack.startsWith(type)) stack = type + stack.slice(5);
  if (!stack.includes("\n    at")) stack = `[${stack}]`;
  for (const hidden of ["name", "message", "stack", "fileName", "lineNumber", "columnNumber"]) {
    const i = keys.indexOf(hidden);
    if (i >= 0 && (hidden !== "name" && hidden !== "message" || stack.includes(String(value[hidden])))) keys.splice(i, 1);
  }
  for (const own of ["cause", "errors"]) if (Object.hasOwn(value, own) && !keys.includes(own)) keys.push(own);
  if (context.indentation) stack = stack.replaceAll("\n", "\n" + " ".repeat(context.indentation));
  return keys.length === 0 ? { done: true, base: stack } : { base: stack };
}

function formatArray(context, value, depth) {
  const output = [];
  const length = Math.min(value.length, context.maxArrayLength);
  let shown = 0, i = 0;
  for (; i < value.length && shown < length; shown++) {
    if (Object.hasOwn(value, i)) {
      output.push(formatProperty(context, value, i++, depth, true));
      continue;
    }
    const from = i;
    while (i < value.length && !Object.hasOwn(value, i)) i++;
    output.push(context.stylize(`<${i - from} empty item${i - from > 1 ? "s" : ""}>`, "undefined"));
  }
  if (i < value.length) output.push(more(value.length - i));
  return output;
}

const more = (n) => `... ${n} more item${n > 1 ? "s" : ""}`;

function formatTypedArray(context, value) {
  const length = Math.min(value.length, context.maxArrayLength);
  const output = [];
  for (let i = 0; i < length; i++) output.push(formatPrimitive(context, value[i]));
  if (value.length > length) output.push(more(value.length - length));
  return output;
}

function formatSet(context, value, depth) {
  context.indentation += 2;
  return limited(context, [...Set.prototype.values.call(value)], (v) => formatValue(context, v, depth));
}

function formatMap(context, value, depth) {
  context.indentation += 2;
  return limited(context, [...Map.prototype.entries.call(value)], ([k, v]) => `${formatValue(context, k, depth)} => ${formatValue(context, v, depth)}`);
}

function limited(context, list, show) {
  const output = list.slice(0, context.maxArrayLength).map(show);
  if (list.length > output.length) output.push(more(list.length - output.length));
  return output;
}

function formatPromise(context, value, depth) {
  const [state, result] = promise(value);
  if (state === 0) return [context.stylize("<pending>", "special")];
  context.indentation += 2;
  const text = formatValue(context, result, depth);
  return [state === 2 ? `${context.stylize("<rejected>", "special")} ${text}` : text];
}

function formatBuffer(context, value) {
  const bytes = new Uint8Array(value);
  const hex = Array.from(bytes.subarray(0, 50), (b) => b.toString(16).padStart(2, "0")).join(" ");
  const rest = bytes.length > 50 ? ` ... ${bytes.length - 50} more byte${bytes.length > 51 ? "s" : ""}` : "";
  return [`[${context.stylize("Uint8Contents", "special")}]: <${hex}${rest}>`, `byteLength: ${context.stylize(String(bytes.length), "number")}`];
}

function formatDataView(context, value, depth) {
  return ["byteLength", "byteOffset", "buffer"].map((key) => `${key}: ${formatValue(context, value[key], depth)}`);
}

function formatProperty(context, value, key, depth, indexed) {
  const d = Object.getOwnPropertyDescriptor(value, key) ?? { value: value[key], enumerable: true };
  let text;
  if ("value" in d) {
    const by = indexed && typeof key === "number" ? 2 : context.compact !== true || indexed ? 2 : 3;
    context.indentation += by;
    text = formatValue(context, d.value, depth);
    context.indentation -= by;
  } else {
    text = context.stylize(d.get ? (d.set ? "[Getter/Setter]" : "[Getter]") : d.set ? "[Setter]" : "undefined", d.get || d.set ? "special" : "undefined");
    if (context.getters && d.get) {
      try { text = `${text.slice(0, -1)}: ${formatValue(context, d.get.call(value), depth)}]`; } catch { /* the getter's own matter */ }
    }
  }
  if (typeof key === "number") return text;
  const name = typeof key === "symbol" ? `[${context.stylize(key.toString(), "symbol")}]`
    : key === "__proto__" ? "['__proto__']"
    : !d.enumerable ? `[${key}]`
    : /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key) ? key : context.stylize(quote(key), "string");
  return `${name}: ${text}`;
}

// reduce puts the entries on one line when they are few and short, and into columns when they are many.
function reduce(context, output, base, braces, isArray, depth, value) {
  const start = base ? `${base} ` : "";
  if (context.compact !== true) {
    const entries = output.length;
    if (isArray && entries > 6) output = columns(context, output, value);
    if (typeof context.compact === "number" && context.level - depth < context.compact && entries === output.length) {
      const length = output.length + context.indentation + braces[0].length + base.length + 10;
      const joined = output.join(", ");
      if (fits(context, output, length, base) && !joined.includes("\n")) {
        return `${start}${braces[0]} ${joined} ${braces[1]}`;
      }
    }
    const indent = `\n${" ".repeat(context.indentation)}`;
    return `${start}${braces[0]}${indent}  ${output.join(`,${indent}  `)}${indent}${braces[1]}`;
  }
  return `${start}${braces[0]} ${output.join(", ")} ${braces[1]}`;
}

function fits(context, output, start, base) {
  let total = output.length + start;
  if (total + output.length > context.breakLength) return false;
  for (const text of output) {
    total += context.colors ? stripColors(text).length : text.length;
    if (total > context.breakLength) return false;
  }
  return base === "" || !base.includes("\n");
}

function columns(context, output, value) {
  let total = 0, longest = 0, i = 0;
  let count = output.length;
  if (value && value.length > context.maxArrayLength) count--; // "... more items" stands alone
  const sizes = [];
  for (; i < count; i++) {
    const size = context.colors ? stripColors(output[i]).length : output[i].length;
    sizes.push(size);
    total += size + 2;
    longest = Math.max(longest, size);
  }
  const width = longest + 2;
  if (width * 3 + context.indentation >= context.breakLength || !(total / width > 5 || longest <= 6)) return output;
  const biased = Math.max(width - 3 - Math.sqrt(width - total / output.length), 1); // towards a square
  const number = Math.min(
    Math.round(Math.sqrt(2.5 * biased * count) / biased),
    Math.floor((context.breakLength - context.indentation) / width), context.compact * 4, 15);
  if (number <= 1) return output;
  const widths = [];
  for (let column = 0; column < number; column++) {
    let most = 0;
    for (let k = column; k < count; k += number) most = Math.max(most, sizes[k]);
    widths.push(most + 2);
  }
  const right = value !== undefined && Array.prototype.every.call(value, (v) => typeof v === "number" || typeof v === "bigint");
  const rows = [];
  for (let row = 0; row < count; row += number) {
    const end = Math.min(row + number, count);
    let line = "", k = row;
    for (; k < end - 1; k++) {
      const cell = `${output[k]}, `;
      const pad = " ".repeat(widths[k - row] - sizes[k] - 2);
      line += right ? pad + cell : cell + pad;
    }
    line += right ? " ".repeat(widths[k - row] - sizes[k] - 2) + output[k] : output[k];
    rows.push(line);
  }
  if (count < output.length) rows.push(output[count]);
  return rows;
}
