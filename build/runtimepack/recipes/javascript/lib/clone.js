// structuredClone: https://html.spec.whatwg.org/multipage/structured-data.html
import { DOMException } from "wpk:errors";
import { is } from "wpk:inspect";

const errors = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

export function structuredClone(value) {
  if (arguments.length === 0) throw new TypeError('The "value" argument must be specified');
  const seen = new Map();
  const clone = (v) => {
    if (typeof v === "function" || typeof v === "symbol") throw new DOMException(`${typeof v === "symbol" ? String(v) : v.name || "function"} could not be cloned.`, "DataCloneError");
    if (typeof v !== "object" || v === null) return v;
    if (seen.has(v)) return seen.get(v);
    const keep = (copy) => { seen.set(v, copy); return copy; };
    if (is.date(v)) return keep(new Date(v.getTime()));
    if (is.regexp(v)) return keep(new RegExp(v.source, v.flags));
    if (is.boxed(v)) return keep(Object(v.valueOf()));
    if (is.arrayBuffer(v)) return keep(v.slice(0));
    if (ArrayBuffer.isView(v)) {
      const Type = globalThis[is.dataView(v) ? "DataView" : v[Symbol.toStringTag]];
      return keep(new Type(clone(v.buffer), v.byteOffset, is.dataView(v) ? v.byteLength : v.length));
    }
    if (is.map(v)) {
      const copy = keep(new Map());
      for (const [k, w] of v) copy.set(clone(k), clone(w));
      return copy;
    }
    if (is.set(v)) {
      const copy = keep(new Set());
      for (const w of v) copy.add(clone(w));
      return copy;
    }
    if (is.error(v)) {
      const copy = keep(Object.create((errors[v.name] ?? Error).prototype));
      for (const name of ["message", "stack", "cause"]) {
        if (Object.hasOwn(v, name)) Object.defineProperty(copy, name, { value: clone(v[name]), writable: true, configurable: true });
      }
      return copy;
    }
    if (is.promise(v) || is.weakMap(v) || is.weakSet(v)) throw new DOMException(`${Object.prototype.toString.call(v)} could not be cloned.`, "DataCloneError");
    const copy = keep(Array.isArray(v) ? new Array(v.length) : {});
    for (const k of Object.keys(v)) copy[k] = clone(v[k]);
    return copy;
  };
  return clone(value);
}
