/*
 * The program's files as a read-only file system of their own. It lies below the C library, where the functions of WASI
 * are called: open, stat, readdir and all that is made of them work on it as on a folder that the host has opened, so
 * Python's importer, importlib.resources and importlib.metadata need no help. Linked with --wrap for each function.
 *
 * A file is an entry of the blob with a "/" in its name; folders follow from names. The entries are sorted, thus all that
 * is in one folder is a range of them.
 */
#ifndef WPK_VFS_H
#define WPK_VFS_H

#include <string.h>
#include <wasi/api.h>
#include <wasi/libc.h>

/* What of the file tree is ours: a module sees entries below these only. */
static const char *const vfs_roots[] = {"app", "usr/lib/python3.13", "usr/share/zoneinfo"};

enum {
	VFS_ROOTS = sizeof vfs_roots / sizeof *vfs_roots,
	VFS_FIRST = 1 << 24, /* the first descriptor: hosts count from 0 */
	VFS_OPEN = 1024,     /* at once */
	VFS_NAME = 1024,     /* bytes of a path */
	VFS_TIME = 315532800 /* of every file, in seconds: 1980, where ZIP's time begins */
};

typedef struct {
	uint32_t low, high; /* a folder: the entries in it; a file: low is its entry */
	uint32_t prefix;    /* a folder: how many bytes of its entries' names are its own, with the last "/" */
	uint8_t type;       /* 0: not open */
	uint64_t offset;    /* of a file */
} vfs_node;

static vfs_node vfs_nodes[VFS_OPEN]; /* the roots come first */

