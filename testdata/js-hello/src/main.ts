#!/usr/bin/env node
// js-hello [--json] [FILE...] counts words: of files, or of its input. --greet NAME greets.
import * as fs from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";

import { report } from "./report.ts";
import { count, type Counts } from "./words.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean" }, greet: { type: "string" }, fail: { type: "boolean" } },
});

async function* texts(): AsyncGenerator<string> {
  for (const file of positionals) yield await fs.readFile(file, "utf8");
  if (positionals.length > 0) return;
  process.stdin.setEncoding("utf8");
  let all = "";
  for await (const chunk of process.stdin) all += chunk;
  yield all;
}

enum Exit { Fine = 0, Nothing = 3 }

if (values.greet !== undefined) {
  console.log(`Hello, ${values.greet}!`);
} else if (values.fail) {
  report({ words: -1, lines: 0, top: [] });
} else {
  const all: Counts[] = [];
  for await (const text of texts()) all.push(count(text));
  console.log(values.json ? JSON.stringify(all) : all.map(report).join("\n"));
  process.exitCode = all.some((c) => c.words > 0) ? Exit.Fine : Exit.Nothing;
}
