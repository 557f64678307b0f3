// node:stream, as far as programs use it: object mode, pipe, async iteration, pipeline, finished. Flow control works by
// pausing between pushes; highWaterMark counts what waits to be read.
import { Buffer, normalize } from "wpk:buffer";
import { error } from "wpk:errors";
import { EventEmitter } from "wpk:events";
import { nextTick } from "wpk:loop";
import { StringDecoder } from "wpk:string_decoder";

export class Stream extends EventEmitter {
  destroyed = false;
  errored = null;
  closed = false;
  destroy(e) {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.errored = e ?? null;
    this._destroy(e ?? null, (failure) => nextTick(() => {
      if (failure) this.emit("error", failure);
      this.closed = true;
      this.emit("close");
    }));
    return this;
  }
  _destroy(e, done) { done(e); }
}

export class Readable extends Stream {
  constructor(options = {}) {
    super();
    readableState(this, options);
  }
  static from(source, options) {
    const iterator = typeof source === "string" || source instanceof Uint8Array ? [source].values() : source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]();
    return new Readable({
      objectMode: true, ...options,
      async read() {
        try {
          const { done, value } = await iterator.next();
          this.push(done ? null : await value);
        } catch (e) {
          this.destroy(e);
        }
      },
      destroy(e, done) { iterator.return?.(); done(e); },
    });
  }
  get readable() { return !this.destroyed && !this._r.ended; }
  get readableEnded() { return this._r.emitted; }
  get readableFlowing() { return this._r.flowing; }
  get readableObjectMode() { return this._r.object; }
  get readableLength() { return this._r.length; }
  get readableHighWaterMark() { return this._r.limit; }
  get readableEncoding() { return this._r.decoder?.encoding ?? null; }
  setEncoding(encoding) { this._r.decoder = new StringDecoder(encoding); return this; }
  push(chunk, encoding) {
    const r = this._r;
    r.reading = false;
    if (chunk === null) {
      const rest = r.decoder?.end();
      if (rest) r.queue.push(rest);
      r.ended = true;
    } else {
      if (!r.object) {
        if (typeof chunk === "string" && !r.decoder) chunk = Buffer.from(chunk, encoding);
        else if (typeof chunk !== "string" && !Buffer.isBuffer(chunk)) chunk = Buffer.from(chunk);
        if (r.decoder && typeof chunk !== "string") chunk = r.decoder.write(chunk);
        if (chunk.length === 0) return more(this);
      }
      r.queue.push(chunk);
      r.length += r.object ? 1 : chunk.length;
    }
    flow(this);
    return r.length < r.limit && !r.ended;
  }
  unshift(chunk) {
    this._r.queue.unshift(chunk);
    this._r.length += this._r.object ? 1 : chunk.length;
    flow(this);
  }
  read(size) {
    const r = this._r;
    if (r.queue.length === 0) {
      if (!r.ended) more(this);
      else end(this);
      return null;
    }
    let chunk;
    if (r.object) chunk = r.queue.shift();
    else {
      chunk = r.queue.length === 1 ? r.queue[0] : typeof r.queue[0] === "string" ? r.queue.join("") : Buffer.concat(r.queue);
      if (size !== undefined && size < chunk.length) {
        r.queue = [chunk.slice(size)];
        chunk = chunk.slice(0, size);
      } else r.queue = [];
    }
    r.length -= r.object ? 1 : chunk.length;
    if (r.queue.length === 0) { if (r.ended) nextTick(end, this); else more(this); }
    return chunk;
  }
  _read() { throw error("ERR_METHOD_NOT_IMPLEMENTED", "The _read() method is not implemented"); }
  on(name, f) {
    super.on(name, f);
    if (name === "data" && this._r.flowing !== false) this.resume();
    if (name === "readable") { this._r.listening = true; nextTick(() => { if (this._r.queue.length || this._r.ended) this.emit("readable"); else more(this); }); }
    return this;
  }
  addListener(name, f) { return this.on(name, f); }
  pause() { this._r.flowing = false; return this; }
  isPaused() { return this._r.flowing === false; }
  resume() {
    this._r.flowing = true;
    nextTick(flow, this);
    return this;
  }
  pipe(to, { end: ends = true } = {}) {
    this.on("data", (chunk) => { if (to.write(chunk) === false) { this.pause(); to.once("drain", () => this.resume()); } });
    if (ends && to !== globalThis.process.stdout && to !== globalThis.process.stderr) this.once("end", () => to.end());
    to.emit("pipe", this);
    return to;
  }
  unpipe() { this.removeAllListeners("data"); return this.pause(); }
  async *[Symbol.asyncIterator]() {
    let wake = () => {}, failure, over = false;
    const told = () => wake();
    this.on("readable", told).on("end", () => { over = true; wake(); }).on("error", (e) => { failure = e; wake(); }).on("close", () => { over = true; wake(); });
    try {
      for (;;) {
        const chunk = this.destroyed && !this._r.queue.length ? null : this.read();
        if (chunk !== null) yield chunk;
        else if (failure) throw failure;
        else if (over || this._r.emitted) return;
        else await new Promise((resolve) => { wake = resolve; });
      }
    } finally {
      if (!this._r.emitted) this.destroy();
    }
  }
  async toArray() { const all = []; for await (const v of this) all.push(v); return all; }
  async forEach(f) { for await (const v of this) await f(v); }
  map(f) { const from = this; return Readable.from((async function* () { for await (const v of from) yield f(v); })()); }
  filter(f) { const from = this; return Readable.from((async function* () { for await (const v of from) if (await f(v)) yield v; })()); }
}

