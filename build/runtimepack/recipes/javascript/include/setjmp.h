/* QuickJS's dtoa.c includes this and uses nothing of it; wasi-libc has it only where exceptions are enabled. */
