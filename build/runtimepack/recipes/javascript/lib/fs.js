// node:fs: the synchronous functions. Those with callbacks and those with promises are made of them.
import * as native from "wpk:native";
import { Buffer, normalize } from "wpk:buffer";
import { bytesOf } from "wpk:encoding";
import { check, error, mustBeFunction, systemError, wrongType } from "wpk:errors";
import { nextTick } from "wpk:loop";

export const constants = {
  F_OK: 0, X_OK: 1, W_OK: 2, R_OK: 4, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 0o100, O_EXCL: 0o200, O_TRUNC: 0o1000,
  O_APPEND: 0o2000, O_DIRECTORY: 0o200000, S_IFMT: 0o170000, S_IFREG: 0o100000, S_IFDIR: 0o040000, S_IFLNK: 0o120000,
  S_IFCHR: 0o020000, COPYFILE_EXCL: 1, COPYFILE_FICLONE: 2, COPYFILE_FICLONE_FORCE: 4,
};
const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = constants;

const modes = {
  r: O_RDONLY, rs: O_RDONLY, "r+": O_RDWR, "rs+": O_RDWR, w: O_WRONLY | O_CREAT | O_TRUNC, "w+": O_RDWR | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_TRUNC | O_EXCL, "wx+": O_RDWR | O_CREAT | O_TRUNC | O_EXCL, a: O_WRONLY | O_CREAT | O_APPEND,
  "a+": O_RDWR | O_CREAT | O_APPEND, ax: O_WRONLY | O_CREAT | O_APPEND | O_EXCL, as: O_WRONLY | O_CREAT | O_APPEND,
};

function flagsOf(flags) {
  const f = typeof flags === "number" ? flags : modes[flags];
  if (f === undefined) throw wrongType("flags", "one of 'r', 'r+', 'w', 'wx', 'a', …", flags);
  return f;
}

