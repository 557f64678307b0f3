#include "sieve.h"

#include <stdlib.h>
#include <string.h>

unsigned char *sieve(size_t limit)
{
	unsigned char *prime = malloc(limit + 1);

	if (!prime)
		return NULL;
	memset(prime, 1, limit + 1);
	prime[0] = 0;
	if (limit >= 1)
		prime[1] = 0;
	for (size_t i = 2; i <= limit / i; i++)
		if (prime[i])
			for (size_t j = i * i; j <= limit; j += i)
				prime[j] = 0;
	return prime;
}
