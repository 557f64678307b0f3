// Modules of a few lines each: os, tty, crypto, perf_hooks, querystring, timers, module, async_hooks.
import * as native from "wpk:native";
import { DOMException, check, rangeError, typeError, unavailable } from "wpk:errors";
import { EventTarget } from "wpk:events";
import * as loop from "wpk:loop";

export const os = {
  EOL: "\n", devNull: "/dev/null", constants: { signals: {}, errno: {} },
  arch: () => "wasm32", platform: () => "wasi", type: () => "WASI", release: () => "0.1.0", version: () => "preview1", machine: () => "wasm32",
  hostname: () => "localhost", homedir: () => process.env.HOME ?? "/", tmpdir: () => process.env.TMPDIR ?? "/tmp", endianness: () => "LE",
  cpus: () => [], availableParallelism: () => 1, loadavg: () => [0, 0, 0], uptime: () => loop.now() / 1000, networkInterfaces: () => ({}),
  totalmem: () => 4 * 2 ** 30, freemem: () => 4 * 2 ** 30 - native.memory()[0],
  userInfo: () => ({ uid: -1, gid: -1, username: process.env.USER ?? "user", homedir: process.env.HOME ?? "/", shell: null }),
};

export const tty = {
  isatty: (fd) => native.isatty(fd),
  ReadStream: class ReadStream { constructor() { throw unavailable("tty.ReadStream"); } },
  WriteStream: class WriteStream { constructor() { throw unavailable("tty.WriteStream"); } },
};

function getRandomValues(array) {
  if (!ArrayBuffer.isView(array)) throw typeError("ERR_INVALID_ARG_TYPE", "The data argument must be an integer-type TypedArray");
  if (array.byteLength > 65536) throw new DOMException("The requested length exceeds 65,536 bytes", "QuotaExceededError");
  check(-native.random(array.buffer, array.byteOffset, array.byteLength), "random_get");
  return array;
}

function randomBytes(size, done) {
  const bytes = Buffer.alloc(size);
  check(-native.random(bytes.buffer, bytes.byteOffset, size), "random_get");
  if (done) loop.nextTick(done, null, bytes);
  return bytes;
}

function randomUUID() {
  const b = randomBytes(16);
  b[6] = b[6] & 0x0f | 0x40;
  b[8] = b[8] & 0x3f | 0x80;
  return b.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function randomInt(min, max, done) {
  if (max === undefined || typeof max === "function") [min, max, done] = [0, min, max];
  if (!(max > min) || max - min > 2 ** 48) throw rangeError("ERR_OUT_OF_RANGE", `The value of "max" is out of range. Received ${max}`);
  const range = max - min, limit = 2 ** 48 - 2 ** 48 % range;
  let n;
  do n = randomBytes(6).readUIntBE(0, 6); while (n >= limit);
  if (done) loop.nextTick(done, null, min + n % range);
  return min + n % range;
}

function timingSafeEqual(a, b) {
  if (a.byteLength !== b.byteLength) throw rangeError("ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length");
  const x = Buffer.from(a), y = Buffer.from(b);
  let differ = 0;
  for (let i = 0; i < x.length; i++) differ |= x[i] ^ y[i];
  return differ === 0;
}

export const webcrypto = { getRandomValues, randomUUID };
const missing = (module, ...names) => Object.fromEntries(names.map((name) => [name, () => { throw unavailable(`node:${module}'s ${name}`); }]));
export const crypto = {
  ...missing("crypto", "createHash", "createHmac", "createCipheriv", "createDecipheriv", "createSign", "createVerify", "pbkdf2", "pbkdf2Sync", "scrypt", "scryptSync", "hash"),
  webcrypto, getRandomValues, randomUUID, randomBytes, randomInt, timingSafeEqual,
  randomFillSync: (b) => { native.random(b.buffer, b.byteOffset, b.byteLength); return b; }, getHashes: () => [], getCiphers: () => [],
};

class Performance extends EventTarget {
  #origin; #marks = [];
  _begin() { this.#origin = loop.now(); this.timeOrigin = Date.now(); }
  now() { return loop.now() - (this.#origin ?? 0); }
  mark(name) { const m = { name, entryType: "mark", startTime: this.now(), duration: 0 }; this.#marks.push(m); return m; }
  measure(name, from, to) {
    const at = (n, otherwise) => this.#marks.findLast((m) => m.name === n)?.startTime ?? otherwise;
    const startTime = at(from, 0);
    const m = { name, entryType: "measure", startTime, duration: at(to, this.now()) - startTime };
    this.#marks.push(m);
    return m;
  }
  getEntries() { return [...this.#marks]; }
  getEntriesByName(name) { return this.#marks.filter((m) => m.name === name); }
  getEntriesByType(type) { return this.#marks.filter((m) => m.entryType === type); }
  clearMarks() { this.#marks = []; }
  clearMeasures() { this.#marks = []; }
  toJSON() { return { timeOrigin: this.timeOrigin }; }
}
export const performance = new Performance();
export const perf_hooks = { performance, PerformanceObserver: class { observe() {} disconnect() {} } };

export const querystring = {
  escape: encodeURIComponent,
  unescape: (text) => { try { return decodeURIComponent(text); } catch { return text; } },
  stringify: (o, and = "&", is = "=") => Object.entries(o ?? {}).flatMap(([k, v]) => [v].flat().map((w) => `${encodeURIComponent(k)}${is}${encodeURIComponent(w ?? "")}`)).join(and),
  parse(text, and = "&", is = "=") {
    const out = Object.create(null);
    for (const part of `${text}`.split(and).filter(Boolean)) {
      const i = part.indexOf(is);
      const [k, v] = (i < 0 ? [part, ""] : [part.slice(0, i), part.slice(i + is.length)]).map((s) => querystring.unescape(s.replaceAll("+", " ")));
      out[k] = k in out ? [out[k]].flat().concat(v) : v;
    }
    return out;
  },
};
querystring.encode = querystring.stringify;
querystring.decode = querystring.parse;

const later = (f) => (ms, value, { signal } = {}) => new Promise((resolve, reject) => {
  if (signal?.aborted) return reject(signal.reason);
  const t = f(() => resolve(value), ms);
  signal?.addEventListener("abort", () => { (f === loop.setTimeout ? loop.clearTimeout : loop.clearImmediate)(t); reject(signal.reason); });
});
export const timersPromises = {
  setTimeout: later(loop.setTimeout), setImmediate: (value, options) => later((f) => loop.setImmediate(f))(0, value, options),
  async *setInterval(ms, value) { for (;;) { await timersPromises.setTimeout(ms); yield value; } },
  scheduler: { wait: (ms, options) => timersPromises.setTimeout(ms, undefined, options), yield: () => timersPromises.setImmediate() },
};
const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = loop;
export const timers = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, promises: timersPromises };
