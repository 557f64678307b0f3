// node:buffer
import { decodeLatin1 } from "wpk:native";
import { atob, btoa, bytesOf, fromBase64, toBase64, toBytes, toText, utf16 } from "wpk:encoding";
import { rangeError, typeError, wrongType } from "wpk:errors";
import { custom } from "wpk:inspect";

const encodings = {
  utf8: "utf8", "utf-8": "utf8", hex: "hex", base64: "base64", base64url: "base64url", ascii: "ascii", latin1: "latin1",
  binary: "latin1", ucs2: "utf16le", "ucs-2": "utf16le", utf16le: "utf16le", "utf-16le": "utf16le",
};

// normalize returns an encoding's proper name, undefined for an unknown one.
export const normalize = (encoding) => encodings[`${encoding ?? "utf8"}`.toLowerCase()] ?? (encoding === "" ? "utf8" : undefined);

function known(encoding) {
  const name = normalize(encoding);
  if (!name) throw typeError("ERR_UNKNOWN_ENCODING", `Unknown encoding: ${encoding}`);
  return name;
}

function encodeText(text, encoding) {
  switch (known(encoding)) {
    case "utf8": return toBytes(text);
    case "base64": case "base64url": return fromBase64(text);
    case "hex": {
      const digits = /^(?:[0-9a-fA-F]{2})*/.exec(text)[0];
      const bytes = new Uint8Array(digits.length / 2);
      for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
      return bytes;
    }
    case "utf16le": {
      const bytes = new Uint8Array(text.length * 2);
      for (let i = 0; i < text.length; i++) {
        bytes[2 * i] = text.charCodeAt(i);
        bytes[2 * i + 1] = text.charCodeAt(i) >> 8;
      }
      return bytes;
    }
    default: return new Uint8Array(text.length).map((_, i) => text.charCodeAt(i));
  }
}

