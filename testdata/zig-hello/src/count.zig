pub const Counter = struct {
    bytes: u64 = 0,
    lines: u64 = 0,

    pub fn add(self: *Counter, text: []const u8) void {
        self.bytes += text.len;
        for (text) |c| {
            if (c == '\n') self.lines += 1;
        }
    }
};
