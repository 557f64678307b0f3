#include "count.h"

#include <ctype.h>

int count(FILE *in, struct counts *c)
{
	int ch, in_word = 0;

	*c = (struct counts){0};
	while ((ch = getc(in)) != EOF) {
		c->bytes++;
		c->lines += ch == '\n';
		c->words += !isspace(ch) && !in_word;
		in_word = !isspace(ch);
	}
	return ferror(in) ? -1 : 0;
}
