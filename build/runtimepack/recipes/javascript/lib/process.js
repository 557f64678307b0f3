// process
import * as native from "wpk:native";
import { systemError, typeError, unavailable } from "wpk:errors";
import { EventEmitter } from "wpk:events";
import { inspect } from "wpk:inspect";
import { drain, nextTick, now, setFailed, turn } from "wpk:loop";
import { resolve } from "wpk:path";
import { open } from "wpk:stdio";

// The level of Node's interface that the library follows: packages ask for it.
const node = "20.0.0";

let cwd = "/", exitCode, exiting = false, begun = 0;
const started = () => (now() - begun) / 1000;

export const process = new EventEmitter();
Object.defineProperty(process, Symbol.toStringTag, { value: "process" });

Object.assign(process, {
  title: "wasm", version: `v${node}`, versions: { node, quickjs: "2025-04-26" }, arch: "wasm32", platform: "wasi", release: { name: "node" },
  argv: [], execArgv: [], execPath: "/wasm", argv0: "", env: {}, pid: 1, ppid: 0, features: {}, config: { variables: {} }, exitCode: undefined,
  allowedNodeEnvironmentFlags: new Set(), report: undefined,
  cwd: () => cwd,
  chdir(dir) {
    const to = resolve(dir);
    const s = native.stat(to, true);
    if (typeof s === "number") throw systemError(-s, "chdir", dir);
    if (s[1] !== 3) throw systemError(54, "chdir", dir);
    cwd = to;
  },
  umask: () => 0o022, uptime: started, nextTick,
  exit(code) {
    if (code !== undefined) process.exitCode = code;
    if (!exiting) {
      exiting = true;
      process.emit("exit", status());
    }
    native.exit(status());
  },
  reallyExit: (code) => native.exit(code ?? 0),
  abort() { native.exit(134); },
  kill() { throw unavailable("process.kill"); },
  emitWarning(warning, type, code) {
    const name = typeof type === "object" ? type?.type : type;
    const e = warning instanceof Error ? warning : Object.assign(new Error(`${warning}`), { name: name ?? "Warning" });
    const given = typeof type === "object" ? type?.code : code;
    if (given) e.code = given;
    nextTick(() => {
      process.emit("warning", e);
      native.print(2, `(wasm) ${e.code ? `[${e.code}] ` : ""}${e.name}: ${e.message}\n`);
    });
  },
  hrtime: Object.assign((since) => {
    const t = native.time(1) - (since ? BigInt(since[0]) * 1000000000n + BigInt(since[1]) : 0n);
    return [Number(t / 1000000000n), Number(t % 1000000000n)];
  }, { bigint: () => native.time(1) }),
  memoryUsage: Object.assign(() => {
    const [rss, heapUsed] = native.memory();
    return { rss, heapTotal: rss, heapUsed, external: 0, arrayBuffers: 0 };
  }, { rss: () => native.memory()[0] }),
  cpuUsage: () => ({ user: Math.round(started() * 1e6), system: 0 }),
  resourceUsage: () => ({}), getActiveResourcesInfo: () => [], setUncaughtExceptionCaptureCallback() {}, hasUncaughtExceptionCaptureCallback: () => false,
  binding() { throw unavailable("process.binding"); },
});

const streams = {};
for (const name of ["stdin", "stdout", "stderr"]) {
  Object.defineProperty(process, name, { get: () => (streams[name] ??= open[name]()), set: (v) => { streams[name] = v; }, enumerable: true, configurable: true });
}

function status() {
  exitCode = process.exitCode ?? 0;
  const n = Number(exitCode);
  if (!Number.isInteger(n)) throw typeError("ERR_INVALID_ARG_TYPE", `The "code" argument must be of type number. Received ${inspect(exitCode)}`);
  return n & 255;
}

// failed is what becomes of an exception that nobody has caught.
function failed(e, origin = "uncaughtException") {
  if (!exiting && process.listenerCount("uncaughtException") > 0) {
    try {
      return void process.emit("uncaughtException", e, origin);
    } catch (worse) {
      e = worse;
    }
  }
  const shown = e instanceof Error ? inspect(e) : `Uncaught ${inspect(e)}`;
  native.print(2, `${origin === "unhandledRejection" && !(e instanceof Error) ? `Unhandled rejection: ${inspect(e)}` : e instanceof Error ? `Uncaught ${shown}` : shown}\n`);
  process.exitCode = 1;
  process.exit(1);
}
setFailed(failed);

const rejected = new Map();
native.onRejection((promise, reason, handled) => {
  if (!handled) rejected.set(promise, reason);
  else if (!rejected.delete(promise)) nextTick(() => process.emit("rejectionHandled", promise));
});

// checkRejections reports the promises that nobody has taken care of by now.
function checkRejections() {
  for (const [promise, reason] of rejected) {
    rejected.delete(promise);
    if (process.listenerCount("unhandledRejection") > 0) process.emit("unhandledRejection", reason, promise);
    else failed(reason, "unhandledRejection");
    drain();
  }
}

function round() {
  const more = turn();
  checkRejections();
  return more;
}

// begin fills in what belongs to this process, and not to the one that the snapshot was taken of.
export function begin() {
  begun = now();
  const args = native.args();
  process.argv0 = args[0] ?? "";
  process.argv.length = 0;
  process.argv.push("/wasm", args[0]?.startsWith("/") ? args[0] : `/${args[0] ?? ""}`, ...args.slice(1));
  for (const pair of native.environ()) {
    const i = pair.indexOf("=");
    if (i > 0) process.env[pair.slice(0, i)] = pair.slice(i + 1);
  }
  process.env = new Proxy(process.env, { // its values are text
    set: (env, k, v) => { env[k] = `${v}`; return true; },
    defineProperty: (env, k, d) => { env[k] = `${d.value}`; return true; },
  });
}

// run runs the loop until there is nothing left to do, and returns the exit code. The program is the promise of its
// module's evaluation.
export function run(program) {
  program.catch((e) => { failed(e); });
  while (round());
  for (let again = true; again;) {
    process.emit("beforeExit", status());
    again = false;
    while (round()) again = true;
  }
  if (native.promise(program)[0] === 0) {
    native.print(2, "Warning: the program waits at its top level for a promise that nothing will ever resolve\n");
    process.exitCode ??= 13;
  }
  exiting = true;
  process.emit("exit", status());
  return status();
}

// fail is for a program that cannot even be evaluated.
export function fail(_, e) {
  failed(e);
  return 1;
}

export default process;
