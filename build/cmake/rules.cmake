# Read for each language, after all that CMake knows about it and about the platform.

# There are programs and static libraries, no shared ones: CMake turns SHARED libraries into static ones then.
set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS FALSE)

# CMAKE_AR can be one program only; "zig ar" are two words.
foreach(lang C CXX)
  set(CMAKE_${lang}_CREATE_STATIC_LIBRARY "${WPK_AR} qc <TARGET> <OBJECTS>" "${WPK_RANLIB} <TARGET>")
  unset(CMAKE_${lang}_ARCHIVE_CREATE)
endforeach()
