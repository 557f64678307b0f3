// The flag v of regular expressions, which QuickJS does not have: a pattern becomes one with the flag u that matches
// the same. The bundler turns literals with it into calls of RegExp. https://github.com/tc39/proposal-regexp-v-flag

const Native = RegExp;

// The properties of strings, nearly: any well-formed sequence of emoji counts.
const emoji = "(?:\\p{RI}{2}|[0-9#*]\\ufe0f?\\u20e3|(?![0-9#*])\\p{Emoji}(?:\\p{EMod}|[\\u{e0020}-\\u{e007e}]+\\u{e007f}|\\ufe0f\\u20e3?)?(?:\\u200d\\p{Emoji}(?:\\p{EMod}|\\ufe0f)?)*)";
const strings = {
  RGI_Emoji: emoji, Basic_Emoji: "(?:\\p{Emoji_Presentation}|\\p{Emoji}\\ufe0f)", Emoji_Keycap_Sequence: "(?:[0-9#*]\\ufe0f\\u20e3)",
  RGI_Modifier_Sequence: "(?:\\p{Emoji_Modifier_Base}\\p{EMod})", RGI_Flag_Sequence: "(?:\\p{RI}{2})", RGI_Emoji_ZWJ_Sequence: emoji,
  RGI_Emoji_Modifier_Sequence: "(?:\\p{Emoji_Modifier_Base}\\p{EMod})", RGI_Emoji_Flag_Sequence: "(?:\\p{RI}{2})",
};

class Translator {
  constructor(pattern) {
    this.pattern = pattern;
    this.at = 0;
  }
  // escape takes a backslash with what belongs to it, as it is.
  escape() {
    const found = /^\\(?:[pP]\{[^}]*\}|u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|k<[^>]*>|[^])/u.exec(this.pattern.slice(this.at));
    if (!found) throw new SyntaxError(`Invalid regular expression: /${this.pattern}/v: \\ at end of pattern`);
    this.at += found[0].length;
    return found[0];
  }
  all() {
    let out = "";
    while (this.at < this.pattern.length) {
      const c = this.pattern[this.at];
      if (c === "[") out += this.set();
      else if (c === "\\") {
        const e = this.escape();
        out += strings[/^\\p\{(.*)\}$/.exec(e)?.[1]] ?? e;
      } else {
        out += c;
        this.at++;
      }
    }
    return out;
  }
  // set translates a class, which may hold classes, strings and one kind of operator.
  set() {
    this.at++;
    const negated = this.pattern[this.at] === "^";
    if (negated) this.at++;
    let simple = "", others = [], operator = "", operands = [];
    const close = () => {
      const parts = [...others, ...(simple ? [`[${simple}]`] : [])];
      operands.push(parts.length === 1 ? parts[0] : parts.length === 0 ? "[]" : `(?:${parts.join("|")})`);
      simple = "";
      others = [];
    };
    for (;;) {
      const c = this.pattern[this.at];
      if (c === undefined) throw new SyntaxError(`Invalid regular expression: /${this.pattern}/v: missing ] in class`);
      if (c === "]") break;
      const two = this.pattern.slice(this.at, this.at + 2);
      if (two === "--" || two === "&&") {
        operator = two;
        this.at += 2;
        close();
      } else if (c === "[") others.push(this.set());
      else if (two === "\\q") {
        const end = this.pattern.indexOf("}", this.at);
        others.push(`(?:${this.pattern.slice(this.at + 3, end)})`);
        this.at = end + 1;
      } else if (c === "\\") {
        const e = this.escape();
        const property = strings[/^\\p\{(.*)\}$/.exec(e)?.[1]];
        if (property) others.push(property);
        else simple += /^\\[&\-!#%,:;<=>@`~]$/.test(e) ? (e === "\\-" ? e : e[1]) : e;
      } else {
        simple += c;
        this.at++;
      }
    }
    this.at++;
    const plain = operator === "" && others.length === 0;
    if (plain) return `[${negated ? "^" : ""}${simple}]`;
    close();
    const [first, ...rest] = operands;
    const out = operator === "" ? first : `(?:${rest.map((o) => (operator === "--" ? `(?!${o})` : `(?=${o})`)).join("")}${first})`;
    return negated ? `(?:(?!${out})[^])` : out;
  }
}

function make(pattern, flags, target) {
  if (flags === undefined && pattern instanceof Native) return Reflect.construct(Native, [pattern], target);
  if (typeof flags !== "string" || !flags.includes("v")) return Reflect.construct(Native, flags === undefined ? [pattern] : [pattern, flags], target);
  const source = pattern instanceof Native ? pattern.source : `${pattern}`;
  return Reflect.construct(Native, [new Translator(source).all(), flags.replace("v", "u")], target);
}

const Patched = new Proxy(Native, {
  apply: (_, self, [pattern, flags]) => pattern instanceof Native && flags === undefined && pattern.constructor === Patched ? pattern : make(pattern, flags, Native),
  construct: (_, [pattern, flags], target) => make(pattern, flags, target === Patched ? Native : target),
});
Native.prototype.constructor = Patched;

export { Patched as RegExp };
