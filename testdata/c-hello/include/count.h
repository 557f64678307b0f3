#ifndef COUNT_H
#define COUNT_H

#include <stdio.h>

/* What wc counts. */
struct counts {
	long lines, words, bytes;
};

/* count reads a stream to its end. It returns 0, or -1 when the stream failed. */
int count(FILE *in, struct counts *c);

#endif
