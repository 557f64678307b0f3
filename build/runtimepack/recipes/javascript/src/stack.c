/* The stack of an error: "Name: message", then a line a frame with the place in the original source. */
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The map, made by wpk of the bundler's source map: little-endian 32-bit words. First the number of places, then five
 * words each: line and column in PROGRAM, offset of the source's name in the map (0: none), line and column there.
 * Sorted; all count from one. A place holds up to the next one: the source goes on as PROGRAM does.
 */
typedef struct {
	uint32_t line, column, source, to_line, to_column;
} place;

static const unsigned char *map;
static uint32_t places;

void stack_map(const unsigned char *bytes, uint32_t size)
{
	uint32_t n = size >= 4 ? *(const uint32_t *)bytes : 0;
	if (n > (size - 4) / sizeof(place))
		return;
	map = bytes;
	places = n;
}

/* find_place returns the last place that is not behind a position. */
static const place *find_place(uint32_t line, uint32_t column)
{
	const place *p = (const place *)(map + 4);
	uint32_t low = 0, high = places;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (p[middle].line < line || (p[middle].line == line && p[middle].column <= column))
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && p[low - 1].source ? p + low - 1 : NULL;
}

typedef struct {
	char *text;
	size_t size, room;
} buffer;

static void add(buffer *b, const char *text, size_t size)
{
	if (b->size + size > b->room) {
		size_t room = (b->size + size) * 2;
		char *more = realloc(b->text, room);
		if (!more)
			return; /* a shorter stack */
		b->text = more;
		b->room = room;
	}
	memcpy(b->text + b->size, text, size);
	b->size += size;
}

static void add_text(buffer *b, const char *text) { add(b, text, strlen(text)); }

/* add_frame adds one line of QuickJS's, "    at name (file:line:column)", unless it is of the library. */
static void add_frame(buffer *b, const char *line, size_t size)
{
	static const char program[] = PROGRAM ":", loop[] = "    at runJobs (native)";
	if (size == sizeof loop - 1 && !memcmp(line, loop, size))
		return; /* the library, running what a promise has scheduled */
	for (const char *p = line; p + 1 < line + size; p++) {
		if (*p != '(' && strncmp(p, "at ", 3))
			continue;
		const char *file = p + (*p == '(' ? 1 : 3);
		if (!strncmp(file, LIB_PREFIX, strlen(LIB_PREFIX)))
			return;
		if (strncmp(file, program, strlen(program)))
			continue;
		char *end;
		unsigned long row = strtoul(file + strlen(program), &end, 10), column = *end == ':' ? strtoul(end + 1, &end, 10) : 1;
		const place *to = places ? find_place(row, column) : NULL;
		if (!to)
			break;
		char position[32];
		add_text(b, "\n");
		add(b, line, file - line);
		add_text(b, (const char *)map + to->source);
		int over = (int)(to->to_column + column - to->column);
		snprintf(position, sizeof position, ":%u:%d", (unsigned)(to->to_line + row - to->line), over > 0 ? over : 1);
		add_text(b, position);
		add(b, end, line + size - end);
		return;
	}
	add_text(b, "\n");
	add(b, line, size);
}

/* add_property adds a property that is a string, without running a getter that throws. */
static int add_property(JSContext *ctx, buffer *b, JSValueConst error, const char *name, const char *before)
{
	JSValue v = JS_GetPropertyStr(ctx, error, name);
	int is = JS_IsString(v);
	if (JS_IsException(v))
		JS_FreeValue(ctx, JS_GetException(ctx));
	if (is) {
		size_t size;
		const char *text = JS_ToCStringLen(ctx, &size, v);
		if (text && size > 0) {
			add_text(b, before);
			add(b, text, size);
		}
		JS_FreeCString(ctx, text);
	}
	JS_FreeValue(ctx, v);
	return is;
}

JSValue stack_text(JSContext *ctx, JSValueConst error, const char *frames)
{
	buffer b = { 0 };
	if (!add_property(ctx, &b, error, "name", ""))
		add_text(&b, "Error");
	add_property(ctx, &b, error, "message", ": ");
	while (*frames) {
		size_t size = strcspn(frames, "\n");
		add_frame(&b, frames, size);
		frames += size + (frames[size] == '\n');
	}
	JSValue v = JS_NewStringLen(ctx, b.text ? b.text : "", b.size);
	free(b.text);
	return v;
}
