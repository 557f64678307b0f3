/* rot13 turns each letter by half the alphabet. */
#include <ctype.h>
#include <stdio.h>

#include "filter.h"

static int emit(int ch)
{
	if (isalpha(ch)) {
		int a = isupper(ch) ? 'A' : 'a';
		ch = a + (ch - a + 13) % 26;
	}
	return putchar(ch);
}

int main(void)
{
	return filter(__FILE__, emit);
}
