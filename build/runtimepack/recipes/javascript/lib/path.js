// node:path, of POSIX
import { wrongType } from "wpk:errors";

function text(value, name = "path") {
  if (typeof value !== "string") throw wrongType(name, "of type string", value);
  return value;
}

function segments(path, above) {
  const out = [];
  for (const s of path.split("/")) {
    if (s === "" || s === ".") continue;
    if (s !== "..") out.push(s);
    else if (out.length > 0 && out.at(-1) !== "..") out.pop();
    else if (above) out.push("..");
  }
  return out.join("/");
}

export const sep = "/";
export const delimiter = ":";
export const isAbsolute = (path) => text(path).startsWith("/");

export function normalize(path) {
  if (text(path) === "") return ".";
  const absolute = path.startsWith("/");
  let clean = segments(path, !absolute);
  if (clean === "" && !absolute) clean = ".";
  if (clean !== "" && path.endsWith("/")) clean += "/";
  return absolute ? `/${clean}` : clean;
}

export function join(...parts) {
  const joined = parts.filter((p) => text(p) !== "").join("/");
  return joined === "" ? "." : normalize(joined);
}

export function resolve(...parts) {
  let path = "";
  for (let i = parts.length - 1; i >= 0 && !path.startsWith("/"); i--) {
    if (text(parts[i], `paths[${i}]`) !== "") path = path === "" ? parts[i] : `${parts[i]}/${path}`;
  }
  if (!path.startsWith("/")) path = `${process.cwd()}/${path}`;
  return `/${segments(path, false)}`;
}

export function relative(from, to) {
  const a = resolve(text(from, "from")).split("/").filter(Boolean);
  const b = resolve(text(to, "to")).split("/").filter(Boolean);
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return [...a.slice(n).map(() => ".."), ...b.slice(n)].join("/");
}

const trimmed = (path) => path.length > 1 ? path.replace(/\/+$/, "") || "/" : path;

export function dirname(path) {
  if (text(path) === "") return ".";
  const p = trimmed(path);
  const i = p.lastIndexOf("/");
  return i < 0 ? "." : trimmed(p.slice(0, i)) || "/";
}

export function basename(path, suffix) {
  const p = text(path).replace(/\/+$/, "");
  const base = p.slice(p.lastIndexOf("/") + 1);
  return suffix !== undefined && base !== suffix && base.endsWith(text(suffix, "suffix")) ? base.slice(0, base.length - suffix.length) : base;
}

export function extname(path) {
  const base = basename(path);
  const i = base.lastIndexOf(".");
  return i <= 0 || base === ".." ? "" : base.slice(i);
}

export function parse(path) {
  const root = text(path).startsWith("/") ? "/" : "";
  const base = basename(path), ext = extname(path);
  const p = path.replace(/\/+$/, ""), i = p.lastIndexOf("/");
  return { root, dir: i < 0 ? "" : i === 0 ? "/" : p.slice(0, i), base, ext, name: base.slice(0, base.length - ext.length) };
}

export function format({ dir, root = "", base, name = "", ext = "" }) {
  base ??= name + (ext && !ext.startsWith(".") ? `.${ext}` : ext);
  return dir === undefined ? root + base : dir === root ? dir + base : `${dir}/${base}`;
}

export const toNamespacedPath = (path) => path;

const path = { sep, delimiter, isAbsolute, normalize, join, resolve, relative, dirname, basename, extname, parse, format, toNamespacedPath };
path.posix = path;
path.win32 = path; // a program asks for it where it may run on Windows
export default path;
