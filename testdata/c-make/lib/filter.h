#ifndef FILTER_H
#define FILTER_H

/* filter writes each byte of standard input to standard output, as emit says. It returns main's exit code and tells
 * on standard error, with the name of the program's source, when something went wrong. */
int filter(const char *source, int (*emit)(int byte));

#endif
