// almanac page FILE makes HTML of a YAML file; almanac check FILE says whether it is one that page takes.
import chalk from "chalk";
import { Command } from "commander";
import * as fs from "node:fs";

import { read } from "./almanac.js";
import { render } from "./page.js";

const input = (file?: string): string => fs.readFileSync(file ?? process.stdin.fd, "utf8");

const program = new Command("almanac").description("Pages of days").version("2.0.0");
program
  .command("page")
  .argument("[file]")
  .action((file?: string) => process.stdout.write(render(read(input(file)))));
program
  .command("check")
  .argument("[file]")
  .action((file?: string) => {
    try {
      const { days } = read(input(file));
      console.log(chalk.green("fine:"), `${days.length} days`);
    } catch (e) {
      console.log(chalk.red("wrong:"), (e as Error).message);
      process.exitCode = 1;
    }
  });
await program.parseAsync();
