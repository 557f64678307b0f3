/*
 * CPython as a runtime of wpk: the start, with and without a snapshot. What comes after is Python: _wpkboot.py.
 * Compiled together with wpkblob.h, which has the exports, and vfs.h, which has the program's files.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <sqlite3.h>
#include <unistd.h>

#include "../wpkblob.h"
#include "vfs.h"
#include "wpkboot.h" /* _wpkboot and _wpkservice, compiled by the recipe */

static PyObject *boot; /* the module _wpkboot */

/*
 * How deep C code of Python may call itself. CPython allows 5000 for WASI, which is what Wasmtime bears: V8 has 1 MB of
 * stack, wazero's interpreter 2000 frames, and there an overflow ends the process where RecursionError should be raised.
 */
enum { RECURSION = 600 };

/* wpk_environ is os.environ's raw material: the C library's idea of the environment, as bytes. */
static PyObject *wpk_environ(PyObject *self, PyObject *none)
{
	PyObject *all = PyDict_New();
	for (char **entry = __wasilibc_get_environ(); all && entry && *entry; entry++) {
		const char *equals = strchr(*entry, '=');
		if (!equals)
			continue;
		PyObject *name = PyBytes_FromStringAndSize(*entry, equals - *entry);
		PyObject *value = PyBytes_FromString(equals + 1);
		if (!name || !value || (!PyDict_Contains(all, name) && PyDict_SetItem(all, name, value) < 0))
			Py_CLEAR(all);
		Py_XDECREF(name);
		Py_XDECREF(value);
	}
	return all;
}

/* wpk_main is the blob's entry that says what to run. */
static PyObject *wpk_main(PyObject *self, PyObject *none)
{
	const wpk_entry *entry = wpk_find(".main");
	if (!entry) {
		PyErr_SetString(PyExc_SystemError, "the program has no entry .main");
		return NULL;
	}
	return PyUnicode_DecodeUTF8((const char *)wpk_data(entry), entry->size, NULL);
}

