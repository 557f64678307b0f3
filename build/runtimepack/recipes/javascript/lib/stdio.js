// process.stdin, process.stdout and process.stderr
import * as native from "wpk:native";
import { Buffer } from "wpk:buffer";
import { bytesOf } from "wpk:encoding";
import { check } from "wpk:errors";
import { addReader, removeReader } from "wpk:loop";
import { Readable, Writable } from "wpk:stream";

// Out writes at once: nothing is lost when the program ends.
class Out extends Writable {
  constructor(fd) {
    super({ decodeStrings: false });
    this.fd = fd;
    this._type = native.isatty(fd) ? "tty" : "pipe";
  }
  get isTTY() { return native.isatty(this.fd) || undefined; }
  get columns() { return this.isTTY && (Number(process.env.COLUMNS) || 80); }
  get rows() { return this.isTTY && (Number(process.env.LINES) || 24); }
  hasColors(n = 16) { return Boolean(this.isTTY) && n <= 2 ** this.getColorDepth(); }
  getColorDepth() { return this.isTTY && !process.env.NO_COLOR ? 8 : 1; }
  getWindowSize() { return [this.columns, this.rows]; }
  cursorTo() { return true; }
  clearLine() { return true; }
  _write(chunk, encoding, done) {
    if (typeof chunk === "string" && /^(utf-?8|)$/i.test(encoding ?? "")) {
      check(native.print(this.fd, chunk), "write");
      return done();
    }
    const bytes = bytesOf(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk);
    for (let n = 0; n < bytes.length;) n += check(native.write(this.fd, bytes.buffer, bytes.byteOffset + n, bytes.length - n, -1), "write");
    done();
  }
  // Writing while another write is under way happens in callbacks only: the order is that of the calls.
  write(chunk, encoding, done) {
    if (typeof encoding === "function") [encoding, done] = [undefined, encoding];
    if (typeof chunk !== "string") bytesOf(chunk);
    this._write(chunk, encoding, () => {});
    if (done) process.nextTick(done);
    return true;
  }
  end(chunk, encoding, done) {
    if (typeof chunk === "function") [chunk, done] = [undefined, chunk];
    if (chunk !== undefined && chunk !== null) this.write(chunk, encoding);
    if (typeof done === "function") process.nextTick(done);
    process.nextTick(() => this.emit("finish"));
    return this; // the standard streams stay open
  }
}

class In extends Readable {
  constructor() {
    super({});
    this.fd = 0;
  }
  get isTTY() { return native.isatty(0) || undefined; }
  setRawMode() { return this; }
  #read;
  _read() {
    if (this.#read) return;
    this.#read = () => {
      removeReader(this.#read);
      this.#read = undefined;
      const bytes = new Uint8Array(65536);
      const n = native.read(0, bytes.buffer, 0, bytes.length, -1);
      if (n < 0) this.destroy(errorOf(n));
      else this.push(n === 0 ? null : Buffer.from(bytes.buffer, 0, n));
    };
    addReader(this.#read);
  }
  pause() {
    if (this.#read) removeReader(this.#read);
    this.#read = undefined;
    return super.pause();
  }
  unref() { return this; }
  ref() { return this; }
}

function errorOf(n) {
  try { check(n, "read"); } catch (e) { return e; }
}

export const open = { stdin: () => new In(), stdout: () => new Out(1), stderr: () => new Out(2) };