/* vfs_lower returns the first entry whose name is not below the first n bytes of name. */
static uint32_t vfs_lower(const char *name, size_t n)
{
	uint32_t low = 0, high = wpk_count();
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (strncmp(wpk_name(wpk_entries() + middle), name, n) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* vfs_lookup finds what the name, n bytes long with room for one more, means. */
static __wasi_errno_t vfs_lookup(char *name, size_t n, vfs_node *node)
{
	name[n] = 0;
	const wpk_entry *file = wpk_find(name);
	if (file) {
		*node = (vfs_node){.low = file - wpk_entries(), .type = __WASI_FILETYPE_REGULAR_FILE};
		return __WASI_ERRNO_SUCCESS;
	}
	name[n] = '/';
	uint32_t low = vfs_lower(name, n + 1);
	name[n] = '/' + 1;
	uint32_t high = vfs_lower(name, n + 1);
	name[n] = 0;
	if (low == high)
		return __WASI_ERRNO_NOENT;
	*node = (vfs_node){.low = low, .high = high, .prefix = n + 1, .type = __WASI_FILETYPE_DIRECTORY};
	return __WASI_ERRNO_SUCCESS;
}

static vfs_node *vfs_get(__wasi_fd_t fd)
{
	if (fd < VFS_FIRST || fd >= VFS_FIRST + VFS_OPEN || !vfs_nodes[fd - VFS_FIRST].type)
		return NULL;
	return &vfs_nodes[fd - VFS_FIRST];
}

/* vfs_resolve finds what a path below a folder means. */
static __wasi_errno_t vfs_resolve(const vfs_node *folder, const char *path, vfs_node *node)
{
	char name[VFS_NAME];
	size_t n = folder->prefix - 1; /* without the "/" */
	if (folder->type != __WASI_FILETYPE_DIRECTORY)
		return __WASI_ERRNO_NOTDIR;
	memcpy(name, wpk_name(wpk_entries() + folder->low), n);
	while (*path) {
		size_t part = strcspn(path, "/");
		if (part == 2 && path[0] == '.' && path[1] == '.') {
			while (n > 0 && name[n - 1] != '/')
				n--;
			if (n == 0)
				return __WASI_ERRNO_NOTCAPABLE;
			n--;
		} else if (part > 0 && !(part == 1 && path[0] == '.')) {
			if (n + part + 2 >= sizeof name)
				return __WASI_ERRNO_NAMETOOLONG;
			name[n++] = '/';
			memcpy(name + n, path, part);
			n += part;
		}
		path += part;
		path += *path == '/';
	}
	__wasi_errno_t error = vfs_lookup(name, n, node);
	if (error == __WASI_ERRNO_NOENT) {
		/* A file in the place of a folder has an error of its own. */
		while (n > 0 && name[n - 1] != '/')
			n--;
		vfs_node parent;
		if (n > 0 && vfs_lookup(name, n - 1, &parent) == __WASI_ERRNO_SUCCESS && parent.type != __WASI_FILETYPE_DIRECTORY)
			error = __WASI_ERRNO_NOTDIR;
	}
	return error;
}

static __wasi_errno_t vfs_stat(const vfs_node *node, __wasi_filestat_t *stat)
{
	int folder = node->type == __WASI_FILETYPE_DIRECTORY;
	const __wasi_timestamp_t time = (__wasi_timestamp_t)VFS_TIME * 1000000000;
	*stat = (__wasi_filestat_t){
		.dev = VFS_FIRST,
		.ino = folder ? ((uint64_t)node->prefix << 32) + node->low + 1 : (uint64_t)node->low + 1,
		.filetype = node->type,
		.nlink = 1,
		.size = folder ? 0 : wpk_entries()[node->low].size,
		.atim = time,
		.mtim = time,
		.ctim = time,
	};
	return __WASI_ERRNO_SUCCESS;
}

static __wasi_errno_t vfs_read(const vfs_node *node, const __wasi_iovec_t *iovs, size_t count, uint64_t offset, __wasi_size_t *done)
{
	if (node->type == __WASI_FILETYPE_DIRECTORY)
		return __WASI_ERRNO_ISDIR;
	const wpk_entry *file = wpk_entries() + node->low;
	*done = 0;
	for (size_t i = 0; i < count && offset < file->size; i++) {
		size_t n = iovs[i].buf_len;
		if (n > file->size - offset)
			n = file->size - offset;
		memcpy(iovs[i].buf, wpk_data(file) + offset, n);
		offset += n;
		*done += n;
	}
	return __WASI_ERRNO_SUCCESS;
}

/* vfs_list writes what is in a folder. A cookie is the number of entries of the range that were listed. */
static __wasi_errno_t vfs_list(const vfs_node *folder, uint8_t *buf, size_t size, uint64_t cookie, __wasi_size_t *used)
{
	if (folder->type != __WASI_FILETYPE_DIRECTORY)
		return __WASI_ERRNO_NOTDIR;
	*used = 0;
	for (uint64_t i = folder->low + cookie; i < folder->high && *used < size;) {
		const char *full = wpk_name(wpk_entries() + i), *name = full + folder->prefix;
		size_t n = strcspn(name, "/");
		__wasi_dirent_t entry = {.d_ino = i + 1, .d_namlen = n, .d_type = __WASI_FILETYPE_REGULAR_FILE};
		if (name[n] == '/') {
			char path[VFS_NAME];
			vfs_node child;
			if (folder->prefix + n >= sizeof path - 1)
				return __WASI_ERRNO_NAMETOOLONG;
			memcpy(path, full, folder->prefix + n);
			if (vfs_lookup(path, folder->prefix + n, &child) != __WASI_ERRNO_SUCCESS || child.high <= i)
				return __WASI_ERRNO_IO;
			entry.d_type = __WASI_FILETYPE_DIRECTORY;
			i = child.high;
		} else {
			i++;
		}
		entry.d_next = i - folder->low;
		size_t room = size - *used, head = room < sizeof entry ? room : sizeof entry;
		memcpy(buf + *used, &entry, head);
		room -= head;
		memcpy(buf + *used + head, name, room < n ? room : n);
		*used += head + (room < n ? room : n);
	}
	return __WASI_ERRNO_SUCCESS;
}

/* vfs_mount makes the roots known to the C library, the last ones it hears of: of two with one name it takes the later. */
static void vfs_mount(void)
{
	for (int i = 0; i < VFS_ROOTS; i++) {
		char name[VFS_NAME];
		strcpy(name, vfs_roots[i]);
		if (vfs_lookup(name, strlen(name), &vfs_nodes[i]) == __WASI_ERRNO_SUCCESS &&
			__wasilibc_register_preopened_fd(VFS_FIRST + i, vfs_roots[i]) != 0)
			__builtin_trap();
	}
}

/* REAL declares the function that the linker puts ours before, and ours. */
#define REAL(name, ...)                                 \
	__wasi_errno_t __real___wasi_##name(__VA_ARGS__); \
	__wasi_errno_t __wrap___wasi_##name(__VA_ARGS__)

REAL(fd_close, __wasi_fd_t fd)
{
	vfs_node *node = vfs_get(fd);
	if (!node)
		return __real___wasi_fd_close(fd);
	if (fd >= VFS_FIRST + VFS_ROOTS)
		node->type = 0;
	return __WASI_ERRNO_SUCCESS;
}

REAL(fd_fdstat_get, __wasi_fd_t fd, __wasi_fdstat_t *stat)
{
	vfs_node *node = vfs_get(fd);
	if (!node)
		return __real___wasi_fd_fdstat_get(fd, stat);
	/* All rights: the C library asks for those only that a folder gives, and path_open below must see a wish to write. */
	*stat = (__wasi_fdstat_t){.fs_filetype = node->type, .fs_rights_base = ~0ull, .fs_rights_inheriting = ~0ull};
	return __WASI_ERRNO_SUCCESS;
}

REAL(fd_fdstat_set_flags, __wasi_fd_t fd, __wasi_fdflags_t flags)
{
	return vfs_get(fd) ? __WASI_ERRNO_SUCCESS : __real___wasi_fd_fdstat_set_flags(fd, flags);
}

REAL(fd_filestat_get, __wasi_fd_t fd, __wasi_filestat_t *stat)
{
	vfs_node *node = vfs_get(fd);
	return node ? vfs_stat(node, stat) : __real___wasi_fd_filestat_get(fd, stat);
}

REAL(fd_read, __wasi_fd_t fd, const __wasi_iovec_t *iovs, size_t count, __wasi_size_t *done)
{
	vfs_node *node = vfs_get(fd);
	if (!node)
		return __real___wasi_fd_read(fd, iovs, count, done);
	__wasi_errno_t error = vfs_read(node, iovs, count, node->offset, done);
	if (error == __WASI_ERRNO_SUCCESS)
		node->offset += *done;
	return error;
}

REAL(fd_pread, __wasi_fd_t fd, const __wasi_iovec_t *iovs, size_t count, __wasi_filesize_t offset, __wasi_size_t *done)
{
	vfs_node *node = vfs_get(fd);
	return node ? vfs_read(node, iovs, count, offset, done) : __real___wasi_fd_pread(fd, iovs, count, offset, done);
}

REAL(fd_readdir, __wasi_fd_t fd, uint8_t *buf, __wasi_size_t size, __wasi_dircookie_t cookie, __wasi_size_t *used)
{
	vfs_node *node = vfs_get(fd);
	return node ? vfs_list(node, buf, size, cookie, used) : __real___wasi_fd_readdir(fd, buf, size, cookie, used);
}

REAL(fd_seek, __wasi_fd_t fd, __wasi_filedelta_t delta, __wasi_whence_t whence, __wasi_filesize_t *offset)
{
	vfs_node *node = vfs_get(fd);
	if (!node)
		return __real___wasi_fd_seek(fd, delta, whence, offset);
	if (node->type == __WASI_FILETYPE_DIRECTORY)
		return __WASI_ERRNO_ISDIR;
	int64_t base = 0;
	if (whence == __WASI_WHENCE_CUR)
		base = node->offset;
	else if (whence == __WASI_WHENCE_END)
		base = wpk_entries()[node->low].size;
	if (__builtin_add_overflow(base, delta, &base) || base < 0)
		return __WASI_ERRNO_INVAL;
	*offset = node->offset = base;
	return __WASI_ERRNO_SUCCESS;
}

REAL(fd_tell, __wasi_fd_t fd, __wasi_filesize_t *offset)
{
	vfs_node *node = vfs_get(fd);
	if (!node)
		return __real___wasi_fd_tell(fd, offset);
	*offset = node->offset;
	return __WASI_ERRNO_SUCCESS;
}

REAL(path_open, __wasi_fd_t fd, __wasi_lookupflags_t follow, const char *path, __wasi_oflags_t flags, __wasi_rights_t rights,
	__wasi_rights_t inheriting, __wasi_fdflags_t fdflags, __wasi_fd_t *opened)
{
	vfs_node *folder = vfs_get(fd), node;
	if (!folder)
		return __real___wasi_path_open(fd, follow, path, flags, rights, inheriting, fdflags, opened);
	__wasi_errno_t error = vfs_resolve(folder, path, &node);
	if (error == __WASI_ERRNO_SUCCESS && flags & __WASI_OFLAGS_CREAT && flags & __WASI_OFLAGS_EXCL)
		return __WASI_ERRNO_EXIST;
	if (error == __WASI_ERRNO_NOENT && flags & __WASI_OFLAGS_CREAT)
		return __WASI_ERRNO_ROFS;
	if (error != __WASI_ERRNO_SUCCESS)
		return error;
	if (flags & __WASI_OFLAGS_DIRECTORY && node.type != __WASI_FILETYPE_DIRECTORY)
		return __WASI_ERRNO_NOTDIR;
	if (flags & __WASI_OFLAGS_TRUNC || rights & __WASI_RIGHTS_FD_WRITE)
		return node.type == __WASI_FILETYPE_DIRECTORY ? __WASI_ERRNO_ISDIR : __WASI_ERRNO_ROFS;
	for (int i = VFS_ROOTS; i < VFS_OPEN; i++) {
		if (vfs_nodes[i].type)
			continue;
		vfs_nodes[i] = node;
		*opened = VFS_FIRST + i;
		return __WASI_ERRNO_SUCCESS;
	}
	return __WASI_ERRNO_MFILE;
}

REAL(path_filestat_get, __wasi_fd_t fd, __wasi_lookupflags_t flags, const char *path, __wasi_filestat_t *stat)
{
	vfs_node *folder = vfs_get(fd), node;
	if (!folder)
		return __real___wasi_path_filestat_get(fd, flags, path, stat);
	__wasi_errno_t error = vfs_resolve(folder, path, &node);
	return error == __WASI_ERRNO_SUCCESS ? vfs_stat(&node, stat) : error;
}

REAL(path_readlink, __wasi_fd_t fd, const char *path, uint8_t *buf, __wasi_size_t size, __wasi_size_t *used)
{
	vfs_node *folder = vfs_get(fd), node;
	if (!folder)
		return __real___wasi_path_readlink(fd, path, buf, size, used);
	__wasi_errno_t error = vfs_resolve(folder, path, &node);
	return error == __WASI_ERRNO_SUCCESS ? __WASI_ERRNO_INVAL : error;
}

/* What would change something: with a descriptor of ours the answer is "read-only file system". */
#define READ_ONLY(name, ours, call, ...)                                           \
	REAL(name, __VA_ARGS__)                                                        \
	{                                                                              \
		return ours ? __WASI_ERRNO_ROFS : __real___wasi_##name call;               \
	}

READ_ONLY(fd_filestat_set_times, vfs_get(fd), (fd, a, m, flags), __wasi_fd_t fd, __wasi_timestamp_t a, __wasi_timestamp_t m,
	__wasi_fstflags_t flags)
READ_ONLY(path_create_directory, vfs_get(fd), (fd, path), __wasi_fd_t fd, const char *path)
READ_ONLY(path_filestat_set_times, vfs_get(fd), (fd, look, path, a, m, flags), __wasi_fd_t fd, __wasi_lookupflags_t look,
	const char *path, __wasi_timestamp_t a, __wasi_timestamp_t m, __wasi_fstflags_t flags)
READ_ONLY(path_link, vfs_get(fd) || vfs_get(to), (fd, look, path, to, target), __wasi_fd_t fd, __wasi_lookupflags_t look,
	const char *path, __wasi_fd_t to, const char *target)
READ_ONLY(path_remove_directory, vfs_get(fd), (fd, path), __wasi_fd_t fd, const char *path)
READ_ONLY(path_rename, vfs_get(fd) || vfs_get(to), (fd, path, to, target), __wasi_fd_t fd, const char *path, __wasi_fd_t to,
	const char *target)
READ_ONLY(path_symlink, vfs_get(fd), (text, fd, path), const char *text, __wasi_fd_t fd, const char *path)
READ_ONLY(path_unlink_file, vfs_get(fd), (fd, path), __wasi_fd_t fd, const char *path)

#endif
