/* primes prints the prime numbers up to its argument. */
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "sieve.h"

int main(int argc, char **argv)
{
	char *end;
	unsigned long limit;
	unsigned char *prime;

	if (argc != 2) {
		fprintf(stderr, "primes %s\nusage: primes LIMIT\n", PRIMES_VERSION);
		return 2;
	}
	limit = strtoul(argv[1], &end, 10);
	if (*end || limit > 100000000) {
		fprintf(stderr, "primes: %s is no limit\n", argv[1]);
		return 2;
	}
	prime = sieve(limit);
	if (!prime) {
		perror("primes");
		return 1;
	}
	for (unsigned long i = 2; i <= limit; i++)
		if (prime[i])
			printf("%lu\n", i);
	free(prime);
	return 0;
}
