# Compiler, linker and sanitizer settings, and the libraries that the core itself needs.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

option(JACKFIELD_TESTS "Build the tests" ON)
option(JACKFIELD_FUZZ "Build the libFuzzer targets (clang only)" OFF)
set(JACKFIELD_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")
set(JACKFIELD_ABI_SUFFIX "" CACHE STRING "Text added to the ABI tag; a test builds a module that must be refused")

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()

set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
add_compile_options(-Wall -Wextra -Wno-missing-field-initializers -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
# No GNU-unique symbols: one of them in a module makes its shared object impossible to unmap.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fno-gnu-unique -Wno-psabi)
    if(CMAKE_UNITY_BUILD)
        add_compile_options(-Wno-subobject-linkage)  # an unnamed namespace is none of the "main" file's then
        # A dozen files at once fill more memory than the compiler takes by itself before it looks for garbage: a tenth of its time.
        cmake_host_system_information(RESULT memory_mib QUERY TOTAL_PHYSICAL_MEMORY)
        if(memory_mib GREATER 7000)
            add_compile_options("SHELL:--param ggc-min-heapsize=1000000")
        endif()
    endif()
endif()
if(JACKFIELD_SANITIZE)
    add_compile_options(-fsanitize=${JACKFIELD_SANITIZE} -fno-omit-frame-pointer)
    if(JACKFIELD_SANITIZE MATCHES "undefined")
        # A null pointer is found by its use anyway; these checks stand at every ->, as do those of alignment, which the fuzz
        # targets (where bytes of strangers are parsed) keep.
        add_compile_options(-fno-sanitize=null,vptr)
        if(NOT JACKFIELD_FUZZ)
            add_compile_options(-fno-sanitize=alignment)
        endif()
    endif()
    add_link_options(-fsanitize=${JACKFIELD_SANITIZE})
endif()
if(JACKFIELD_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link -O1)
endif()
include_directories(${CMAKE_SOURCE_DIR})

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(JACKFIELD_MODULE_OUTPUT ${CMAKE_BINARY_DIR}/modules)
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};$ORIGIN/../../../${CMAKE_INSTALL_LIBDIR}")

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS context)
pkg_check_modules(FMT REQUIRED IMPORTED_TARGET fmt)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(EDIT REQUIRED IMPORTED_TARGET libedit)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)
pkg_check_modules(XML2 REQUIRED IMPORTED_TARGET libxml-2.0)
find_library(SPANDSP_LIBRARY spandsp REQUIRED)

# All presets but debug compile a dozen files of a target at once (CMAKE_UNITY_BUILD), and unit tests are always compiled
# so: it takes half the time. Hence names in anonymous namespaces differ among the files of a target.
#
# Reading the standard library's headers is three quarters of a compilation: three precompiled headers are shared, for the
# core, for modules (which hide their symbols; the options must match) and for tests. The preset `debug` has none, so it
# proves that each file includes what it needs.
option(JACKFIELD_PRECOMPILE "Precompile headers (g++ only)" ON)
if(JACKFIELD_PRECOMPILE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set(CMAKE_CXX_COMPILE_OPTIONS_PIE -fPIC)  # all with the same options
    add_compile_options(-pthread)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cpp CONTENT "")
    set(precompiled_standard <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <cstring> <deque> <filesystem> <fstream>
        <functional> <map> <memory> <mutex> <optional> <random> <set> <span> <string> <string_view> <thread> <unordered_map>
        <utility> <vector> <fmt/format.h>)
    set(kinds core module)
    if(JACKFIELD_TESTS)
        list(APPEND kinds test)
    endif()
    foreach(kind IN LISTS kinds)
        add_library(precompiled_${kind} OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
        target_link_libraries(precompiled_${kind} PUBLIC PkgConfig::FMT)
        target_precompile_headers(precompiled_${kind} PRIVATE ${precompiled_standard})
    endforeach()
    target_compile_options(precompiled_core PRIVATE -fno-semantic-interposition)
    target_precompile_headers(precompiled_module PRIVATE ${CMAKE_SOURCE_DIR}/core/sdk.hpp)
    target_compile_options(precompiled_module PRIVATE -fvisibility=hidden -fvisibility-inlines-hidden)
    if(JACKFIELD_TESTS)
        target_precompile_headers(precompiled_test PRIVATE <cppunit/extensions/HelperMacros.h> ${CMAKE_SOURCE_DIR}/core/sdk.hpp)
        target_compile_options(precompiled_test PRIVATE -O0)
        target_compile_definitions(precompiled_test PRIVATE CPPUNIT_UNIQUE_COUNTER=__COUNTER__)
    endif()
endif()
# jackfield_precompile(TARGET core|module|test): where there are precompiled headers, the target takes that one.
function(jackfield_precompile target kind)
    if(TARGET precompiled_${kind})
        target_precompile_headers(${target} REUSE_FROM precompiled_${kind})
        target_compile_options(${target} PRIVATE -fpch-preprocess)  # ccache wants it
    endif()
endfunction()
