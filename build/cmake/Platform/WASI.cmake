# What CMake needs to know about the platform. Releases from about 4 on have a file like this of their own, and take
# it before ours; so what must hold with all of them is in rules.cmake.
set(WASI 1)
set(CMAKE_EXECUTABLE_SUFFIX ".wasm")
set(CMAKE_STATIC_LIBRARY_PREFIX "lib")
set(CMAKE_STATIC_LIBRARY_SUFFIX ".a")
