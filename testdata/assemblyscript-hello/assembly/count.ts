export function count(buffer: ArrayBuffer, length: i32, byte: u8): i64 {
  const view = Uint8Array.wrap(buffer, 0, length);
  let n: i64 = 0;
  for (let i = 0; i < length; i++) {
    if (view[i] == byte) n++;
  }
  return n;
}
