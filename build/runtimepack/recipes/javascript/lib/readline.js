// node:readline: lines of an input, questions; without editing, history or keys.
import { mustBeFunction } from "wpk:errors";
import { EventEmitter } from "wpk:events";
import { StringDecoder } from "wpk:string_decoder";

export class Interface extends EventEmitter {
  #decoder = new StringDecoder("utf8");
  #rest = "";
  #prompt; #asked = []; #lines = []; #ended = false;
  closed = false;
  constructor(options, output) {
    super();
    if (typeof options.on === "function") options = { input: options, output };
    this.input = options.input;
    this.output = options.output;
    this.terminal = false;
    this.#prompt = options.prompt ?? "> ";
    this.input.on("data", (chunk) => this.#take(this.#decoder.write(chunk)));
    this.input.on("end", () => {
      if (this.#rest !== "") this.#line(this.#rest.replace(/\r$/, ""));
      this.#rest = "";
      this.#ended = true;
      this.close();
    });
    options.signal?.addEventListener("abort", () => this.close());
  }
  #take(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    for (const l of lines) this.#line(l.replace(/\r$/, ""));
  }
  #line(text) {
    const answer = this.#asked.shift();
    if (answer) answer(text);
    else if (this.listenerCount("line") > 0) this.emit("line", text);
    else this.#lines.push(text); // asked for later, or iterated over
  }
  setPrompt(text) { this.#prompt = text; }
  getPrompt() { return this.#prompt; }
  prompt() { this.output?.write(this.#prompt); }
  write(text) { if (typeof text === "string") this.#take(text); }
  question(query, options, done) {
    if (typeof options === "function") done = options;
    mustBeFunction("cb", done);
    this.output?.write(query);
    if (this.#lines.length > 0) done(this.#lines.shift());
    else { this.#asked.push(done); this.input.resume(); }
  }
  pause() { this.input.pause(); this.emit("pause"); return this; }
  resume() { this.input.resume(); this.emit("resume"); return this; }
  close() {
    if (this.closed) return;
    this.closed = true;
    if (!this.#ended) this.input.pause();
    this.emit("close");
  }
  async *[Symbol.asyncIterator]() {
    let wake = () => {};
    const arrived = (text) => { this.#lines.push(text); wake(); };
    this.on("line", arrived).once("close", () => wake());
    try {
      for (;;) {
        while (this.#lines.length > 0) yield this.#lines.shift();
        if (this.closed) return;
        await new Promise((resolve) => { wake = resolve; });
      }
    } finally {
      this.off("line", arrived);
      this.close();
    }
  }
}

export const createInterface = (...args) => new Interface(...args);
const done = (f) => { f?.(); return true; };
export const clearLine = (stream, dir, f) => done(f);
export const clearScreenDown = (stream, f) => done(f);
export const cursorTo = (stream, x, y, f) => done(typeof y === "function" ? y : f);
export const moveCursor = (stream, x, y, f) => done(f);
export const emitKeypressEvents = () => {};

class PromisesInterface extends Interface {
  question(query, options) { return new Promise((resolve) => super.question(query, options ?? {}, resolve)); }
}
export const promises = { Interface: PromisesInterface, createInterface: (...args) => new PromisesInterface(...args) };
export default { Interface, createInterface, clearLine, clearScreenDown, cursorTo, moveCursor, emitKeypressEvents, promises };
