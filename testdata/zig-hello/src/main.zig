//! Counts the bytes and lines of its standard input.
//! Zig's library for files changes from version to version; WASI's own calls do not.
const std = @import("std");
const count = @import("count.zig");
const wasi = std.os.wasi;

pub fn main() !void {
    var counter: count.Counter = .{};
    var buffer: [4096]u8 = undefined;
    while (true) {
        const into = [_]wasi.iovec_t{.{ .base = &buffer, .len = buffer.len }};
        var n: usize = 0;
        if (wasi.fd_read(0, &into, into.len, &n) != .SUCCESS) return error.Read;
        if (n == 0) break;
        counter.add(buffer[0..n]);
    }
    var text: [64]u8 = undefined;
    const line = try std.fmt.bufPrint(&text, "{d} bytes, {d} lines\n", .{ counter.bytes, counter.lines });
    const from = [_]wasi.ciovec_t{.{ .base = line.ptr, .len = line.len }};
    var n: usize = 0;
    if (wasi.fd_write(1, &from, from.len, &n) != .SUCCESS) return error.Write;
}
