import yaml from "js-yaml";
import * as z from "zod";

const Day = z.object({ date: z.iso.date(), title: z.string().min(1), tags: z.array(z.string()).default([]) });
const Almanac = z.object({ title: z.string(), days: z.array(Day) });
export type Almanac = z.infer<typeof Almanac>;

export function read(text: string): Almanac {
  const data = yaml.load(text, { schema: yaml.JSON_SCHEMA });
  const parsed = Almanac.safeParse(data);
  if (!parsed.success) throw new TypeError(parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; "));
  return parsed.data;
}