// pathOf takes what Node takes for a path: text, bytes or a file: URL.
export function pathOf(path, name = "path") {
  let p = path;
  if (p instanceof Uint8Array) p = Buffer.from(p).toString();
  else if (p instanceof URL) {
    if (p.protocol !== "file:") throw error("ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
    p = decodeURIComponent(p.pathname);
  }
  if (typeof p !== "string") throw wrongType(name, "of type string or an instance of Buffer or URL", path);
  if (p.includes("\0")) throw error("ERR_INVALID_ARG_VALUE", `The argument '${name}' must be a string without null bytes`);
  return process.cwd() === "/" || p.startsWith("/") ? p : `${process.cwd()}/${p}`;
}

function optionsOf(options) {
  const o = typeof options === "string" ? { encoding: options } : options ?? {};
  if (o.encoding && o.encoding !== "buffer" && !normalize(o.encoding)) throw error("ERR_INVALID_ARG_VALUE", `The argument 'encoding' is invalid encoding. Received '${o.encoding}'`);
  return o;
}

const REG = 4, DIR = 3, LNK = 7, CHR = 2;

class Kind {
  constructor(kind) { Object.defineProperty(this, "kind", { value: kind }); }
  isFile() { return this.kind === REG; }
  isDirectory() { return this.kind === DIR; }
  isSymbolicLink() { return this.kind === LNK; }
  isCharacterDevice() { return this.kind === CHR; }
  isBlockDevice() { return false; }
  isFIFO() { return false; }
  isSocket() { return false; }
}

export class Stats extends Kind {
  constructor([size, kind, ino, dev, nlink, atimeMs, mtimeMs, ctimeMs]) {
    super(kind);
    const type = { [REG]: 0o100644, [DIR]: 0o040755, [LNK]: 0o120777, [CHR]: 0o020666 }[kind] ?? 0;
    Object.assign(this, { dev, mode: type, nlink, uid: 0, gid: 0, rdev: 0, blksize: 4096, ino, size, blocks: Math.ceil(size / 512), atimeMs, mtimeMs, ctimeMs, birthtimeMs: ctimeMs });
  }
  get atime() { return new Date(this.atimeMs); }
  get mtime() { return new Date(this.mtimeMs); }
  get ctime() { return new Date(this.ctimeMs); }
  get birthtime() { return new Date(this.birthtimeMs); }
}

export class Dirent extends Kind {
  constructor(name, kind, parentPath) {
    super(kind);
    Object.assign(this, { name, parentPath, path: parentPath });
  }
}

export function openSync(path, flags = "r") { return check(native.open(pathOf(path), flagsOf(flags)), "open", path); }
export function closeSync(fd) { check(native.close(fd), "close"); }

// Positions: Node's read(fd, buffer, offset, length, position), or an object instead of the last three.
function rangeOf(view, offset, length, position) {
  if (typeof offset === "object" && offset !== null) ({ offset, length, position } = offset);
  const bytes = bytesOf(view);
  offset ??= 0;
  return [bytes.buffer, bytes.byteOffset + offset, length ?? bytes.byteLength - offset, position === undefined || position === null ? -1 : Number(position)];
}

export function readSync(fd, buffer, offset, length, position) {
  return check(native.read(fd, ...rangeOf(buffer, offset, length, position)), "read");
}

export function writeSync(fd, data, offset, length, position) {
  if (typeof data === "string") return writeSync(fd, Buffer.from(data, length), 0, undefined, offset);
  const [buffer, start, size, at] = rangeOf(data, offset, length, position);
  let done = 0;
  while (done < size) done += check(native.write(fd, buffer, start + done, size - done, at < 0 ? -1 : at + done), "write");
  return done;
}

function withFile(file, flags, f) {
  if (typeof file === "number") return f(file);
  const fd = openSync(file, flags);
  try {
    return f(fd);
  } finally {
    native.close(fd);
  }
}

export function readFileSync(file, options) {
  const { encoding, flag = "r" } = optionsOf(options);
  if (typeof file !== "number") {
    const s = native.stat(pathOf(file), true);
    if (s[1] === DIR) throw systemError(31, "read");
  }
  const bytes = withFile(file, flag, readAll);
  return encoding && encoding !== "buffer" ? bytes.toString(encoding) : bytes;
}

function readAll(fd) {
  const s = native.fstat(fd);
  let bytes = new Uint8Array(Math.max(typeof s === "object" ? s[0] + 1 : 0, 8192)), n = 0;
  for (;;) {
    if (n === bytes.length) {
      const more = new Uint8Array(n * 2);
      more.set(bytes);
      bytes = more;
    }
    const got = native.read(fd, bytes.buffer, n, bytes.length - n, -1);
    if (got === 0) return Buffer.from(bytes.buffer, 0, n);
    n += check(got, "read");
  }
}

export function writeFileSync(file, data, options) {
  const { encoding, flag = "w" } = optionsOf(options);
  withFile(file, flag, (fd) => writeSync(fd, typeof data === "string" ? Buffer.from(data, encoding) : bytesOf(data)));
}

export function appendFileSync(file, data, options) { writeFileSync(file, data, { flag: "a", ...optionsOf(options) }); }

function stat(path, options, follow, syscall) {
  const s = native.stat(pathOf(path), follow);
  if (typeof s !== "number") return new Stats(s);
  if (options?.throwIfNoEntry === false && [44, 54, 76].includes(-s)) return undefined;
  throw systemError(-s, syscall, path);
}
export const statSync = (path, options) => stat(path, options, true, "stat");
export const lstatSync = (path, options) => stat(path, options, false, "lstat");
export const fstatSync = (fd) => new Stats(check(native.fstat(fd), "fstat"));

export function existsSync(path) {
  try {
    return typeof native.stat(pathOf(path), true) !== "number";
  } catch {
    return false;
  }
}
export function accessSync(path) { check(native.stat(pathOf(path), true), "access", path); }

export function readdirSync(path, options) {
  const { withFileTypes, recursive, encoding } = optionsOf(options);
  const out = [];
  const walk = (dir, below) => {
    const flat = check(native.readdir(pathOf(dir)), "scandir", path);
    const entries = [];
    for (let i = 0; i < flat.length; i += 2) {
      let kind = flat[i + 1];
      if (kind === 0) kind = native.stat(pathOf(`${dir}/${flat[i]}`), false)[1];
      entries.push([flat[i], kind]);
    }
    entries.sort(([a], [b]) => (a < b ? -1 : 1)); // engines list in any order
    for (const [name, kind] of entries) {
      out.push(withFileTypes ? new Dirent(name, kind, dir) : encoding === "buffer" ? Buffer.from(below + name) : below + name);
      if (recursive && kind === DIR) walk(`${dir}/${name}`, `${below}${name}/`);
    }
  };
  walk(`${path instanceof URL || path instanceof Uint8Array ? pathOf(path) : path}`, "");
  return out;
}

export function mkdirSync(path, options) {
  const p = pathOf(path);
  if (!(options?.recursive ?? false)) return void check(native.mkdir(p), "mkdir", path);
  let first;
  const parts = p.split("/");
  for (let i = 1; i <= parts.length; i++) {
    const dir = parts.slice(0, i).join("/");
    if (dir === "" || dir === ".") continue;
    const s = native.stat(dir, true);
    if (typeof s === "object" && s[1] === DIR) continue;
    const r = native.mkdir(dir);
    // A folder above the ones that the host gave cannot be seen.
    if (r < 0 && (i === parts.length || ![63, 76, 2, 44].includes(-r))) throw systemError(-r, "mkdir", path);
    if (r === 0) first ??= dir;
  }
  return first;
}

export function mkdtempSync(prefix, options) {
  for (let i = 0; ; i++) {
    const path = prefix + Array.from({ length: 6 }, () => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[Math.floor(Math.random() * 62)]).join("");
    const r = native.mkdir(pathOf(path));
    if (r === 0) return path;
    if (-r !== 20 || i === 100) throw systemError(-r, "mkdtemp", `${prefix}XXXXXX`);
  }
}

export function rmdirSync(path, options) {
  if (options?.recursive) return rmSync(path, options);
  check(native.rmdir(pathOf(path)), "rmdir", path);
}
export function unlinkSync(path) { check(native.unlink(pathOf(path)), "unlink", path); }

export function rmSync(path, { recursive = false, force = false } = {}) {
  const s = lstatSync(path, { throwIfNoEntry: !force });
  if (!s) return;
  if (!s.isDirectory()) return unlinkSync(path);
  if (!recursive) throw error("ERR_FS_EISDIR", `Path is a directory: rm returned EISDIR (is a directory) ${path}`);
  for (const name of readdirSync(path)) rmSync(`${path}/${name}`, { recursive, force });
  rmdirSync(path);
}

export function renameSync(from, to) { check(native.rename(pathOf(from), pathOf(to)), "rename", from, to); }
export function linkSync(from, to) { check(native.link(pathOf(from), pathOf(to)), "link", from, to); }
export function symlinkSync(target, path) { check(native.symlink(`${target}`, pathOf(path)), "symlink", target, path); }
export const readlinkSync = (path) => check(native.readlink(pathOf(path)), "readlink", path);

export function realpathSync(path) {
  let parts = `${pathOf(path)}`.split("/");
  let real = parts[0] === "" ? "/" : process.cwd();
  for (let links = 0; parts.length > 0;) {
    const part = parts.shift();
    if (part === "" || part === ".") continue;
    if (part === "..") { real = real.replace(/\/[^/]*$/, "") || "/"; continue; }
    const next = real === "/" ? `/${part}` : `${real}/${part}`;
    const to = native.readlink(next);
    if (typeof to !== "string") { real = next; continue; }
    if (++links > 40) throw systemError(32, "realpath", path);
    if (to.startsWith("/")) real = "/";
    parts = to.split("/").concat(parts);
  }
  accessSync(path);
  return real;
}
realpathSync.native = realpathSync;

export function copyFileSync(from, to, mode = 0) {
  writeFileSync(to, readFileSync(from), { flag: mode & constants.COPYFILE_EXCL ? "wx" : "w" });
}

export function cpSync(from, to, { recursive = false, force = true, errorOnExist = false, filter = () => true } = {}) {
  if (!filter(from, to)) return;
  if (!statSync(from).isDirectory()) {
    if (existsSync(to) && !force) {
      if (errorOnExist) throw systemError(20, "cp", to);
      return;
    }
    return copyFileSync(from, to);
  }
  if (!recursive) throw error("ERR_FS_EISDIR", `Recursive option not enabled, cannot copy a directory: ${from}`);
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) cpSync(`${from}/${name}`, `${to}/${name}`, { recursive, force, errorOnExist, filter });
}

