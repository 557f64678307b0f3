// URL and URLSearchParams: https://url.spec.whatwg.org, with hosts as they are: no punycode, and IPv4 in dotted form.
import { toBytes, toText } from "wpk:encoding";
import { typeError } from "wpk:errors";
import { custom, inspect } from "wpk:inspect";

const special = { "http:": "80", "https:": "443", "ws:": "80", "wss:": "443", "ftp:": "21", "file:": "" };

const escape = (text, keep) => text.replace(keep, (c) => {
  let out = "";
  for (const b of toBytes(c)) out += "%" + b.toString(16).toUpperCase().padStart(2, "0");
  return out;
});
const inFragment = /[\0-\x20"<>`\x7f]|[^\0-\x7f]+/gu;
const inQuery = /[\0-\x20"#<>\x7f]|[^\0-\x7f]+/gu;
const inSpecialQuery = /[\0-\x20"#'<>\x7f]|[^\0-\x7f]+/gu;
const inPath = /[\0-\x20"#<>?`{}^\x7f]|[^\0-\x7f]+/gu;
const inUser = /[\0-\x20"#<>?`{}/:;=@[\\\]^|\x7f]|[^\0-\x7f]+/gu;

function unescapeForm(text) {
  const bytes = [];
  for (const b of toBytes(text.replaceAll("+", " "))) bytes.push(b);
  const out = [];
  for (let i = 0; i < bytes.length; i++) {
    const hex = bytes[i] === 37 ? String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0) : "";
    if (/^[0-9a-fA-F]{2}$/.test(hex)) { out.push(Number.parseInt(hex, 16)); i += 2; } else out.push(bytes[i]);
  }
  return toText(Uint8Array.from(out));
}

const escapeForm = (text) => escape(text, /[^*\-.0-9A-Z_a-z ]+/gu).replace(/%(?=[^0-9A-F])/g, "%25").replaceAll(" ", "+");

export class URLSearchParams {
  #list = [];
  #changed;
  constructor(init = "") {
    if (typeof init === "object" && init !== null) {
      if (typeof init[Symbol.iterator] === "function") {
        for (const pair of init) {
          const [k, v, ...rest] = pair;
          if (v === undefined || rest.length > 0) throw typeError("ERR_INVALID_TUPLE", "Each query pair must be an iterable [name, value] tuple");
          this.append(k, v);
        }
      } else for (const k of Object.keys(init)) this.append(k, init[k]);
    } else this.#parse(`${init}`);
  }
  #parse(text) {
    this.#list = text.replace(/^\?/, "").split("&").filter(Boolean).map((part) => {
      const i = part.indexOf("=");
      return (i < 0 ? [part, ""] : [part.slice(0, i), part.slice(i + 1)]).map(unescapeForm);
    });
  }
  static _of(text, changed) {
    const p = new URLSearchParams(text);
    p.#changed = changed;
    return p;
  }
  _reset(text) { this.#parse(text); }
  #update() { this.#changed?.(this.toString()); }
  get size() { return this.#list.length; }
  append(k, v) { this.#list.push([`${k}`, `${v}`]); this.#update(); }
  delete(k, v) { this.#list = this.#list.filter((e) => e[0] !== `${k}` || (v !== undefined && e[1] !== `${v}`)); this.#update(); }
  get(k) { return this.#list.find((e) => e[0] === `${k}`)?.[1] ?? null; }
  getAll(k) { return this.#list.filter((e) => e[0] === `${k}`).map((e) => e[1]); }
  has(k, v) { return this.#list.some((e) => e[0] === `${k}` && (v === undefined || e[1] === `${v}`)); }
  set(k, v) {
    const i = this.#list.findIndex((e) => e[0] === `${k}`);
    if (i < 0) return this.append(k, v);
    this.#list[i][1] = `${v}`;
    this.#list = this.#list.filter((e, n) => n <= i || e[0] !== `${k}`);
    this.#update();
  }
  sort() { this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)); this.#update(); }
  forEach(f, self) { for (const [k, v] of this.#list) f.call(self, v, k, this); }
  *keys() { for (const [k] of this.#list) yield k; }
  *values() { for (const [, v] of this.#list) yield v; }
  *entries() { for (const [k, v] of this.#list) yield [k, v]; }
  [Symbol.iterator]() { return this.entries(); }
  toString() { return this.#list.map(([k, v]) => `${escapeForm(k)}=${escapeForm(v)}`).join("&"); }
  get [Symbol.toStringTag]() { return "URLSearchParams"; }
  [custom](depth, options) {
    const list = this.#list.map(([k, v]) => `${inspect(k, options)} => ${inspect(v, options)}`);
    return `URLSearchParams {${list.length ? ` ${list.join(", ")} ` : ""}}`;
  }
}

function invalid(input) {
  const e = typeError("ERR_INVALID_URL", "Invalid URL");
  e.input = input;
  return e;
}

function hostOf(text, scheme, input) {
  const isSpecial = scheme in special;
  if (text.startsWith("[")) {
    if (!/^\[[0-9a-fA-F:.]+\]$/.test(text)) throw invalid(input);
    return text.toLowerCase();
  }
  if (!isSpecial) return escape(text, /[\0-\x1f\x7f]|[^\0-\x7f]+/gu);
  let host;
  try { host = decodeURIComponent(text).toLowerCase(); } catch { throw invalid(input); }
  if (/[\0-\x20#%/:<>?@[\\\]^|\x7f]/.test(host) || (host === "" && scheme !== "file:")) throw invalid(input);
  return scheme === "file:" && host === "localhost" ? "" : host;
}

function pathOf(text, scheme, start = []) {
  const isSpecial = scheme in special;
  const out = [...start];
  const parts = (isSpecial ? text.replaceAll("\\", "/") : text).split("/");
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    const p = part.replace(/%2e/gi, ".");
    if (p === "..") { out.pop(); if (last) out.push(""); }
    else if (p === ".") { if (last) out.push(""); }
    else out.push(escape(part, inPath));
  });
  return out;
}

export class URL {
  #scheme; #user = ""; #password = ""; #host = null; #port = ""; #path = []; #opaque = null; #query = null; #hash = null; #params;

  constructor(input, base) {
    input = `${input}`;
    this.#parse(input.replace(/^[\0-\x20]+|[\0-\x20]+$/g, "").replace(/[\t\n\r]/g, ""), base === undefined ? undefined : base instanceof URL ? base : new URL(base), input);
  }
  static canParse(input, base) { return URL.parse(input, base) !== null; }
  static parse(input, base) { try { return new URL(input, base); } catch { return null; } }

  #parse(text, base, input) {
    const hash = text.indexOf("#");
    if (hash >= 0) { this.#hash = escape(text.slice(hash + 1), inFragment); text = text.slice(0, hash); }
    const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(text)?.[0];
    if (scheme && !(base && scheme.toLowerCase() === base.#scheme && scheme.toLowerCase() in special && !/^[/\\]/.test(text.slice(scheme.length)))) {
      this.#scheme = scheme.toLowerCase();
      text = text.slice(scheme.length);
      base = undefined;
    } else {
      if (!base) throw invalid(input);
      if (scheme) text = text.slice(scheme.length);
      this.#scheme = base.#scheme;
      if (base.#opaque !== null) {
        if (text !== "" || hash < 0) throw invalid(input);
        [this.#opaque, this.#query] = [base.#opaque, base.#query];
        return;
      }
    }
    const isSpecial = this.#scheme in special;
    const query = text.indexOf("?");
    if (query >= 0) { this.#query = escape(text.slice(query + 1), isSpecial ? inSpecialQuery : inQuery); text = text.slice(0, query); }
    if (isSpecial) text = text.replaceAll("\\", "/");
    if (text.startsWith("//") || (isSpecial && !base && this.#scheme !== "file:")) return this.#authority(text.replace(isSpecial && this.#scheme !== "file:" ? /^\/*/ : /^\/\//, ""), input);
    if (!base) {
      if (text.startsWith("/") || isSpecial) {
        if (this.#scheme === "file:") this.#host = "";
        this.#path = pathOf(text.replace(/^\//, ""), this.#scheme);
      } else this.#opaque = escape(text, /[\0-\x1f\x7f]|[^\0-\x7f]+/gu);
      return;
    }
    [this.#user, this.#password, this.#host, this.#port] = [base.#user, base.#password, base.#host, base.#port];
    if (text.startsWith("/")) this.#path = pathOf(text.slice(1), this.#scheme);
    else if (text !== "") this.#path = pathOf(text, this.#scheme, base.#path.slice(0, -1));
    else {
      this.#path = [...base.#path];
      if (query < 0) this.#query = base.#query;
    }
  }
  #authority(text, input) {
    const end = text.indexOf("/");
    let authority = end < 0 ? text : text.slice(0, end);
    const at = authority.lastIndexOf("@");
    if (at >= 0) {
      const [user, ...password] = authority.slice(0, at).split(":");
      this.#user = escape(user, inUser);
      this.#password = escape(password.join(":"), inUser);
      authority = authority.slice(at + 1);
    }
    const port = /:([0-9]*)$/.exec(authority);
    if (port) { this.#setPort(port[1], input); authority = authority.slice(0, port.index); }
    else if (/:[^\]]*$/.test(authority) && !authority.endsWith("]")) throw invalid(input);
    this.#host = hostOf(authority, this.#scheme, input);
    this.#path = end < 0 ? (this.#scheme in special ? [""] : []) : pathOf(text.slice(end + 1), this.#scheme);
  }
  #setPort(text, input) {
    if (text !== "" && Number(text) > 65535) throw invalid(input);
    const port = text === "" ? "" : String(Number(text));
    this.#port = port === special[this.#scheme] ? "" : port;
  }

  get href() {
    const authority = this.#host === null ? (this.#opaque === null && this.#path.length > 1 && this.#path[0] === "" ? "/." : "") : `//${this.#user || this.#password ? `${this.#user}${this.#password ? `:${this.#password}` : ""}@` : ""}${this.host}`;
    return `${this.#scheme}${authority}${this.pathname}${this.#query === null ? "" : `?${this.#query}`}${this.#hash === null ? "" : `#${this.#hash}`}`;
  }
  set href(v) {
    const u = new URL(v);
    [this.#scheme, this.#user, this.#password, this.#host, this.#port, this.#path, this.#opaque, this.#query, this.#hash] =
      [u.#scheme, u.#user, u.#password, u.#host, u.#port, u.#path, u.#opaque, u.#query, u.#hash];
    this.#params?._reset(this.#query ?? "");
  }
  get origin() { return this.#scheme in special && this.#scheme !== "file:" ? `${this.#scheme}//${this.host}` : "null"; }
  get protocol() { return this.#scheme; }
  set protocol(v) {
    const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*/.exec(`${v}`)?.[0]?.toLowerCase();
    if (scheme && `${scheme}:` in special === this.#scheme in special) this.#scheme = `${scheme}:`;
    if (this.#port === special[this.#scheme]) this.#port = "";
  }
  get username() { return this.#user; }
  set username(v) { if (this.#host) this.#user = escape(`${v}`, inUser); }
  get password() { return this.#password; }
  set password(v) { if (this.#host) this.#password = escape(`${v}`, inUser); }
  get host() { return (this.#host ?? "") + (this.#port === "" ? "" : `:${this.#port}`); }
  set host(v) {
    const [, host, port] = /^(.*?)(?::([0-9]+))?$/.exec(`${v}`);
    this.hostname = host;
    if (port) this.port = port;
  }
  get hostname() { return this.#host ?? ""; }
  set hostname(v) { if (this.#opaque === null) try { this.#host = hostOf(`${v}`, this.#scheme, v); } catch { /* stays */ } }
  get port() { return this.#port; }
  set port(v) { const m = /^[0-9]*/.exec(`${v}`)[0]; if (m !== "" || `${v}` === "") try { this.#setPort(m, v); } catch { /* stays */ } }
  get pathname() { return this.#opaque ?? (this.#path.length > 0 ? `/${this.#path.join("/")}` : ""); }
  set pathname(v) { if (this.#opaque === null) this.#path = pathOf(`${v}`.replace(/^[/\\]/, ""), this.#scheme); }
  get search() { return this.#query ? `?${this.#query}` : ""; }
  set search(v) {
    v = `${v}`.replace(/^\?/, "");
    this.#query = v === "" ? null : escape(v, this.#scheme in special ? inSpecialQuery : inQuery);
    this.#params?._reset(v);
  }
  get searchParams() {
    return this.#params ??= URLSearchParams._of(this.#query ?? "", (text) => { this.#query = text === "" ? null : text; });
  }
  get hash() { return this.#hash ? `#${this.#hash}` : ""; }
  set hash(v) { v = `${v}`.replace(/^#/, ""); this.#hash = v === "" ? null : escape(v, inFragment); }
  toString() { return this.href; }
  toJSON() { return this.href; }
  get [Symbol.toStringTag]() { return "URL"; }
  [custom](depth, options) {
    const { href, origin, protocol, username, password, host, hostname, port, pathname, search, searchParams, hash } = this;
    return `URL ${inspect({ href, origin, protocol, username, password, host, hostname, port, pathname, search, searchParams, hash }, options)}`;
  }
}

export function fileURLToPath(url) {
  const u = new URL(url);
  if (u.protocol !== "file:") throw typeError("ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
  return decodeURIComponent(u.pathname);
}

export function pathToFileURL(path) {
  const u = new URL("file:///");
  u.pathname = globalThis.process.getBuiltinModule("path").resolve(path).replace(/[%\\\n\r\t?#]/g, encodeURIComponent);
  return u;
}

export const domainToASCII = (text) => text.toLowerCase();
export const domainToUnicode = (text) => text.toLowerCase();

export function urlToHttpOptions(u) {
  return { protocol: u.protocol, hostname: u.hostname, hash: u.hash, search: u.search, pathname: u.pathname, path: `${u.pathname}${u.search}`, href: u.href, ...(u.port && { port: Number(u.port) }), ...(u.username && { auth: `${decodeURIComponent(u.username)}:${decodeURIComponent(u.password)}` }) };
}

// The old interface.
export function parse(text, withQuery = false) {
  const [, protocol = null, slashes, auth = null, hostname = null, port = null, pathname = null, search = null, hash = null] =
    /^([a-zA-Z][a-zA-Z0-9+.-]*:)?(\/\/)?(?:([^/?#@]*)@)?((?<=\/\/|@)[^/?#:]*|)?(?::([0-9]+))?([^?#]*)?(\?[^#]*)?(#.*)?$/.exec(`${text}`) ?? [];
  const query = search === null ? null : search.slice(1);
  return {
    protocol, slashes: Boolean(slashes) || null, auth, host: hostname ? hostname + (port ? `:${port}` : "") : null, port, hostname: hostname || null, hash, search,
    query: withQuery ? Object.fromEntries(new URLSearchParams(query ?? "")) : query, pathname: pathname || (hostname ? "/" : null),
    path: (pathname || (hostname ? "/" : "")) + (search ?? "") || null, href: `${text}`,
  };
}

export function format(u) {
  if (typeof u === "string" || u instanceof URL) return new URL(u).href;
  const query = u.search ?? (u.query && typeof u.query === "object" ? `?${new URLSearchParams(u.query)}` : u.query ? `?${u.query}` : "");
  const host = u.host ?? (u.hostname ? u.hostname + (u.port ? `:${u.port}` : "") : "");
  return `${u.protocol ?? ""}${u.slashes || host ? "//" : ""}${u.auth ? `${u.auth}@` : ""}${host}${u.pathname ?? ""}${query}${u.hash ?? ""}`;
}

export function resolve(from, to) {
  const u = new URL(to, new URL(from, "resolve://"));
  return u.protocol === "resolve:" ? `${u.pathname}${u.search}${u.hash}` : u.href;
}

export default { URL, URLSearchParams, fileURLToPath, pathToFileURL, domainToASCII, domainToUnicode, urlToHttpOptions, parse, format, resolve };
