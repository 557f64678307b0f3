// node:assert
import { inspect } from "wpk:inspect";
import { isDeepEqual } from "wpk:util";

export class AssertionError extends Error {
  constructor({ message, actual, expected, operator, stackStartFn }) {
    super(message ?? `${inspect(actual)} ${operator} ${inspect(expected)}`);
    this.name = "AssertionError";
    this.code = "ERR_ASSERTION";
    this.generatedMessage = message === undefined;
    Object.assign(this, { actual, expected, operator });
  }
}

const says = {
  strictEqual: "Expected values to be strictly equal:", notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  deepStrictEqual: "Expected values to be strictly deep-equal:", deepEqual: "Expected values to be loosely deep-equal:",
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:', notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  equal: "Expected values to be loosely equal:", notEqual: 'Expected "actual" to be loosely unequal to:',
};

function must(condition, actual, expected, operator, message) {
  if (condition) return;
  if (message instanceof Error) throw message;
  if (message === undefined && says[operator]) {
    message = `${says[operator]}\n\n${operator.startsWith("not") ? inspect(expected) : `${inspect(actual)} !== ${inspect(expected)}`}\n`;
  }
  throw new AssertionError({ message, actual, expected, operator });
}

function assert(...args) { ok(...args); }
function ok(...args) {
  must(args[0], args[0], true, "==", args.length === 0 ? "No value argument passed to `assert.ok()`" : args[1] ?? "The expression evaluated to a falsy value");
}

// matches tells whether an error is the expected one: a class, a pattern, a function, or an object of properties.
function matches(e, expected) {
  if (expected === undefined) return true;
  if (expected instanceof RegExp) return expected.test(String(e));
  if (typeof expected === "function") {
    if (expected.prototype !== undefined && e instanceof expected) return true;
    if (Object.prototype.isPrototypeOf.call(Error, expected)) return false;
    return expected.call({}, e) === true;
  }
  return Object.keys(expected).concat(expected instanceof Error ? ["name", "message"] : []).every((k) =>
    expected[k] instanceof RegExp && typeof e[k] === "string" ? expected[k].test(e[k]) : isDeepEqual(e[k], expected[k], true));
}

function threw(failed, e, expected, message, operator) {
  if (typeof expected === "string") [message, expected] = [expected, undefined];
  must(failed, undefined, expected, operator, message ?? (operator === "throws" ? "Missing expected exception." : "Missing expected rejection."));
  if (matches(e, expected)) return;
  if (typeof expected === "function" || message === undefined && !(expected instanceof RegExp) && typeof expected !== "object") throw e;
  must(false, e, expected, operator, message ?? `The error is not the expected one: ${inspect(e)}`);
}

async function settle(promise) {
  try {
    await (typeof promise === "function" ? promise() : promise);
    return { failed: false };
  } catch (e) {
    return { failed: true, e };
  }
}

Object.assign(assert, {
  ok, AssertionError,
  equal: (a, b, m) => must(a == b || (Number.isNaN(a) && Number.isNaN(b)), a, b, "equal", m), // eslint-disable-line eqeqeq
  notEqual: (a, b, m) => must(a != b, a, b, "notEqual", m), // eslint-disable-line eqeqeq
  strictEqual: (a, b, m) => must(Object.is(a, b), a, b, "strictEqual", m),
  notStrictEqual: (a, b, m) => must(!Object.is(a, b), a, b, "notStrictEqual", m),
  deepEqual: (a, b, m) => must(isDeepEqual(a, b, false), a, b, "deepEqual", m),
  notDeepEqual: (a, b, m) => must(!isDeepEqual(a, b, false), a, b, "notDeepEqual", m),
  deepStrictEqual: (a, b, m) => must(isDeepEqual(a, b, true), a, b, "deepStrictEqual", m),
  notDeepStrictEqual: (a, b, m) => must(!isDeepEqual(a, b, true), a, b, "notDeepStrictEqual", m),
  match: (text, pattern, m) => must(pattern.test(text), text, pattern, "match", m ?? `The input did not match the regular expression ${pattern}. Input:\n\n${inspect(text)}\n`),
  doesNotMatch: (text, pattern, m) => must(!pattern.test(text), text, pattern, "doesNotMatch", m),
  fail: (m = "Failed") => must(false, undefined, undefined, "fail", m),
  ifError: (e) => { if (e !== null && e !== undefined) throw e; },
  throws(f, expected, message) {
    let failed = false, e;
    try { f(); } catch (thrown) { failed = true; e = thrown; }
    threw(failed, e, expected, message, "throws");
  },
  doesNotThrow: (f) => f(),
  async rejects(promise, expected, message) {
    const { failed, e } = await settle(promise);
    threw(failed, e, expected, message, "rejects");
  },
  async doesNotReject(promise) { await (typeof promise === "function" ? promise() : promise); },
});

export const strict = Object.assign((...args) => ok(...args), assert, {
  equal: assert.strictEqual, notEqual: assert.notStrictEqual, deepEqual: assert.deepStrictEqual, notDeepEqual: assert.notDeepStrictEqual,
});
strict.strict = assert.strict = strict;
export default assert;
