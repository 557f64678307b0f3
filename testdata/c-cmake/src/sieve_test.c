/* The library's own test, with known values. */
#include <assert.h>
#include <stdlib.h>

#include "sieve.h"

int main(void)
{
	unsigned char *prime = sieve(97);

	assert(prime && prime[2] && prime[97] && !prime[0] && !prime[1] && !prime[91]);
	free(prime);
	return 0;
}
