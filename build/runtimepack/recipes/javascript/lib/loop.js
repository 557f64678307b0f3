// The event loop: what process.nextTick, promises, timers, setImmediate and readers of stdin have scheduled.
import * as native from "wpk:native";
import { mustBeFunction } from "wpk:errors";
import { custom } from "wpk:inspect";

const ticks = [];
let immediates = [];
const timers = []; // sorted by time
const readers = new Set(); // functions that wait for input, and read some when there is nothing else to do
let order = 0;
let failed = () => {};

export const now = () => Number(native.time(1)) / 1e6;

// setFailed says who is told of what a callback throws.
export function setFailed(f) { failed = f; }

function attempt(f, args) {
  try {
    f(...args);
  } catch (e) {
    failed(e);
  }
}

export function nextTick(f, ...args) {
  ticks.push([mustBeFunction("callback", f), args]);
}

export function queueMicrotask(f) {
  mustBeFunction("callback", f);
  Promise.resolve().then(() => attempt(f, []));
}

// drain runs ticks and promises until there are none.
export function drain() {
  do {
    while (ticks.length > 0) attempt(...ticks.shift());
    const thrown = native.runJobs();
    if (thrown) failed(thrown[0]);
  } while (ticks.length > 0);
}

class Timeout {
  #held = true;
  constructor(callback, delay, args, repeat) {
    mustBeFunction("callback", callback);
    delay = Number(delay);
    this._delay = delay >= 1 && delay <= 0x7fffffff ? Math.trunc(delay) : 1;
    this._callback = callback;
    this._args = args;
    this._repeat = repeat ? this._delay : null;
    this._id = ++order;
    byId.set(this._id, this);
    schedule(this);
  }
  ref() { this.#held = true; return this; }
  unref() { this.#held = false; return this; }
  hasRef() { return this.#held; }
  refresh() { unschedule(this); byId.set(this._id, this); schedule(this); return this; }
  close() { clearTimeout(this); return this; }
  [Symbol.toPrimitive]() { return this._id; }
  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() { clearTimeout(this); }
  [custom]() { return `Timeout { _delay: ${this._delay}, _repeat: ${this._repeat} }`; }
}

const byId = new Map();

function schedule(timer) {
  timer._due = now() + timer._delay;
  let low = 0, high = timers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timers[middle]._due <= timer._due) low = middle + 1;
    else high = middle;
  }
  timers.splice(low, 0, timer);
}

function unschedule(timer) {
  const i = timers.indexOf(timer);
  if (i >= 0) timers.splice(i, 1);
}

export const setTimeout = (f, delay, ...args) => new Timeout(f, delay, args, false);
export const setInterval = (f, delay, ...args) => new Timeout(f, delay, args, true);

export function clearTimeout(timer) {
  timer = timer instanceof Timeout ? timer : byId.get(Number(timer));
  if (!timer) return;
  timer._repeat = null;
  byId.delete(timer._id);
  unschedule(timer);
}
export const clearInterval = clearTimeout;

class Immediate {
  #held = true;
  constructor(callback, args) {
    this._callback = mustBeFunction("callback", callback);
    this._args = args;
    immediates.push(this);
  }
  ref() { this.#held = true; return this; }
  unref() { this.#held = false; return this; }
  hasRef() { return this.#held; }
}

export const setImmediate = (f, ...args) => new Immediate(f, args);
export function clearImmediate(immediate) { if (immediate) immediate._callback = null; }

export function addReader(f) { readers.add(f); }
export function removeReader(f) { readers.delete(f); }

function runTimers() {
  const time = now();
  const due = timers.filter((t) => t._due <= time);
  for (const timer of due) {
    if (!byId.has(timer._id)) continue; // cleared by one before it
    unschedule(timer);
    if (timer._repeat === null) byId.delete(timer._id);
    attempt(timer._callback, timer._args);
    drain();
    if (timer._repeat !== null && byId.has(timer._id)) schedule(timer);
  }
}

// turn does one round, and reports whether there is anything left to wait for.
export function turn() {
  drain();
  runTimers();
  const list = immediates;
  immediates = [];
  for (const i of list) {
    if (i._callback) attempt(i._callback, i._args);
    drain();
  }
  if (immediates.some((i) => i.hasRef())) return true;
  if (readers.size > 0 && !(timers.length > 0 && timers[0]._due <= now())) {
    const [read] = readers; // blocks: timers wait meanwhile
    attempt(read, []);
    drain();
    return true;
  }
  if (!timers.some((t) => t.hasRef())) return readers.size > 0 || ticks.length > 0;
  const wait = timers[0]._due - now();
  if (wait > 0) native.sleep(wait);
  return true;
}
