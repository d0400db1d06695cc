# Warnings, sanitizers, and the faster compiler cache and linker where they are installed.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, RelWithDebInfo or Release" FORCE)
endif()
find_program(MPREG_CCACHE ccache)
if(MPREG_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths relative to the checkout, so that another checkout of the same sources finds the results.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${MPREG_CCACHE})
endif()
find_program(MPREG_MOLD mold)
if(MPREG_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast
                    -Wnon-virtual-dtor)
if(MPREG_WERROR)
  add_compile_options(-Werror)
endif()
if(MPREG_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_definitions(_GLIBCXX_ASSERTIONS)  # The standard library checks its preconditions.
endif()
if(MPREG_SANITIZE)
  add_compile_options(-fsanitize=${MPREG_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MPREG_SANITIZE})
  # GCC 12 reports false positives of these under sanitizers.
  add_compile_options(-Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds)
endif()
