/* What the files of the JavaScript runtime share. */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

/* The names of modules: those of lib/ and the functions below begin with LIB_PREFIX, the program is PROGRAM. */
#define LIB_PREFIX "wpk:"
#define NATIVE "wpk:native"
#define PROGRAM "main.js"

/* engine.c: what needs QuickJS's insides */
void engine_seed(JSContext *ctx, uint64_t seed); /* of Math.random */
void engine_program(const char *source, size_t size); /* the text that stays where it is */

/* stack.c: the stack of an error as people expect it; called by QuickJS itself, see recipe.sh */
JSValue stack_text(JSContext *ctx, JSValueConst error, const char *frames);
void stack_map(const unsigned char *map, uint32_t size); /* where each piece of PROGRAM comes from */

/* native.c, files.c, text.c: the functions of the module NATIVE */
JSModuleDef *native_module(JSContext *ctx);
int native_files(JSContext *ctx, JSModuleDef *m, int declare);
int native_text(JSContext *ctx, JSModuleDef *m, int declare);
int native_engine(JSContext *ctx, JSModuleDef *m, int declare);
void native_arguments(int argc, char **argv);

/* text.c */
JSValue text_decode(JSContext *ctx, const uint8_t *bytes, size_t size);

/* program.c: an entry of the blob, or NULL */
const unsigned char *program_entry(const char *name, uint32_t *size);

/* bytes_of: the part of an ArrayBuffer that three arguments name: buffer, offset, length. NULL after an exception. */
uint8_t *bytes_of(JSContext *ctx, JSValueConst *argv, size_t *size);

#endif
