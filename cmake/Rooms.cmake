# mpreg_room(NAME topic SRCS a.cc b.cc DEPS base [LIBS external...])
#
# One static library per room, named mpreg_<room>. DEPS lists every room that it may include: the house
# check (tests/house) reads these lists and the includes and holds one against the other.
function(mpreg_room)
  cmake_parse_arguments(ROOM "" "NAME" "SRCS;DEPS;LIBS" ${ARGN})
  set(target mpreg_${ROOM_NAME})
  add_library(${target} STATIC ${ROOM_SRCS})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM ROOM_DEPS PREPEND mpreg_)
  target_link_libraries(${target} PUBLIC ${ROOM_DEPS} ${ROOM_LIBS})
  set_property(GLOBAL APPEND PROPERTY MPREG_ROOMS ${target})
endfunction()

# mpreg_test(NAME topic_tests SRCS a_test.cc ROOMS topic [LABELS unit])
#
# One GoogleTest program, each of its cases known to ctest under the program's label.
function(mpreg_test)
  cmake_parse_arguments(T "" "NAME;TIMEOUT" "SRCS;ROOMS;LIBS;LABELS;ARGS" ${ARGN})
  add_executable(${T_NAME} ${T_SRCS})
  list(TRANSFORM T_ROOMS PREPEND mpreg_)
  target_link_libraries(${T_NAME} PRIVATE ${T_ROOMS} ${T_LIBS} GTest::gtest_main)
  target_include_directories(${T_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(${T_NAME} PRIVATE MPREG_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(NOT T_LABELS)
    set(T_LABELS unit)
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  add_test(NAME ${T_NAME} COMMAND ${T_NAME} ${T_ARGS})
  set_tests_properties(${T_NAME} PROPERTIES LABELS "${T_LABELS}" TIMEOUT ${T_TIMEOUT})
endfunction()