function readableState(stream, { objectMode, readableObjectMode, highWaterMark, encoding, read, destroy }) {
  const object = Boolean(objectMode || readableObjectMode);
  Object.defineProperty(stream, "_r", {
    value: { object, limit: highWaterMark ?? (object ? 16 : 65536), queue: [], length: 0, flowing: null, ended: false, emitted: false, reading: false, listening: false, decoder: encoding && new StringDecoder(encoding) },
  });
  if (read) stream._read = read;
  if (destroy) stream._destroy = destroy;
}

function more(stream) {
  const r = stream._r;
  if (r.reading || r.ended || stream.destroyed) return false;
  r.reading = true;
  nextTick(() => {
    if (stream.destroyed) return;
    try { stream._read(r.limit); } catch (e) { stream.destroy(e); }
  });
  return true;
}

function flow(stream) {
  const r = stream._r;
  while (r.flowing && r.queue.length > 0 && !stream.destroyed) {
    const chunk = r.queue.shift();
    r.length -= r.object ? 1 : chunk.length;
    stream.emit("data", chunk);
  }
  if (r.queue.length > 0) { if (r.listening) nextTick(() => stream.emit("readable")); return; }
  if (r.ended) { if (r.listening) nextTick(() => stream.emit("readable")); if (r.flowing || r.listening) nextTick(end, stream); } else if (r.flowing || r.listening) more(stream);
}

function end(stream) {
  const r = stream._r;
  if (r.emitted || stream.destroyed || r.queue.length > 0) return;
  r.emitted = true;
  stream.emit("end");
  if (!stream._w || stream._w.finished) nextTick(() => stream.destroy());
}

function writableState(stream, { objectMode, writableObjectMode, highWaterMark, decodeStrings = true, defaultEncoding = "utf8", write, writev, final, destroy }) {
  const object = Boolean(objectMode || writableObjectMode);
  Object.defineProperty(stream, "_w", {
    value: { object, limit: highWaterMark ?? (object ? 16 : 16384), queue: [], length: 0, busy: false, ending: false, finished: false, wanted: false, corked: 0, decode: decodeStrings, encoding: defaultEncoding },
  });
  if (write) stream._write = write;
  if (writev) stream._writev = writev;
  if (final) stream._final = final;
  if (destroy) stream._destroy = destroy;
}

const writable = {
  write(chunk, encoding, done) {
    if (typeof encoding === "function") [encoding, done] = [undefined, encoding];
    const w = this._w;
    if (w.ending || this.destroyed) {
      const e = w.ending ? error("ERR_STREAM_WRITE_AFTER_END", "write after end") : error("ERR_STREAM_DESTROYED", "Cannot call write after a stream was destroyed");
      nextTick(() => { done?.(e); if (w.ending) this.destroy(e); });
      return false;
    }
    if (!w.object && typeof chunk === "string" && w.decode) [chunk, encoding] = [Buffer.from(chunk, encoding ?? w.encoding), "buffer"];
    w.queue.push([chunk, encoding ?? w.encoding, done]);
    w.length += w.object ? 1 : chunk.length;
    next(this);
    const room = w.length < w.limit;
    w.wanted ||= !room;
    return room;
  },
  end(chunk, encoding, done) {
    if (typeof chunk === "function") [chunk, done] = [undefined, chunk];
    if (typeof encoding === "function") [encoding, done] = [undefined, encoding];
    if (chunk !== undefined && chunk !== null) this.write(chunk, encoding);
    if (done) this.once("finish", done);
    this._w.corked = 0;
    this._w.ending = true;
    next(this);
    return this;
  },
  cork() { this._w.corked++; },
  uncork() { if (this._w.corked > 0 && --this._w.corked === 0) next(this); },
  setDefaultEncoding(encoding) { this._w.encoding = normalize(encoding); return this; },
  _write(chunk, encoding, done) { done(error("ERR_METHOD_NOT_IMPLEMENTED", "The _write() method is not implemented")); },
  _final(done) { done(); },
};

