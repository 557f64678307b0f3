// Errors with the codes that Node gives them.

// The errors of WASI by number: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#errno
const names = `SUCCESS 2BIG ACCES ADDRINUSE ADDRNOTAVAIL AFNOSUPPORT AGAIN ALREADY BADF BADMSG BUSY CANCELED CHILD
CONNABORTED CONNREFUSED CONNRESET DEADLK DESTADDRREQ DOM DQUOT EXIST FAULT FBIG HOSTUNREACH IDRM ILSEQ INPROGRESS INTR
INVAL IO ISCONN ISDIR LOOP MFILE MLINK MSGSIZE MULTIHOP NAMETOOLONG NETDOWN NETRESET NETUNREACH NFILE NOBUFS NODEV NOENT
NOEXEC NOLCK NOLINK NOMEM NOMSG NOPROTOOPT NOSPC NOSYS NOTCONN NOTDIR NOTEMPTY NOTRECOVERABLE NOTSOCK NOTSUP NOTTY NXIO
OVERFLOW OWNERDEAD PERM PIPE PROTO PROTONOSUPPORT PROTOTYPE RANGE ROFS SPIPE SRCH STALE TIMEDOUT TXTBSY XDEV NOTCAPABLE`
  .split(/\s+/);

const texts = {
  ACCES: "permission denied", AGAIN: "resource temporarily unavailable", BADF: "bad file descriptor",
  BUSY: "resource busy or locked", EXIST: "file already exists", INVAL: "invalid argument", IO: "i/o error",
  ISDIR: "illegal operation on a directory", LOOP: "too many symbolic links encountered", MFILE: "too many open files",
  NAMETOOLONG: "name too long", NOENT: "no such file or directory", NOSPC: "no space left on device",
  NOSYS: "function not implemented", NOTCAPABLE: "not in a directory that the program was given",
  NOTDIR: "not a directory", NOTEMPTY: "directory not empty", NOTSUP: "operation not supported",
  PERM: "operation not permitted", PIPE: "broken pipe", ROFS: "read-only file system", XDEV: "cross-device link not permitted",
};

// systemError makes the exception for an error number, as Node's fs does.
export function systemError(number, syscall, path, dest) {
  const name = names[number] ?? String(number);
  // Outside of every directory that the host gave there is no such file, as far as a program can tell.
  const code = name === "NOTCAPABLE" ? "ENOENT" : "E" + name;
  let message = `${code}: ${texts[name] ?? name.toLowerCase()}, ${syscall}`;
  if (path !== undefined) message += ` '${path}'`;
  if (dest !== undefined) message += ` -> '${dest}'`;
  const e = new Error(message);
  e.errno = -number;
  e.code = code;
  e.syscall = syscall;
  if (path !== undefined) e.path = path;
  if (dest !== undefined) e.dest = dest;
  return e;
}

// check returns what a native function returned, unless it is the negative number of an error.
export function check(result, syscall, path, dest) {
  if (typeof result === "number" && result < 0) throw systemError(-result, syscall, path, dest);
  return result;
}

function coded(Base, code, message) {
  const e = new Base(message);
  Object.defineProperty(e, "stack", { value: e.stack.replace(/^\w+/, (name) => `${name} [${code}]`), configurable: true, writable: true });
  e.code = code;
  return e;
}

export const typeError = (code, message) => coded(TypeError, code, message);
export const rangeError = (code, message) => coded(RangeError, code, message);
export const error = (code, message) => coded(Error, code, message);

const kindOf = (value) => value === null ? "null" : value === undefined ? "undefined"
  : typeof value === "function" ? `function ${value.name}`
  : typeof value === "object" ? `an instance of ${value.constructor?.name ?? "Object"}`
  : `type ${typeof value} (${String(value)})`;

// wrongType is what Node throws for an argument of another type than wanted.
export const wrongType = (name, wanted, value) =>
  typeError("ERR_INVALID_ARG_TYPE", `The "${name}" argument must be ${wanted}. Received ${kindOf(value)}`);

export const wrongValue = (name, value, reason = "is invalid") =>
  typeError("ERR_INVALID_ARG_VALUE", `The argument '${name}' ${reason}. Received ${JSON.stringify(value)}`);

export function mustBeFunction(name, value) {
  if (typeof value !== "function") throw wrongType(name, "of type function", value);
  return value;
}

// unavailable is thrown by what WebAssembly cannot do.
export const unavailable = (what) => error("ERR_FEATURE_UNAVAILABLE_ON_PLATFORM", `${what} is not available in WebAssembly`);

export class DOMException extends Error {
  #name;
  constructor(message = "", name = "Error") {
    super(message);
    this.#name = typeof name === "string" ? name : name?.name ?? "Error";
  }
  get name() { return this.#name; }
  get code() { return { DataCloneError: 25, AbortError: 20, TimeoutError: 23, InvalidCharacterError: 5, QuotaExceededError: 22 }[this.#name] ?? 0; }
}
