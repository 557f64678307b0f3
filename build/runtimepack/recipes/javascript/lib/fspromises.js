// node:fs/promises
import { Buffer } from "wpk:buffer";
import * as fs from "wpk:fs";

const promised = (f) => async (...args) => f(...args instanceof Array ? args.map(unwrap) : args);
const unwrap = (v) => v instanceof FileHandle ? v.fd : v;

export class FileHandle {
  constructor(fd) { this.fd = fd; }
  async read(buffer, ...rest) {
    if (!ArrayBuffer.isView(buffer)) [buffer, rest] = [buffer?.buffer ?? Buffer.alloc(16384), [buffer ?? {}]];
    return { bytesRead: fs.readSync(this.fd, buffer, ...rest), buffer };
  }
  async write(data, ...rest) { return { bytesWritten: fs.writeSync(this.fd, data, ...rest), buffer: data }; }
  async readFile(options) { return fs.readFileSync(this.fd, options); }
  async writeFile(data, options) { fs.writeFileSync(this.fd, data, options); }
  async appendFile(data, options) { fs.writeFileSync(this.fd, data, options); }
  async stat() { return fs.fstatSync(this.fd); }
  async truncate(length) { fs.ftruncateSync(this.fd, length); }
  async sync() { fs.fsyncSync(this.fd); }
  async datasync() { fs.fsyncSync(this.fd); }
  async *readLines() { yield* (await this.readFile("utf8")).replace(/\r?\n$/, "").split(/\r?\n/); }
  async close() {
    if (this.fd >= 0) fs.closeSync(this.fd);
    this.fd = -1;
  }
  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() { await this.close(); }
}

const promises = { constants: fs.constants, FileHandle };
for (const [name, f] of Object.entries(fs.synchronous)) {
  if (!/^(f[a-z]*(stat|sync|truncate)|close)$/.test(name) || name === "fsync") promises[name] = promised(f);
}
promises.open = async (path, flags) => new FileHandle(fs.openSync(path, flags));
promises.opendir = async (path) => (async function* () { yield* fs.readdirSync(path, { withFileTypes: true }); })();
export default promises;
