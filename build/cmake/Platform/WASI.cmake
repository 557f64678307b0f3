# What CMake needs to know about the platform: one that has programs and static libraries, and no shared ones.
# CMake turns SHARED libraries into static ones then. Newer releases bring a file like this.
set(WASI 1)
set(CMAKE_EXECUTABLE_SUFFIX ".wasm")
set(CMAKE_STATIC_LIBRARY_PREFIX "lib")
set(CMAKE_STATIC_LIBRARY_SUFFIX ".a")
set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS FALSE)

# CMAKE_AR can be one program only; "zig ar" are two words.
foreach(lang C CXX)
  set(CMAKE_${lang}_CREATE_STATIC_LIBRARY "${WPK_AR} qc <TARGET> <OBJECTS>" "${WPK_RANLIB} <TARGET>")
  unset(CMAKE_${lang}_ARCHIVE_CREATE)
endforeach()
