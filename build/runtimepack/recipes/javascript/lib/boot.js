// The first module: sets up what programs find, and hands the host its functions.
import assert, { strict } from "wpk:assert";
import buffer, { callable as Buffer } from "wpk:buffer";
import { structuredClone } from "wpk:clone";
import { Console } from "wpk:console";
import { TextDecoder, TextEncoder, atob, btoa } from "wpk:encoding";
import { DOMException, error, unavailable } from "wpk:errors";
import events, { AbortController, AbortSignal, CustomEvent, Event, EventTarget } from "wpk:events";
import fs from "wpk:fs";
import fsPromises from "wpk:fspromises";
import { Intl } from "wpk:intl";
import * as loop from "wpk:loop";
import * as native from "wpk:native";
import path from "wpk:path";
import process, { begin, fail, run } from "wpk:process";
import readline, { promises as readlinePromises } from "wpk:readline";
import { crypto, os, perf_hooks, performance, querystring, timers, timersPromises, tty, webcrypto } from "wpk:small";
import { RegExp } from "wpk:regexp";
import stream, { promises as streamPromises } from "wpk:stream";
import string_decoder from "wpk:string_decoder";
import url, { URL, URLSearchParams } from "wpk:url";
import util, { promisify, types } from "wpk:util";

const console = new Console({ get stdout() { return process.stdout; }, get stderr() { return process.stderr; } });
console.Console = Console;

fs.promises = fsPromises;
fs.createReadStream = (file, options) => new stream.Readable({
  ...(typeof options === "string" ? { encoding: options } : options),
  read() {
    this.fd ??= typeof options?.fd === "number" ? options.fd : fs.openSync(file, options?.flags ?? "r");
    this.at ??= options?.start;
    const bytes = Buffer.alloc(Math.min(65536, options?.end === undefined ? Infinity : Math.max(options.end + 1 - (this.at ?? 0), 0)));
    const n = bytes.length && fs.readSync(this.fd, bytes, 0, bytes.length, this.at ?? (options?.end === undefined ? null : (this.at = 0)));
    if (this.at !== undefined) this.at += n;
    this.push(n === 0 ? null : bytes.subarray(0, n));
  },
  destroy(e, done) {
    if (this.fd !== undefined && options?.autoClose !== false) fs.closeSync(this.fd);
    done(e);
  },
});
fs.createWriteStream = (file, options) => {
  const fd = typeof options?.fd === "number" ? options.fd : fs.openSync(file, options?.flags ?? "w");
  return new stream.Writable({
    write(chunk, encoding, done) { fs.writeSync(fd, chunk); done(); },
    final(done) { fs.closeSync(fd); done(); },
  });
};
loop.setTimeout[promisify.custom] = timersPromises.setTimeout;
loop.setImmediate[promisify.custom] = timersPromises.setImmediate;
url.URL = URL;

const modules = {
  assert, "assert/strict": strict, buffer, console, crypto, events, fs, "fs/promises": fsPromises, os, path, "path/posix": path, "path/win32": path,
  perf_hooks, process, querystring, readline, "readline/promises": readlinePromises, stream, "stream/promises": streamPromises, string_decoder,
  timers, "timers/promises": timersPromises, tty, url, util, "util/types": types, sys: util,
  constants: fs.constants,
  module: { builtinModules: [], createRequire: () => require, isBuiltin: (name) => name.replace(/^node:/, "") in modules },
};
modules.module.builtinModules.push(...Object.keys(modules));

// A module that WebAssembly has no use for can be imported; whatever of it is used says so. wpk warned while building.
// Bundled code copies a module's own properties and inherits from its prototype: the latter is what answers.
function stub(name) {
  return Object.create(new Proxy({}, {
    get(_, key) {
      if (typeof key === "symbol" || ["__esModule", "then", "default", "prototype", "toJSON"].includes(key)) return undefined;
      if (name === "worker_threads" && key === "isMainThread") return true;
      const use = () => { throw unavailable(`node:${name} (${key})`); };
      return /^[A-Z]/.test(key) ? class { constructor() { use(); } } : use;
    },
  }));
}

function require(name) {
  const plain = name.replace(/^node:/, "");
  if (Object.hasOwn(modules, plain)) return modules[plain];
  throw Object.assign(error("MODULE_NOT_FOUND", `Cannot find module '${name}': a program has the modules only that it was built with`), { code: "MODULE_NOT_FOUND" });
}
process.getBuiltinModule = (name) => Object.hasOwn(modules, name.replace(/^node:/, "")) ? require(name) : undefined;

// What the bundler's own code asks for: see build/internal/jsbundle/plugin.go.
const hidden = (object, name, value) => Object.defineProperty(object, name, { value, writable: true, configurable: true });
hidden(globalThis, Symbol.for("wpk.builtin"), require);
hidden(globalThis, Symbol.for("wpk.stub"), stub);
hidden(globalThis, "wpk:host", { begin() { begin(); performance._begin(); }, run, fail });

const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, queueMicrotask } = loop;
const globals = {
  global: globalThis, console, process, Buffer, URL, URLSearchParams, TextEncoder, TextDecoder, setTimeout, setInterval, setImmediate, clearTimeout,
  clearInterval, clearImmediate, queueMicrotask, structuredClone, atob, btoa, performance, crypto: webcrypto, AbortController, AbortSignal, Event,
  CustomEvent, EventTarget, DOMException, Intl, RegExp,
};
for (const [name, value] of Object.entries(globals)) hidden(globalThis, name, value);
hidden(globalThis, "gc", native.gc);

// V8's: packages call it to shorten stacks.
Error.captureStackTrace ??= (target) => { hidden(target, "stack", new Error(target.message ?? "").stack.replace(/^Error/, target.name ?? "Error")); };
Error.stackTraceLimit ??= 10;
