import type { Counts } from "./words.js";

export function report({ words, lines, top }: Counts): string {
  if (words < 0) {
    throw new RangeError(`${words} words cannot be`);
  }
  return `${words} words in ${lines} lines: ${top.map(([w, n]) => `${w} ${n}`).join(", ")}`;
}
