// node:events
import { DOMException, error, mustBeFunction } from "wpk:errors";
import { inspect } from "wpk:inspect";

const all = Symbol("listeners");

export function EventEmitter(options) { EventEmitter.init.call(this, options); }

EventEmitter.init = function () {
  if (!Object.hasOwn(this, all)) this[all] = new Map();
};
EventEmitter.defaultMaxListeners = 10;
EventEmitter.errorMonitor = Symbol("events.errorMonitor");
EventEmitter.captureRejectionSymbol = Symbol.for("nodejs.rejection");
EventEmitter.EventEmitter = EventEmitter;

// listeners are created when needed: subclasses of old style may never call the constructor.
function listenersOf(emitter, name, create) {
  let map = Object.hasOwn(emitter, all) ? emitter[all] : undefined;
  if (!map && create) Object.defineProperty(emitter, all, { value: map = new Map(), configurable: true });
  let list = map?.get(name);
  if (!list && create) map.set(name, list = []);
  return list;
}

function add(emitter, name, listener, first, once) {
  mustBeFunction("listener", listener);
  if (listenersOf(emitter, "newListener")) emitter.emit("newListener", name, listener);
  const list = listenersOf(emitter, name, true);
  const entry = { listener, once };
  if (first) list.unshift(entry);
  else list.push(entry);
  return emitter;
}

Object.assign(EventEmitter.prototype, {
  on(name, f) { return add(this, name, f, false, false); },
  addListener(name, f) { return add(this, name, f, false, false); },
  prependListener(name, f) { return add(this, name, f, true, false); },
  once(name, f) { return add(this, name, f, false, true); },
  prependOnceListener(name, f) { return add(this, name, f, true, true); },
  off(name, f) { return this.removeListener(name, f); },
  removeListener(name, f) {
    const list = listenersOf(this, name);
    const i = list ? list.findLastIndex((e) => e.listener === f || e.listener.listener === f) : -1;
    if (i < 0) return this;
    if (list.length === 1) this[all].delete(name);
    else this[all].set(name, list.toSpliced(i, 1)); // an emit under way goes on with the old list
    if (listenersOf(this, "removeListener")) this.emit("removeListener", name, f);
    return this;
  },
  removeAllListeners(name) {
    if (!Object.hasOwn(this, all)) return this;
    if (name === undefined) this[all].clear();
    else this[all].delete(name);
    return this;
  },
  emit(name, ...args) {
    if (name === "error" && listenersOf(this, EventEmitter.errorMonitor)) this.emit(EventEmitter.errorMonitor, ...args);
    const list = listenersOf(this, name);
    if (!list) {
      if (name !== "error") return false;
      if (args[0] instanceof Error) throw args[0];
      const e = error("ERR_UNHANDLED_ERROR", `Unhandled error. (${typeof args[0] === "string" ? args[0] : inspect(args[0])})`);
      e.context = args[0];
      throw e;
    }
    for (const entry of [...list]) {
      if (entry.once) {
        if (entry.done) continue;
        entry.done = true;
        this.removeListener(name, entry.listener);
      }
      entry.listener.apply(this, args);
    }
    return true;
  },
  listeners(name) { return (listenersOf(this, name) ?? []).map((e) => e.listener); },
  rawListeners(name) { return this.listeners(name); },
  listenerCount(name, f) { return (listenersOf(this, name) ?? []).filter((e) => !f || e.listener === f).length; },
  eventNames() { return Object.hasOwn(this, all) ? [...this[all].keys()] : []; },
  setMaxListeners() { return this; },
  getMaxListeners() { return EventEmitter.defaultMaxListeners; },
});
for (const name of Object.keys(EventEmitter.prototype)) Object.defineProperty(EventEmitter.prototype, name, { enumerable: false });

export function once(emitter, name, { signal } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    if (emitter instanceof EventTarget) return emitter.addEventListener(name, (e) => resolve([e]), { once: true });
    const abort = () => { done(); reject(signal.reason); };
    const failed = (e) => { done(); reject(e); };
    const arrived = (...args) => { done(); resolve(args); };
    const done = () => {
      emitter.off(name, arrived);
      emitter.off("error", failed);
      signal?.removeEventListener("abort", abort);
    };
    emitter.on(name, arrived);
    if (name !== "error") emitter.on("error", failed);
    signal?.addEventListener("abort", abort);
  });
}

