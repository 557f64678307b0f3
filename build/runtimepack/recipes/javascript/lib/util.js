// node:util
import { TextDecoder, TextEncoder } from "wpk:encoding";
import { mustBeFunction, wrongType } from "wpk:errors";
import { format, formatWithOptions } from "wpk:format";
import { inspect, is, stripColors } from "wpk:inspect";
import { nextTick } from "wpk:loop";

promisify.custom = Symbol.for("nodejs.util.promisify.custom");

export function promisify(f) {
  mustBeFunction("original", f);
  if (f[promisify.custom]) return f[promisify.custom];
  function promised(...args) {
    return new Promise((resolve, reject) => f.call(this, ...args, (e, value) => e ? reject(e) : resolve(value)));
  }
  Object.setPrototypeOf(promised, Object.getPrototypeOf(f));
  return Object.defineProperties(promised, Object.getOwnPropertyDescriptors(f));
}

export function callbackify(f) {
  return function (...args) {
    const done = mustBeFunction("last argument", args.pop());
    f.apply(this, args).then((v) => nextTick(done, null, v), (e) => nextTick(done, e ?? new Error("falsy value rejected")));
  };
}

export function inherits(type, parent) {
  Object.defineProperty(type, "super_", { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(type.prototype, parent.prototype);
}

export function deprecate(f, message, code) {
  let told = false;
  return function (...args) {
    if (!told) process.emitWarning(message, "DeprecationWarning", code);
    told = true;
    return new.target ? Reflect.construct(f, args, new.target) : f.apply(this, args);
  };
}

const off = Object.assign(() => {}, { enabled: false });
export function debuglog(section) {
  const enabled = new RegExp(`(^|,)${section}(,|$)`, "i").test(globalThis.process?.env.NODE_DEBUG ?? "");
  return enabled ? Object.assign((...args) => process.stderr.write(`${section.toUpperCase()} ${process.pid}: ${format(...args)}\n`), { enabled }) : off;
}
export const debug = debuglog;

export function stripVTControlCharacters(text) { return stripColors(text); }
export const toUSVString = (text) => `${text}`.toWellFormed();

export function styleText(styles, text) {
  for (const s of [styles].flat()) {
    const c = inspect.colors[s];
    if (!c) throw wrongType("format", "one of util.inspect.colors", s);
    text = `\x1b[${c[0]}m${text}\x1b[${c[1]}m`;
  }
  return text;
}

const tag = (v) => Object.prototype.toString.call(v).slice(8, -1);
const typed = (name) => (v) => ArrayBuffer.isView(v) && v[Symbol.toStringTag] === name;
export const types = {
  isAnyArrayBuffer: (v) => is.arrayBuffer(v) || is.sharedArrayBuffer(v), isArrayBuffer: is.arrayBuffer, isSharedArrayBuffer: is.sharedArrayBuffer,
  isArrayBufferView: ArrayBuffer.isView, isArgumentsObject: (v) => tag(v) === "Arguments", isDataView: is.dataView, isTypedArray: is.typedArray,
  isDate: is.date, isMap: is.map, isSet: is.set, isWeakMap: is.weakMap, isWeakSet: is.weakSet, isRegExp: is.regexp, isPromise: is.promise,
  isNativeError: is.error, isBoxedPrimitive: is.boxed, isNumberObject: (v) => typeof v === "object" && is.number(v), isStringObject: (v) => typeof v === "object" && is.string(v),
  isBooleanObject: (v) => typeof v === "object" && is.boolean(v), isBigIntObject: (v) => typeof v === "object" && is.bigint(v), isSymbolObject: (v) => typeof v === "object" && is.symbol(v),
  isAsyncFunction: (v) => tag(v).startsWith("Async"), isGeneratorFunction: (v) => /^(Async)?GeneratorFunction$/.test(tag(v)), isGeneratorObject: is.generator,
  isMapIterator: (v) => tag(v) === "Map Iterator", isSetIterator: (v) => tag(v) === "Set Iterator", isProxy: () => false, isExternal: () => false, isModuleNamespaceObject: (v) => tag(v) === "Module",
};
for (const name of ["Int8", "Int16", "Int32", "Uint8", "Uint8Clamped", "Uint16", "Uint32", "Float32", "Float64", "BigInt64", "BigUint64"]) types[`is${name}Array`] = typed(`${name}Array`);

// isDeepStrictEqual compares what assert.deepStrictEqual does; loose comparison uses == for primitives.
export function isDeepEqual(a, b, strict, seen = new Map()) {
  if (strict ? Object.is(a, b) : a == b || (Number.isNaN(a) && Number.isNaN(b))) return true; // eslint-disable-line eqeqeq
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (tag(a) !== tag(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  if (is.date(a) && a.getTime() !== b.getTime()) return false;
  if (is.regexp(a) && (String(a) !== String(b) || a.lastIndex !== b.lastIndex)) return false;
  if (is.error(a) && (a.message !== b.message || a.name !== b.name)) return false;
  if (is.boxed(a) && !Object.is(a.valueOf(), b.valueOf())) return false;
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  try {
    if (is.arrayBuffer(a)) return isDeepEqual(new Uint8Array(a), new Uint8Array(b), strict, seen);
    if (is.set(a)) {
      if (a.size !== b.size) return false;
      for (const v of a) if (!b.has(v) && ![...b].some((w) => isDeepEqual(v, w, strict, seen))) return false;
    }
    if (is.map(a)) {
      if (a.size !== b.size) return false;
      for (const [k, v] of a) {
        if (b.has(k) ? !isDeepEqual(v, b.get(k), strict, seen) : ![...b].some(([l, w]) => isDeepEqual(k, l, strict, seen) && isDeepEqual(v, w, strict, seen))) return false;
      }
    }
    const own = (v) => Reflect.ownKeys(v).filter((k) => Object.prototype.propertyIsEnumerable.call(v, k));
    const keys = own(a);
    return keys.length === own(b).length && keys.every((k) => Object.hasOwn(b, k) && isDeepEqual(a[k], b[k], strict, seen));
  } finally {
    seen.delete(a);
  }
}
export const isDeepStrictEqual = (a, b) => isDeepEqual(a, b, true);

// parseArgs: https://nodejs.org/api/util.html#utilparseargsconfig, without tokens
export function parseArgs({ args = process.argv.slice(2), options = {}, strict = true, allowPositionals = !strict, allowNegative = false } = {}) {
  const values = Object.create(null), positionals = [];
  const fail = (code, message) => { throw Object.assign(new TypeError(message), { code }); };
  const store = (name, value, shown) => {
    const o = options[name];
    if (!o && strict) fail("ERR_PARSE_ARGS_UNKNOWN_OPTION", `Unknown option '${shown}'`);
    if (strict && o.type === "string" && typeof value !== "string") fail("ERR_PARSE_ARGS_INVALID_OPTION_VALUE", `Option '${shown} <value>' argument missing`);
    if (strict && o.type === "boolean" && typeof value === "string") fail("ERR_PARSE_ARGS_INVALID_OPTION_VALUE", `Option '${shown}' does not take an argument`);
    if (o?.multiple) (values[name] ??= []).push(value);
    else values[name] = value;
  };
  const rest = [...args];
  while (rest.length > 0) {
    const arg = rest.shift();
    const takes = (name) => options[name]?.type === "string" && rest.length > 0 && (rest[0] === "-" || !rest[0].startsWith("-") || !strict);
    if (arg === "--") { positionals.push(...rest.splice(0)); break; }
    if (/^--./.test(arg)) {
      const i = arg.indexOf("=");
      let name = arg.slice(2, i < 0 ? undefined : i);
      if (i >= 0) store(name, arg.slice(i + 1), `--${name}`);
      else if (allowNegative && name.startsWith("no-") && options[name.slice(3)]?.type === "boolean") store(name.slice(3), false, arg);
      else store(name, takes(name) ? rest.shift() : true, arg);
    } else if (/^-[^-]/.test(arg)) {
      for (let k = 1; k < arg.length; k++) {
        const name = Object.keys(options).find((n) => options[n].short === arg[k]) ?? arg[k];
        if (options[name]?.type === "string" && k + 1 < arg.length) { store(name, arg.slice(k + 1), `-${arg[k]}`); break; }
        store(name, takes(name) ? rest.shift() : true, `-${arg[k]}`);
      }
    } else {
      if (!allowPositionals) fail("ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL", `Unexpected argument '${arg}'. This command does not take positional arguments`);
      positionals.push(arg);
    }
  }
  for (const [name, o] of Object.entries(options)) if (o.default !== undefined && values[name] === undefined) values[name] = o.default;
  return { values, positionals };
}

export const isArray = Array.isArray;
export const aborted = (signal) => new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));

export default {
  promisify, callbackify, inherits, deprecate, debuglog, debug, stripVTControlCharacters, toUSVString, styleText, types, isDeepStrictEqual, parseArgs,
  isArray, aborted, format, formatWithOptions, inspect, TextDecoder, TextEncoder,
};
