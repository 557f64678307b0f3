import Handlebars from "handlebars";
import _ from "lodash";
import { marked } from "marked";
import stringWidth from "string-width";

import type { Almanac } from "./almanac.js";

Handlebars.registerHelper("underline", (text: string) => "=".repeat(stringWidth(text)));
Handlebars.registerHelper("long", (date: string) => new Date(date).toLocaleDateString("en-US", { dateStyle: "long", timeZone: "UTC" }));

const template = Handlebars.compile(
  `{{{title}}}
{{underline title}}

{{#each months}}
## {{@key}}

{{#each this}}
* **{{long date}}**: {{title}}{{#if tags}} ({{#each tags}}_{{this}}_{{#unless @last}}, {{/unless}}{{/each}}){{/if}}
{{/each}}

{{/each}}
`,
  { noEscape: true },
);

export function render(a: Almanac): string {
  const months = _.groupBy(_.sortBy(a.days, "date"), (d) => d.date.slice(0, 7));
  return marked.parse(template({ title: a.title, months })) as string;
}
