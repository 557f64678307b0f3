/* A runtime that tests attach blobs to: it keeps memory over a snapshot, uses more of it than there is before the
 * blob, and tells what it sees. */
#include "wpkblob.h"
#include <sys/stat.h>

static char *kept;

static void wpk_start_up(int snapshot)
{
	kept = malloc(100000);
	strcpy(kept, snapshot ? "snapshot" : "start");
	printf("start-up sees %s\n", getenv("X") ? getenv("X") : "nothing");
}

static int wpk_program(int argc, char **argv, int resumed)
{
	for (int i = 0; i < 100; i++)
		memset(malloc(100000), 0xaa, 100000);
	const wpk_entry *e = wpk_find("b");
	struct stat s;
	printf("resumed %d kept %s X=%s argc %d last %s b %s c %d file %d\n", resumed, kept, getenv("X") ? getenv("X") : "",
	       argc, argv[argc - 1], e ? (const char *)wpk_data(e) : "", wpk_find("c") != NULL, stat("/d/file", &s));
	return 3;
}