static PyMethodDef wpk_methods[] = {
	{"environ", wpk_environ, METH_NOARGS, NULL},
	{"main", wpk_main, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};
static struct PyModuleDef wpk_module = {PyModuleDef_HEAD_INIT, .m_name = "_wpk", .m_size = -1, .m_methods = wpk_methods};

static PyObject *wpk_import(void) { return PyModule_Create(&wpk_module); }

static void fail(PyStatus status)
{
	if (PyStatus_IsExit(status))
		exit(status.exitcode);
	fprintf(stderr, "python does not start: %s: %s\n", status.func ? status.func : "", status.err_msg ? status.err_msg : "");
	exit(WPK_EXIT_START_UP);
}

static void check(PyStatus status)
{
	if (PyStatus_Exception(status))
		fail(status);
}

/* frozen_modules: the two of the runtime, then those of the blob. Python looks names up from the front. */
static void frozen_modules(void)
{
	const size_t own = sizeof wpk_boot_modules / sizeof *wpk_boot_modules;
	struct _frozen *table = calloc(own + wpk_count() + 1, sizeof *table);
	if (!table)
		fail(PyStatus_NoMemory());
	memcpy(table, wpk_boot_modules, sizeof wpk_boot_modules);
	size_t n = own;
	for (uint32_t i = 0; i < wpk_count(); i++) {
		const wpk_entry *entry = wpk_entries() + i;
		if (entry->flags & WPK_FROZEN)
			table[n++] = (struct _frozen){wpk_name(entry), wpk_data(entry), entry->size, (entry->flags & WPK_PACKAGE) != 0};
	}
	PyImport_FrozenModules = table;
}

/* is_service: wpk runs this while it builds, in an engine with much stack, to compile sources that may be deep. */
static int is_service(void)
{
	const wpk_entry *entry = wpk_find(".main");
	return entry && !strncmp((const char *)wpk_data(entry), "service ", 8);
}

static void configure(PyConfig *config, int snapshot)
{
	PyConfig_InitIsolatedConfig(config);
	config->site_import = 0;
	config->install_signal_handlers = 0;
	config->pathconfig_warnings = 0;
	config->write_bytecode = 0;
	config->parse_argv = 0;
	config->module_search_paths_set = 1; /* _wpkboot sets sys.path */
	if (snapshot || is_service()) {
		/* The seed of str's hash is part of what is frozen; and services answer with the same bytes each time. */
		config->use_hash_seed = 1;
		config->hash_seed = 0;
	}
	const struct {
		wchar_t **field;
		const wchar_t *value;
	} strings[] = {
		{&config->program_name, L"python3"},
		{&config->home, L"/usr"},
		{&config->executable, L""},
		{&config->base_executable, L""},
		{&config->prefix, L"/usr"},
		{&config->base_prefix, L"/usr"},
		{&config->exec_prefix, L"/usr"},
		{&config->base_exec_prefix, L"/usr"},
		{&config->stdlib_dir, L"/usr/lib/python3.13"},
		{&config->stdio_encoding, L"utf-8"},
		{&config->stdio_errors, L"surrogateescape"},
	};
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		check(PyConfig_SetString(config, strings[i].field, strings[i].value));
}

static int sqlite_random(sqlite3_vfs *vfs, int n, char *buffer) { return getentropy(buffer, n < 256 ? n : 256) ? 0 : n; }

/*
 * forget overwrites what a snapshot would keep for nothing: the stack below the caller, and memory that was given back.
 * Blocks of falling sizes are taken until the memory grows, which shows that no free one is left of that size.
 */
static void forget(void)
{
	size_t pages = __builtin_wasm_memory_size(0);
	void *taken = NULL;
	for (size_t size = 1 << 20; size >= 64; size /= 2) {
		void *block;
		while (__builtin_wasm_memory_size(0) == pages && (block = malloc(size))) {
			memset(block, 0, size);
			*(void **)block = taken;
			taken = block;
		}
		pages = __builtin_wasm_memory_size(0);
	}
	while (taken) {
		void *next = *(void **)taken;
		free(taken);
		taken = next;
	}
	char *end = (char *)__builtin_frame_address(0) - 64;
	for (volatile char *at = (char *)sizeof(void *); at < end; at++)
		*at = 0;
}

static void wpk_start_up(int snapshot)
{
	vfs_mount();
	frozen_modules();
	PyImport_AppendInittab("_wpk", wpk_import);
	PyPreConfig preconfig;
	PyPreConfig_InitIsolatedConfig(&preconfig);
	preconfig.utf8_mode = 1;
	check(Py_PreInitialize(&preconfig));
	PyConfig config;
	configure(&config, snapshot);
	check(Py_InitializeFromConfig(&config));
	PyConfig_Clear(&config);
	if (!is_service())
		PyThreadState_Get()->c_recursion_remaining -= Py_C_RECURSION_LIMIT - RECURSION;
	sqlite3_vfs_find(NULL)->xRandomness = sqlite_random; /* its own knows the time only */
	boot = PyImport_ImportModule("_wpkboot");
	PyObject *done = boot ? PyObject_CallMethod(boot, "start", "i", snapshot) : NULL;
	if (!done) {
		PyErr_Print();
		exit(WPK_EXIT_START_UP);
	}
	Py_DECREF(done);
	if (snapshot)
		forget();
}

/* own_frames drops the frames of _wpkboot from the traceback that is to be printed. */
static void own_frames(void)
{
	PyObject *error = PyErr_GetRaisedException(), *shown = PyObject_CallMethod(boot, "shown", "O", error);
	if (shown)
		PyException_SetTraceback(error, shown);
	else
		PyErr_Clear();
	Py_XDECREF(shown);
	PyErr_SetRaisedException(error);
}

static int wpk_program(int argc, char **argv, int resumed)
{
	if (resumed)
		vfs_mount();
	sqlite3_randomness(0, NULL); /* forget what was drawn before the snapshot */
	PyObject *arguments = PyList_New(0);
	for (int i = 0; arguments && i < argc; i++) {
		PyObject *argument = PyUnicode_DecodeFSDefault(argv[i]);
		if (!argument || PyList_Append(arguments, argument) < 0)
			Py_CLEAR(arguments);
		Py_XDECREF(argument);
	}
	PyObject *done = arguments ? PyObject_CallMethod(boot, "run", "Oi", arguments, resumed) : NULL;
	int code = 0;
	if (!done) {
		code = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) ? 130 : 1;
		own_frames();
		PyErr_Print(); /* exits when it is SystemExit */
	}
	Py_XDECREF(done);
	Py_XDECREF(arguments);
	return Py_FinalizeEx() < 0 ? 120 : code;
}