function next(stream) {
  const w = stream._w;
  if (w.busy || w.corked || stream.destroyed) return;
  if (w.queue.length === 0) {
    if (!w.ending || w.finished) return;
    w.busy = true;
    stream._final((e) => nextTick(() => {
      if (e) return stream.destroy(e);
      w.finished = true;
      stream.emit("finish");
      if (!stream._r || stream._r.emitted) stream.destroy();
    }));
    return;
  }
  w.busy = true;
  const [chunk, encoding, done] = w.queue.shift();
  let called = false;
  const finished = (e) => {
    if (called) return;
    called = true;
    w.length -= w.object ? 1 : chunk.length;
    nextTick(() => {
      done?.(e ?? null);
      if (e) return stream.destroy(e);
      w.busy = false;
      if (w.wanted && w.length === 0) { w.wanted = false; if (!w.ending) stream.emit("drain"); }
      next(stream);
    });
  };
  try { stream._write(chunk, encoding, finished); } catch (e) { finished(e); }
}

const states = {
  writable: { get() { return !this._w.ending && !this.destroyed; } },
  writableEnded: { get() { return this._w.ending; } },
  writableFinished: { get() { return this._w.finished; } },
  writableLength: { get() { return this._w.length; } },
  writableNeedDrain: { get() { return this._w.wanted; } },
  writableObjectMode: { get() { return this._w.object; } },
  writableHighWaterMark: { get() { return this._w.limit; } },
};

function addMethods(type) {
  for (const [name, value] of Object.entries(writable)) Object.defineProperty(type.prototype, name, { value, writable: true, configurable: true });
  for (const [name, d] of Object.entries(states)) Object.defineProperty(type.prototype, name, { ...d, configurable: true });
}

export class Writable extends Stream {
  constructor(options = {}) {
    super();
    writableState(this, options);
  }
  pipe() { this.emit("error", error("ERR_STREAM_CANNOT_PIPE", "Cannot pipe, not readable")); }
}
addMethods(Writable);

export class Duplex extends Readable {
  constructor(options = {}) {
    super(options);
    writableState(this, options);
  }
}
addMethods(Duplex);

export class Transform extends Duplex {
  constructor(options = {}) {
    super(options);
    if (options.transform) this._transform = options.transform;
    if (options.flush) this._flush = options.flush;
  }
  _read() {}
  _transform(chunk, encoding, done) { done(error("ERR_METHOD_NOT_IMPLEMENTED", "The _transform() method is not implemented")); }
  _flush(done) { done(); }
  _write(chunk, encoding, done) {
    this._transform(chunk, encoding, (e, value) => {
      if (!e && value !== undefined && value !== null) this.push(value);
      done(e);
    });
  }
  _final(done) {
    this._flush((e, value) => {
      if (!e && value !== undefined && value !== null) this.push(value);
      if (!e) this.push(null);
      done(e);
    });
  }
}

export class PassThrough extends Transform {
  _transform(chunk, encoding, done) { done(null, chunk); }
}

export function finished(stream, options, done) {
  if (typeof options === "function") done = options;
  let told = false;
  const tell = (e) => { if (!told) { told = true; done(e); } };
  stream.on("error", tell).on("finish", () => { if (!stream._r || stream._r.emitted) tell(); }).on("end", () => { if (!stream._w || stream._w.finished) tell(); });
  stream.on("close", () => tell(stream.errored ?? undefined));
  return () => { told = true; };
}

export function pipeline(...streams) {
  const done = typeof streams.at(-1) === "function" && streams.length > 1 ? streams.pop() : () => {};
  streams = streams.flat();
  let last = streams[0];
  if (typeof last === "function") last = last();
  if (!(last instanceof Stream)) last = Readable.from(last);
  const all = [last];
  for (const s of streams.slice(1)) {
    if (typeof s === "function") {
      const made = s(last);
      if (typeof made?.then === "function") { made.then((v) => done(null, v), done); return last; }
      last = Readable.from(made);
    } else last = last.pipe(s);
    all.push(last);
  }
  let told = false;
  for (const s of all) {
    s.on("error", (e) => {
      if (told) return;
      told = true;
      for (const other of all) other.destroy?.();
      done(e);
    });
  }
  const tell = () => { if (!told) { told = true; done(null); } };
  if (last._w || !last._r) last.on("finish", tell);
  else last.on("end", tell).resume();
  return last;
}

export const promises = {
  pipeline: (...streams) => new Promise((resolve, reject) => pipeline(...streams, (e, v) => e ? reject(e) : resolve(v))),
  finished: (stream, options) => new Promise((resolve, reject) => finished(stream, options ?? {}, (e) => e ? reject(e) : resolve())),
};

// The module itself is the old base class.
export default Object.assign(Stream, { Stream, Readable, Writable, Duplex, Transform, PassThrough, finished, pipeline, promises, isReadable: (s) => s?.readable, addAbortSignal: (signal, s) => { signal.addEventListener("abort", () => s.destroy(signal.reason)); return s; } });
