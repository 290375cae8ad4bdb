# The floors of core/ (lowest first). Each is an object library; libjackfield.so is made of all of them.
set(JACKFIELD_FLOORS base config runtime module media channel bridge dialplan console)

# jackfield_floor(NAME [LIBRARIES ...]): every .cpp file in core/NAME.
function(jackfield_floor name)
    cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/core/${name}/*.cpp)
    if(NOT sources)
        return()
    endif()
    add_library(core_${name} OBJECT ${sources})
    target_link_libraries(core_${name} PUBLIC Threads::Threads PkgConfig::FMT ${ARG_LIBRARIES})
    target_compile_options(core_${name} PRIVATE -fno-semantic-interposition)  # as the library is linked
    jackfield_precompile(core_${name} core)
    set_property(GLOBAL APPEND PROPERTY JACKFIELD_FLOOR_TARGETS core_${name})
endfunction()