function decodeBytes(bytes, encoding) {
  switch (known(encoding)) {
    case "utf8": return toText(bytes);
    case "base64": return toBase64(bytes);
    case "base64url": return toBase64(bytes, true);
    case "hex": return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
    case "utf16le": return utf16(bytes);
    case "ascii": bytes = bytes.map((b) => b & 0x7f); // falls through
    default: return decodeLatin1(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

const adopt = (bytes) => Object.setPrototypeOf(bytes, Buffer.prototype);

function mustBeSize(size) {
  if (typeof size !== "number") throw wrongType("size", "of type number", size);
  if (!(size >= 0 && size <= 0x7fffffff)) throw rangeError("ERR_OUT_OF_RANGE", `The value of "size" is out of range. Received ${size}`);
}

export class Buffer extends Uint8Array {
  static poolSize = 8192;

  static from(value, encodingOrOffset, length) {
    if (typeof value === "string") return adopt(encodeText(value, encodingOrOffset));
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return adopt(new Uint8Array(value, encodingOrOffset, length));
    if (ArrayBuffer.isView(value)) return adopt(new Uint8Array(value));
    if (typeof value === "object" && value !== null) {
      if (value.type === "Buffer" && Array.isArray(value.data)) return adopt(new Uint8Array(value.data));
      if (typeof value.length === "number" || Symbol.iterator in value) return adopt(Uint8Array.from(value));
      const inner = value.valueOf?.();
      if (inner !== undefined && inner !== null && inner !== value) return Buffer.from(inner, encodingOrOffset, length);
      if (typeof value[Symbol.toPrimitive] === "function") return Buffer.from(value[Symbol.toPrimitive]("string"), encodingOrOffset);
    }
    throw wrongType("first", "of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object", value);
  }
  static of(...bytes) { return adopt(Uint8Array.from(bytes)); }
  static alloc(size, fill, encoding) {
    mustBeSize(size);
    const b = adopt(new Uint8Array(size));
    return fill === undefined || fill === 0 ? b : b.fill(fill, encoding);
  }
  static allocUnsafe(size) { return Buffer.alloc(size); }
  static allocUnsafeSlow(size) { return Buffer.alloc(size); }
  static isBuffer(value) { return value instanceof Buffer; }
  static isEncoding(encoding) { return typeof encoding === "string" && encoding !== "" && normalize(encoding) !== undefined; }
  static byteLength(value, encoding) { return typeof value === "string" ? encodeText(value, encoding).length : bytesOf(value).length; }
  static compare(a, b) {
    const n = Math.min(a.length, b.length);
    for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    return Math.sign(a.length - b.length);
  }
  static concat(list, total = list.reduce((n, b) => n + b.length, 0)) {
    const all = Buffer.alloc(total);
    let at = 0;
    for (const b of list) {
      if (at >= total) break;
      all.set(b.length > total - at ? b.subarray(0, total - at) : b, at);
      at += b.length;
    }
    return all;
  }

  get parent() { return this.buffer; }
  get offset() { return this.byteOffset; }
  toString(encoding, start = 0, end = this.length) {
    start = Math.max(0, Math.trunc(start) || 0);
    end = Math.min(this.length, Math.trunc(end) || 0);
    return end <= start ? "" : decodeBytes(new Uint8Array(this.buffer, this.byteOffset + start, end - start), encoding);
  }
  toLocaleString(encoding, start, end) { return this.toString(encoding, start, end); }
  toJSON() { return { type: "Buffer", data: Array.from(this) }; }
  equals(other) { return this === other || Buffer.compare(this, bytesOf(other)) === 0; }
  compare(target, targetStart = 0, targetEnd = target.length, start = 0, end = this.length) {
    return Buffer.compare(this.subarray(start, end), target.subarray(targetStart, targetEnd));
  }
  subarray(start, end) { return adopt(super.subarray(start, end)); }
  slice(start, end) { return this.subarray(start, end); }
  copy(target, targetStart = 0, start = 0, end = this.length) {
    const part = this.subarray(start, Math.min(end, start + target.length - targetStart));
    target.set(part, targetStart);
    return part.length;
  }
  write(text, offset, length, encoding) {
    if (typeof offset === "string") [encoding, offset, length] = [offset, 0, undefined];
    else if (typeof length === "string") [encoding, length] = [length, undefined];
    offset ??= 0;
    let bytes = encodeText(text, encoding);
    const room = Math.min(length ?? Infinity, this.length - offset);
    if (bytes.length > room) {
      let end = room;
      if (known(encoding) === "utf8") while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--; // whole characters only
      bytes = bytes.subarray(0, end);
    }
    this.set(bytes, offset);
    return bytes.length;
  }
  fill(value, start, end, encoding) {
    if (typeof start === "string") [encoding, start, end] = [start, 0, undefined];
    else if (typeof end === "string") [encoding, end] = [end, undefined];
    if (typeof value === "number" || typeof value === "boolean") return super.fill(Number(value) & 255, start, end);
    const bytes = typeof value === "string" ? encodeText(value, encoding) : bytesOf(value);
    if (bytes.length === 0) return super.fill(0, start, end);
    for (let i = start ?? 0, last = end ?? this.length, k = 0; i < last; i++, k++) this[i] = bytes[k % bytes.length];
    return this;
  }
  indexOf(value, from, encoding) { return find(this, value, from, encoding, 1); }
  lastIndexOf(value, from, encoding) { return find(this, value, from, encoding, -1); }
  includes(value, from, encoding) { return this.indexOf(value, from, encoding) >= 0; }
  swap16() { return swap(this, 2); }
  swap32() { return swap(this, 4); }
  swap64() { return swap(this, 8); }
  [custom](depth, options) {
    const hex = Array.from(this.subarray(0, 50), (b) => b.toString(16).padStart(2, "0")).join(" ");
    const rest = this.length - 50;
    return `<${this.constructor.name}${hex ? " " + hex : ""}${rest > 0 ? ` ... ${rest} more byte${rest > 1 ? "s" : ""}` : ""}>`;
  }
}

function find(buffer, value, from, encoding, step) {
  if (typeof from === "string") [encoding, from] = [from, undefined];
  if (typeof value === "number") return step > 0 ? Uint8Array.prototype.indexOf.call(buffer, value & 255, from) : Uint8Array.prototype.lastIndexOf.call(buffer, value & 255, from ?? buffer.length - 1);
  const bytes = typeof value === "string" ? encodeText(value, encoding) : bytesOf(value);
  let i = Math.trunc(from ?? (step > 0 ? 0 : buffer.length)) || 0;
  if (i < 0) i += buffer.length;
  i = Math.min(Math.max(i, step > 0 ? 0 : -1), buffer.length - (step > 0 ? 0 : bytes.length));
  outer: for (; i >= 0 && i + bytes.length <= buffer.length; i += step) {
    for (let k = 0; k < bytes.length; k++) if (buffer[i + k] !== bytes[k]) continue outer;
    return i;
  }
  return -1;
}

function swap(buffer, size) {
  if (buffer.length % size) throw rangeError("ERR_INVALID_BUFFER_SIZE", `Buffer size must be a multiple of ${size * 8}-bits`);
  for (let i = 0; i < buffer.length; i += size) Uint8Array.prototype.reverse.call(buffer.subarray(i, i + size));
  return buffer;
}

// The methods that read and write numbers: readUInt16LE and so on.
function addNumber(name, size, get, set, alias) {
  for (const order of size > 1 ? ["LE", "BE"] : [""]) {
    const little = order === "LE";
    const view = (b, at) => {
      if (!Number.isInteger(at)) throw at === undefined || typeof at === "number" ? rangeError("ERR_OUT_OF_RANGE", `The value of "offset" is out of range. It must be an integer. Received ${at}`) : wrongType("offset", "of type number", at);
      if (at < 0 || at + size > b.length) throw rangeError("ERR_OUT_OF_RANGE", `The value of "offset" is out of range. It must be >= 0 and <= ${b.length - size}. Received ${at}`);
      return new DataView(b.buffer, b.byteOffset, b.length);
    };
    const read = function (at = 0) { return view(this, at)[get](at, little); };
    const write = function (value, at = 0) { view(this, at)[set](at, value, little); return at + size; };
    for (const n of alias ? [name, alias] : [name]) {
      Object.defineProperty(Buffer.prototype, `read${n}${order}`, { value: read, writable: true, configurable: true });
      Object.defineProperty(Buffer.prototype, `write${n}${order}`, { value: write, writable: true, configurable: true });
    }
  }
}
addNumber("UInt8", 1, "getUint8", "setUint8", "Uint8");
addNumber("Int8", 1, "getInt8", "setInt8");
addNumber("UInt16", 2, "getUint16", "setUint16", "Uint16");
addNumber("Int16", 2, "getInt16", "setInt16");
addNumber("UInt32", 4, "getUint32", "setUint32", "Uint32");
addNumber("Int32", 4, "getInt32", "setInt32");
addNumber("BigUInt64", 8, "getBigUint64", "setBigUint64", "BigUint64");
addNumber("BigInt64", 8, "getBigInt64", "setBigInt64");
addNumber("Float", 4, "getFloat32", "setFloat32");
addNumber("Double", 8, "getFloat64", "setFloat64");

// The ones of a given number of bytes, up to six: readUIntBE(offset, 3).
for (const order of ["LE", "BE"]) {
  const at = (i, size) => order === "LE" ? i : size - 1 - i;
  const read = (signed) => function (offset, size) {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this[offset + at(i, size)];
    return signed && value >= 2 ** (8 * size - 1) ? value - 2 ** (8 * size) : value;
  };
  const write = function (value, offset, size) {
    for (let i = 0; i < size; i++, value = Math.floor(value / 256)) this[offset + at(i, size)] = value & 255;
    return offset + size;
  };
  for (const [n, f] of [[`readUInt${order}`, read(false)], [`readUint${order}`, read(false)], [`readInt${order}`, read(true)], [`writeUInt${order}`, write], [`writeUint${order}`, write], [`writeInt${order}`, write]]) {
    Object.defineProperty(Buffer.prototype, n, { value: f, writable: true, configurable: true });
  }
}

// Old code calls Buffer without new.
const callable = new Proxy(Buffer, {
  apply: (_, self, [value, ...rest]) => typeof value === "number" ? Buffer.alloc(value) : Buffer.from(value, ...rest),
  construct: (target, [value, ...rest], made) => made === callable ? (typeof value === "number" ? Buffer.alloc(value) : Buffer.from(value, ...rest)) : Reflect.construct(target, [value, ...rest], made),
});
Buffer.prototype.constructor = callable;

export const constants = { MAX_LENGTH: 0x7fffffff, MAX_STRING_LENGTH: 0x3fffffff };
export const kMaxLength = constants.MAX_LENGTH;
export const isUtf8 = (bytes) => { try { new TextDecoder("utf-8", { fatal: true }).decode(bytes); return true; } catch { return false; } };
export const isAscii = (bytes) => bytesOf(bytes).every((b) => b < 128);
export default { Buffer: callable, SlowBuffer: callable, constants, kMaxLength, kStringMaxLength: constants.MAX_STRING_LENGTH, atob, btoa, isUtf8, isAscii, INSPECT_MAX_BYTES: 50 };
export { callable };
