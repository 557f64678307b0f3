// TextEncoder, TextDecoder, atob and btoa: https://encoding.spec.whatwg.org
import { decode, decodeLatin1, encode } from "wpk:native";
import { DOMException, rangeError, typeError } from "wpk:errors";

// bytesOf returns a view of whatever holds bytes.
export function bytesOf(source) {
  if (source instanceof Uint8Array) return source;
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (source instanceof ArrayBuffer || source instanceof SharedArrayBuffer) return new Uint8Array(source);
  throw typeError("ERR_INVALID_ARG_TYPE", "The argument must be an ArrayBuffer, a Buffer, TypedArray or DataView");
}

export const toText = (bytes) => decode(bytes.buffer, bytes.byteOffset, bytes.byteLength, false);
export const toBytes = (text) => new Uint8Array(encode(text));

export class TextEncoder {
  get encoding() { return "utf-8"; }
  encode(text = "") { return toBytes(`${text}`); }
  encodeInto(text, target) {
    let read = 0, written = 0;
    for (const c of `${text}`) {
      const bytes = toBytes(c);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += c.length;
    }
    return { read, written };
  }
  get [Symbol.toStringTag]() { return "TextEncoder"; }
}

const labels = {
  "utf-8": "utf-8", utf8: "utf-8", "unicode-1-1-utf-8": "utf-8", "utf-16le": "utf-16le", "utf-16": "utf-16le", "ucs-2": "utf-16le",
  latin1: "windows-1252", "iso-8859-1": "windows-1252", ascii: "windows-1252", "us-ascii": "windows-1252", "windows-1252": "windows-1252",
};

export class TextDecoder {
  #encoding; #fatal; #ignoreBOM; #rest = new Uint8Array(0); #begun = false;
  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    this.#encoding = labels[`${label}`.trim().toLowerCase()];
    if (!this.#encoding) throw rangeError("ERR_ENCODING_NOT_SUPPORTED", `The "${label}" encoding is not supported`);
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
  }
  get encoding() { return this.#encoding; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#ignoreBOM; }
  decode(source = new Uint8Array(0), { stream = false } = {}) {
    let bytes = bytesOf(source);
    if (this.#rest.length > 0) {
      const all = new Uint8Array(this.#rest.length + bytes.length);
      all.set(this.#rest);
      all.set(bytes, this.#rest.length);
      bytes = all;
    }
    const keep = stream ? unfinished(bytes, this.#encoding) : 0;
    this.#rest = bytes.slice(bytes.length - keep);
    bytes = bytes.subarray(0, bytes.length - keep);
    let text = this.#encoding === "utf-8" ? decode(bytes.buffer, bytes.byteOffset, bytes.length, this.#fatal)
      : this.#encoding === "utf-16le" ? utf16(bytes) : decodeLatin1(bytes.buffer, bytes.byteOffset, bytes.length);
    if (text === undefined) throw typeError("ERR_ENCODING_INVALID_ENCODED_DATA", `The encoded data was not valid for encoding ${this.#encoding}`);
    if (!this.#ignoreBOM && !this.#begun && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    this.#begun = stream && (this.#begun || text !== "");
    return text;
  }
  get [Symbol.toStringTag]() { return "TextDecoder"; }
}

export function utf16(bytes) {
  let text = "";
  for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(bytes[i] | bytes[i + 1] << 8);
  return text;
}

// unfinished returns how many bytes at the end belong to a character that is not complete.
export function unfinished(bytes, encoding) {
  if (encoding === "utf-16le") return bytes.length % 2;
  if (encoding !== "utf-8") return 0;
  for (let n = 1; n <= Math.min(3, bytes.length); n++) {
    const c = bytes[bytes.length - n];
    if (c < 0x80) return 0;
    if (c >= 0xc0) return (c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2) > n ? n : 0;
  }
  return 0;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const values = new Uint8Array(128).fill(255);
for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i;
values[45] = 62; // "-" and "_" of base64url
values[95] = 63;

export function toBase64(bytes, url = false) {
  const parts = [];
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const n = bytes[i] << 16 | (bytes[i + 1] ?? 0) << 8 | (bytes[i + 2] ?? 0);
    text += alphabet[n >> 18] + alphabet[n >> 12 & 63] + (i + 1 < bytes.length ? alphabet[n >> 6 & 63] : "=") + (i + 2 < bytes.length ? alphabet[n & 63] : "=");
    if (text.length > 4096) { parts.push(text); text = ""; }
  }
  text = parts.join("") + text;
  return url ? text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "") : text;
}

// fromBase64 is lenient, as Buffer.from is: it passes over what is not of the alphabet, and stops at "=".
export function fromBase64(text) {
  const bytes = new Uint8Array(Math.ceil(text.length * 3 / 4));
  let n = 0, bits = 0, held = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 61) break;
    const v = c < 128 ? values[c] : 255;
    if (v === 255) continue;
    held = held << 6 | v;
    bits += 6;
    if (bits >= 8) bytes[n++] = held >> (bits -= 8) & 255;
  }
  return bytes.subarray(0, n);
}

export function btoa(text) {
  text = `${text}`;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 255) throw new DOMException("Invalid character", "InvalidCharacterError");
    bytes[i] = c;
  }
  return toBase64(bytes);
}

export function atob(text) {
  text = `${text}`.replace(/[\t\n\f\r ]/g, "");
  if (text.length % 4 === 0) text = text.replace(/==?$/, "");
  if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) throw new DOMException("The string to be decoded is not correctly encoded.", "InvalidCharacterError");
  const bytes = fromBase64(text);
  return decodeLatin1(bytes.buffer, bytes.byteOffset, bytes.length);
}
