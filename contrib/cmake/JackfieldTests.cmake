# How tests are declared. Each bears the name of its build ("unit_media.asan"), so that one ctest runs several builds.
get_filename_component(JACKFIELD_BUILD_NAME ${CMAKE_BINARY_DIR} NAME)
set(JACKFIELD_SHUFFLED runtime channel bridge dialplan dialplan_modules chan_local)
set(JACKFIELD_SLOWNESS 1)  # sanitizers stretch the deadlines of scenarios, not the expectations
if(JACKFIELD_SANITIZE)
    set(JACKFIELD_SLOWNESS 4)
endif()

# jackfield_test(NAME LABEL COMMAND command ... [FOLDER working-directory] [SLOTS count] [ENVIRONMENT name=value ...])
function(jackfield_test name label)
    cmake_parse_arguments(ARG "" "FOLDER;SLOTS" "COMMAND;ENVIRONMENT" ${ARGN})
    set(test ${name}.${JACKFIELD_BUILD_NAME})
    if(NOT ARG_FOLDER)
        set(ARG_FOLDER ${CMAKE_CURRENT_BINARY_DIR})
    endif()
    add_test(NAME ${test} COMMAND ${ARG_COMMAND} WORKING_DIRECTORY ${ARG_FOLDER})
    # tests/run makes each build in a test of its own, so that builds and tests share the machine; elsewhere nobody sets it up.
    set_tests_properties(${test} PROPERTIES LABELS ${label} TIMEOUT 900 FIXTURES_REQUIRED built_${JACKFIELD_BUILD_NAME}
                         ENVIRONMENT "${ARG_ENVIRONMENT}")
    if(ARG_SLOTS)
        set_tests_properties(${test} PROPERTIES RESOURCE_GROUPS "1,scenarios:${ARG_SLOTS}")
    endif()
endfunction()

# jackfield_unit_tests(NAME [SOURCES ...] [OBJECTS ...] [MODULES regex] [LIBRARIES ...]): the program unit_NAME, made of
# tests/unit/core/NAME/*_test.cpp by default and linked with that floor and those below it. With OBJECTS (object libraries
# of modules) or MODULES (built modules that the test loads, which are built first) it has the whole core.
function(jackfield_unit_tests name)
    cmake_parse_arguments(ARG "" "MODULES" "SOURCES;OBJECTS;LIBRARIES" ${ARGN})
    set(sources ${ARG_SOURCES})
    if(NOT sources)
        file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/core/${name}/*_test.cpp)
    endif()
    if(NOT sources)
        return()
    endif()
    add_executable(unit_${name} ${sources} ${CMAKE_SOURCE_DIR}/tests/unit/main.cpp)
    target_compile_definitions(unit_${name} PRIVATE JF_SOURCE_DIR="${CMAKE_SOURCE_DIR}" JF_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data"
                               JACKFIELD_MODULE_OUTPUT="${JACKFIELD_MODULE_OUTPUT}")
    target_link_libraries(unit_${name} PRIVATE PkgConfig::CPPUNIT ${ARG_LIBRARIES})
    jackfield_precompile(unit_${name} test)
    target_compile_options(unit_${name} PRIVATE -O0)  # what is tested is optimised; the test itself need not be
    set_target_properties(unit_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    target_compile_definitions(unit_${name} PRIVATE CPPUNIT_UNIQUE_COUNTER=__COUNTER__)  # by default the line, which two files can share
    if(ARG_OBJECTS OR ARG_MODULES)
        foreach(objects IN LISTS ARG_OBJECTS)
            target_sources(unit_${name} PRIVATE $<TARGET_OBJECTS:${objects}>)
        endforeach()
        target_link_libraries(unit_${name} PRIVATE jackfield_core ${CMAKE_DL_LIBS})
        if(ARG_MODULES)
            get_property(modules GLOBAL PROPERTY JACKFIELD_MODULES)
            list(FILTER modules INCLUDE REGEX "${ARG_MODULES}")
            add_dependencies(unit_${name} ${modules})
        endif()
    elseif(name IN_LIST JACKFIELD_FLOORS)
        foreach(floor IN LISTS JACKFIELD_FLOORS)
            if(TARGET core_${floor})
                target_link_libraries(unit_${name} PRIVATE core_${floor})
            endif()
            if(floor STREQUAL name)
                break()
            endif()
        endforeach()
    endif()
    jackfield_test(unit_${name} unit COMMAND unit_${name})
    if(name IN_LIST JACKFIELD_SHUFFLED)  # once more with the fibers' run queue shuffled and a yield at every wait
        jackfield_test(unit_${name}_shuffled unit COMMAND unit_${name} ENVIRONMENT JACKFIELD_SHUFFLE=20261121)
    endif()
endfunction()

# jackfield_scenario(NAME SCRIPT [ENVIRONMENT name=value ...]): tests/scenario/SCRIPT.py, a real daemon with real peers.
# Two at a time (tests/slots.json): their deadlines are those of people, and two cores are few. The load run wants to be the only
# one, except under sanitizers, where it makes a tenth of the load.
function(jackfield_scenario name script)
    cmake_parse_arguments(ARG "" "" "ENVIRONMENT" ${ARGN})
    set(slots 1)
    if(script STREQUAL "load_test" AND NOT JACKFIELD_SANITIZE)
        set(slots 2)
    endif()
    jackfield_test(scenario_${name} scenario COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/scenario/${script}.py
        FOLDER ${CMAKE_SOURCE_DIR}/tests/scenario SLOTS ${slots} ENVIRONMENT JACKFIELD_BUILD=${CMAKE_BINARY_DIR}
        JACKFIELD_SLOWNESS=${JACKFIELD_SLOWNESS} PYTHONDONTWRITEBYTECODE=1 ASAN_OPTIONS=detect_stack_use_after_return=0
        ${ARG_ENVIRONMENT})
endfunction()
