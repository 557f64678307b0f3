/* c-hello counts lines, words and bytes of files, or of its standard input: small, and yet it touches arguments,
 * environment, files, streams and the exit code. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"

/* report prints the counts of a stream and returns the exit code. */
static int report(const char *name, FILE *in)
{
	struct counts c;

	if (count(in, &c) < 0) {
		fprintf(stderr, "c-hello: %s: %s\n", name, strerror(errno));
		return 1;
	}
	printf("%ld lines, %ld words, %ld bytes: %s\n", c.lines, c.words, c.bytes, name);
	return 0;
}

int main(int argc, char **argv)
{
	const char *greeting = getenv("GREETING");
	int code = 0;

	printf("%s from C\n", greeting ? greeting : "hello");
	if (argc < 2)
		return report("-", stdin);
	for (int i = 1; i < argc; i++) {
		FILE *in = fopen(argv[i], "r");
		if (!in) {
			fprintf(stderr, "c-hello: %s: %s\n", argv[i], strerror(errno));
			code = 1;
			continue;
		}
		code |= report(argv[i], in);
		fclose(in);
	}
	return code;
}
