/* base16 writes each byte as two hexadecimal digits: RFC 4648, section 8. */
#include <stdio.h>

#include "filter.h"

static int emit(int ch)
{
	return printf("%02X", (unsigned)ch);
}

int main(void)
{
	return filter(__FILE__, emit);
}