export function ftruncateSync(fd, length = 0) { check(native.truncate(fd, length), "ftruncate"); }
export function truncateSync(path, length = 0) { withFile(path, "r+", (fd) => ftruncateSync(fd, length)); }
export function fsyncSync(fd) { check(native.sync(fd), "fsync"); }
const time = (t) => t instanceof Date ? t.getTime() : Number(t) * 1000;
export function utimesSync(path, atime, mtime) { check(native.touch(pathOf(path), time(atime), time(mtime)), "utime", path); }
export function chmodSync(path) { accessSync(path); } // WASI has no permissions
export function chownSync(path) { accessSync(path); }

const sync = {
  access: accessSync, appendFile: appendFileSync, chmod: chmodSync, chown: chownSync, close: closeSync, copyFile: copyFileSync,
  cp: cpSync, fdatasync: fsyncSync, fstat: fstatSync, fsync: fsyncSync, ftruncate: ftruncateSync, link: linkSync, lstat: lstatSync,
  mkdir: mkdirSync, mkdtemp: mkdtempSync, open: openSync, readdir: readdirSync, readFile: readFileSync, readlink: readlinkSync,
  realpath: realpathSync, rename: renameSync, rm: rmSync, rmdir: rmdirSync, stat: statSync, symlink: symlinkSync,
  truncate: truncateSync, unlink: unlinkSync, utimes: utimesSync, writeFile: writeFileSync,
};

// callbacks: the function does its work at once, and the callback comes later, as it must.
export const callbacks = {};
for (const [name, f] of Object.entries(sync)) {
  callbacks[name] = (...args) => {
    const done = mustBeFunction("cb", args.pop());
    let result;
    try {
      result = [null, f(...args)];
    } catch (e) {
      if (e.code?.startsWith("ERR_INVALID")) throw e;
      result = [e];
    }
    nextTick(done, ...result);
  };
}
callbacks.exists = (path, done) => nextTick(done, existsSync(path));
callbacks.read = (fd, buffer, ...rest) => {
  const done = rest.pop();
  callbackOf(() => readSync(fd, buffer, ...rest), (e, n) => done(e, n, buffer));
};
callbacks.write = (fd, data, ...rest) => {
  const done = rest.pop();
  callbackOf(() => writeSync(fd, data, ...rest), (e, n) => done(e, n, data));
};
function callbackOf(f, done) {
  let result;
  try { result = [null, f()]; } catch (e) { result = [e]; }
  nextTick(done, ...result);
}

export const synchronous = sync;
export default {
  constants, ...constants, Stats, Dirent, ...callbacks, ...Object.fromEntries(Object.entries(sync).map(([name, f]) => [`${name}Sync`, f])),
  existsSync, readSync, writeSync,
};
