# What cmake --install puts into a prefix for those who build on mpreg: two archives, the public headers, and
# packages for CMake (find_package(mpreg): mpreg::mpreg, mpreg::testing) and pkg-config (mpreg, mpreg-testing).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
find_package(tomlplusplus REQUIRED)

# The public headers include a few of the rooms. Installed, everything lies under mpreg/ and is named so: nothing
# of a user's can be taken for it.
set(public_headers
  base/error.h base/frame.h base/time.h coherence/protocols.h coherence/resolvers.h
  message/apply_failure.h message/body.h message/cache_key.h message/cache_messages.h message/cache_statistics.h
  message/coherence_protocol.h message/pubsub_messages.h message/resolver.h message/session_messages.h message/vector_clock.h
  stream/frontier.h stream/hybrid_clock.h stream/ranges.h stream/stream_id.h)
set(staged ${CMAKE_BINARY_DIR}/include)

function(stage_header from to)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${from})
  file(READ ${from} text)
  string(REGEX REPLACE "#include \"(base|coherence|message|stream)/" "#include \"mpreg/\\1/" text "${text}")
  file(CONFIGURE OUTPUT ${staged}/mpreg/${to} CONTENT "${text}" @ONLY)
endfunction()

foreach(header ${public_headers})
  stage_header(${CMAKE_SOURCE_DIR}/src/${header} ${header})
endforeach()
foreach(folder client broker)
  file(GLOB headers RELATIVE ${CMAKE_SOURCE_DIR}/${folder}/include/mpreg CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/${folder}/include/mpreg/*.h)
  foreach(header ${headers})
    stage_header(${CMAKE_SOURCE_DIR}/${folder}/include/mpreg/${header} ${header})
  endforeach()
endforeach()

# mpreg_archive(NAME file-name ROOMS ...): one static library of several rooms.
function(mpreg_archive target)
  cmake_parse_arguments(A "" "NAME" "ROOMS;LIBS" ${ARGN})
  set(objects)
  foreach(room ${A_ROOMS})
    list(APPEND objects $<TARGET_OBJECTS:mpreg_${room}>)
  endforeach()
  add_library(${target} STATIC ${objects})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${A_NAME} LINKER_LANGUAGE CXX)
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_link_libraries(${target} PRIVATE ${A_LIBS})
  install(TARGETS ${target} EXPORT mpreg-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

mpreg_archive(mpreg_sdk NAME mpreg
  ROOMS base topic metrics stream message wire exchange net session store coherence near loading client
  LIBS PkgConfig::ZMQ Threads::Threads)
mpreg_archive(mpreg_sdk_testing NAME mpreg-testing
  ROOMS federation disk node broker
  LIBS spdlog::spdlog tomlplusplus::tomlplusplus)
target_link_libraries(mpreg_sdk_testing PUBLIC mpreg_sdk)
set_target_properties(mpreg_sdk PROPERTIES EXPORT_NAME mpreg)
set_target_properties(mpreg_sdk_testing PROPERTIES EXPORT_NAME testing)

install(DIRECTORY ${staged}/mpreg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT mpreg-targets NAMESPACE mpreg:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mpreg)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/mpreg-config.cmake.in mpreg-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mpreg)
write_basic_package_version_file(mpreg-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mpreg-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/mpreg-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mpreg)
# The packages of pkg-config move with their prefix.
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(package mpreg mpreg-testing)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${package}.pc.in ${package}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${package}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