// on is an endless iterator over the events of a name.
export async function* on(emitter, name, { signal } = {}) {
  const queue = [];
  let wake = () => {}, failure;
  const arrived = (...args) => { queue.push(args); wake(); };
  const failed = (e) => { failure = { e }; wake(); };
  const abort = () => failed(signal.reason ?? new DOMException("This operation was aborted", "AbortError"));
  emitter.on(name, arrived).on("error", failed);
  signal?.addEventListener("abort", abort);
  try {
    for (;;) {
      while (queue.length > 0) yield queue.shift();
      if (failure) throw failure.e;
      await new Promise((resolve) => { wake = resolve; });
    }
  } finally {
    emitter.off(name, arrived).off("error", failed);
    signal?.removeEventListener("abort", abort);
  }
}

export class Event {
  #type; #cancelable; #prevented = false;
  constructor(type, { cancelable = false } = {}) {
    this.#type = `${type}`;
    this.#cancelable = Boolean(cancelable);
    this.timeStamp = performance.now();
  }
  target = null;
  currentTarget = null;
  get type() { return this.#type; }
  get cancelable() { return this.#cancelable; }
  get defaultPrevented() { return this.#prevented; }
  preventDefault() { this.#prevented = this.#cancelable; }
  stopPropagation() {}
  stopImmediatePropagation() { this.stopped = true; }
}

export class CustomEvent extends Event {
  constructor(type, options) {
    super(type, options);
    this.detail = options?.detail ?? null;
  }
}

export class EventTarget {
  #listeners = new Map();
  addEventListener(type, listener, options) {
    if (!listener) return;
    const list = this.#listeners.get(type) ?? [];
    if (list.some((e) => e.listener === listener)) return;
    const entry = { listener, once: Boolean(options?.once) };
    this.#listeners.set(type, [...list, entry]);
    options?.signal?.addEventListener("abort", () => this.removeEventListener(type, listener), { once: true });
  }
  removeEventListener(type, listener) {
    const list = this.#listeners.get(type);
    if (list) this.#listeners.set(type, list.filter((e) => e.listener !== listener));
  }
  dispatchEvent(event) {
    event.target = event.currentTarget = this;
    const handler = this[`on${event.type}`];
    const own = typeof handler === "function" ? [{ listener: handler }] : [];
    for (const entry of own.concat(this.#listeners.get(event.type) ?? [])) {
      if (entry.once) this.removeEventListener(event.type, entry.listener);
      if (typeof entry.listener === "function") entry.listener.call(this, event);
      else entry.listener.handleEvent(event);
      if (event.stopped) break;
    }
    return !event.defaultPrevented;
  }
}

export class AbortSignal extends EventTarget {
  aborted = false;
  reason = undefined;
  onabort = null;
  static abort(reason) { const c = new AbortController(); c.abort(reason); return c.signal; }
  static timeout(ms) {
    const c = new AbortController();
    setTimeout(() => c.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")), ms).unref();
    return c.signal;
  }
  static any(signals) {
    const c = new AbortController();
    for (const s of signals) {
      if (s.aborted) c.abort(s.reason);
      else s.addEventListener("abort", () => c.abort(s.reason), { once: true });
    }
    return c.signal;
  }
  throwIfAborted() { if (this.aborted) throw this.reason; }
}

export class AbortController {
  signal = new AbortSignal();
  abort(reason = new DOMException("This operation was aborted", "AbortError")) {
    if (this.signal.aborted) return;
    this.signal.aborted = true;
    this.signal.reason = reason;
    this.signal.dispatchEvent(new Event("abort"));
  }
}

EventEmitter.once = once;
EventEmitter.on = on;
EventEmitter.listenerCount = (emitter, name) => emitter.listenerCount(name);
EventEmitter.getEventListeners = (emitter, name) => emitter.listeners(name);
EventEmitter.setMaxListeners = () => {};
EventEmitter.usingDomains = false;
export default EventEmitter;

