#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void tally_add(size_t n);
size_t tally_total(void);

#ifdef __cplusplus
}
#endif
