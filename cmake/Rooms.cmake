# mpreg_room(NAME topic SRCS a.cc b.cc DEPS base [LIBS external...])
#
# One static library per room, named mpreg_<room>. DEPS lists every room that it may include, spelled out:
# the house check (tests/house) reads these lists and the includes and holds one against the other.
function(mpreg_room)
  cmake_parse_arguments(ROOM "" "NAME" "SRCS;DEPS;LIBS" ${ARGN})
  set(target mpreg_${ROOM_NAME})
  add_library(${target} STATIC ${ROOM_SRCS})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM ROOM_DEPS PREPEND mpreg_)
  target_link_libraries(${target} PUBLIC ${ROOM_DEPS} ${ROOM_LIBS})
  set_property(GLOBAL APPEND PROPERTY MPREG_ROOMS ${target})
endfunction()

# mpreg_program(NAME mpreg SRCS mpreg_main.cc ROOMS node net [LIBS external...])
#
# A program that users run. It lands in build/<preset>/bin, where the scripts and the e2e tests look for it.
function(mpreg_program)
  cmake_parse_arguments(P "" "NAME" "SRCS;ROOMS;LIBS" ${ARGN})
  add_executable(${P_NAME} ${P_SRCS})
  list(TRANSFORM P_ROOMS PREPEND mpreg_)
  target_link_libraries(${P_NAME} PRIVATE ${P_ROOMS} ${P_LIBS})
  set_target_properties(${P_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  install(TARGETS ${P_NAME} RUNTIME)
endfunction()

# mpreg_test(NAME topic_tests SRCS a_test.cc ROOMS topic [LIBS external...] [LABELS unit thread]
#            [TIMEOUT seconds] [ARGS arguments...])
#
# One GoogleTest program, known to ctest by its name and labels. The target tests_<label> builds every
# program of a label: a sanitizer run builds what it runs and no more.
function(mpreg_test)
  cmake_parse_arguments(T "" "NAME;TIMEOUT" "SRCS;ROOMS;LIBS;LABELS;ARGS" ${ARGN})
  add_executable(${T_NAME} ${T_SRCS})
  list(TRANSFORM T_ROOMS PREPEND mpreg_)
  target_link_libraries(${T_NAME} PRIVATE ${T_ROOMS} ${T_LIBS} GTest::gtest_main)
  target_include_directories(${T_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  if(NOT T_LABELS)
    set(T_LABELS unit)
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  if(MPREG_SANITIZE)
    math(EXPR T_TIMEOUT "${T_TIMEOUT} * 5")  # Sanitizers cost two to ten times.
  endif()
  add_test(NAME ${T_NAME} COMMAND ${T_NAME} ${T_ARGS})
  set_tests_properties(${T_NAME} PROPERTIES LABELS "${T_LABELS}" TIMEOUT ${T_TIMEOUT})
  if(MPREG_SANITIZE MATCHES "thread")
    set_tests_properties(${T_NAME} PROPERTIES
      ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
  endif()
  foreach(label ${T_LABELS})
    if(NOT TARGET tests_${label})
      add_custom_target(tests_${label})
    endif()
    add_dependencies(tests_${label} ${T_NAME})
  endforeach()
endfunction()

# mpreg_bench(NAME topic_bench SRCS topic_bench.cc ROOMS topic [LIBS external...])
#
# One measuring program; the name ends in _bench, by which scripts/bench finds it. A short run is asked for
# by the environment: BENCHMARK_MIN_TIME (Google Benchmark reads it) and MPREG_BENCH_SMOKE=1 (for a program
# with a main of its own). Nothing is built where MPREG_BENCH is off.
function(mpreg_bench)
  if(NOT MPREG_BENCH)
    return()
  endif()
  cmake_parse_arguments(B "" "NAME" "SRCS;ROOMS;LIBS" ${ARGN})
  if(NOT B_NAME MATCHES "_bench$")
    message(FATAL_ERROR "mpreg_bench: the name ${B_NAME} does not end in _bench")
  endif()
  add_executable(${B_NAME} ${B_SRCS})
  list(TRANSFORM B_ROOMS PREPEND mpreg_)
  target_link_libraries(${B_NAME} PRIVATE ${B_ROOMS} ${B_LIBS} benchmark::benchmark)
  target_include_directories(${B_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
endfunction()
