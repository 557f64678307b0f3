// Counts the bytes and lines of its standard input.
import { count } from "./count";

const buffer = new ArrayBuffer(4096);
let bytes: i64 = 0;
let lines: i64 = 0;
for (let n = process.stdin.read(buffer); n > 0; n = process.stdin.read(buffer)) {
  bytes += n;
  lines += count(buffer, <i32>n, 10);
}
console.log(bytes.toString() + " bytes, " + lines.toString() + " lines");
