#include "filter.h"

#include <stdio.h>

int filter(const char *source, int (*emit)(int byte))
{
	int ch;

	while ((ch = getchar()) != EOF)
		if (emit(ch) < 0)
			break;
	if (ferror(stdin) || fflush(stdout) != 0) {
		fprintf(stderr, "%s: input or output failed\n", source);
		return 1;
	}
	return 0;
}
