// node:string_decoder
import { Buffer, normalize } from "wpk:buffer";
import { bytesOf, unfinished } from "wpk:encoding";
import { typeError } from "wpk:errors";

export class StringDecoder {
  #rest = Buffer.alloc(0);
  constructor(encoding) {
    this.encoding = normalize(encoding);
    if (!this.encoding) throw typeError("ERR_UNKNOWN_ENCODING", `Unknown encoding: ${encoding}`);
  }
  write(data) {
    if (typeof data === "string") return data;
    const bytes = Buffer.concat([this.#rest, bytesOf(data)]);
    const keep = this.encoding.startsWith("base64") ? bytes.length % 3 : unfinished(bytes, this.encoding === "utf8" ? "utf-8" : this.encoding);
    this.#rest = bytes.subarray(bytes.length - keep);
    return bytes.subarray(0, bytes.length - keep).toString(this.encoding);
  }
  end(data) {
    const text = (data === undefined ? "" : this.write(data)) + this.#rest.toString(this.encoding);
    this.#rest = Buffer.alloc(0);
    return text;
  }
}

export default { StringDecoder };
