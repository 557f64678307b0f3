#ifndef SIEVE_H
#define SIEVE_H

#include <stddef.h>

/* sieve returns an array of limit + 1 bytes, not zero where the index is a prime number, or NULL without memory.
 * The caller frees it. */
unsigned char *sieve(size_t limit);

#endif
