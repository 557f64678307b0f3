# The toolchain file for WebAssembly with WASI, https://cmake.org/cmake/help/latest/manual/cmake-toolchains.7.html
# wpk writes settings.cmake beside it: WPK_FOLDER, WPK_SYSROOT, WPK_AR, WPK_RANLIB and the compilers.
list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
include("${CMAKE_CURRENT_LIST_DIR}/settings.cmake")

set(CMAKE_SYSTEM_NAME WASI)
set(CMAKE_SYSTEM_PROCESSOR wasm32)

# A C project that forgets to say LANGUAGES C asks for C++, too. It shall not fail because libc++ is missing.
set(CMAKE_CXX_COMPILER_WORKS TRUE)

# Look for programs on this machine; for libraries, headers and packages only where WebAssembly is: otherwise a
# project would find this machine's zlib. The project's own folders are part of that.
set(CMAKE_FIND_ROOT_PATH "${WPK_FOLDER}" ${WPK_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set(CMAKE_USER_MAKE_RULES_OVERRIDE "${CMAKE_CURRENT_LIST_DIR}/rules.cmake")

# No PROJECT_INCLUDE of the caller is overwritten: wpk removes CMAKE_* from the environment.
set(CMAKE_PROJECT_INCLUDE "${CMAKE_CURRENT_LIST_DIR}/libraries.cmake")
