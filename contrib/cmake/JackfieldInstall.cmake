# The usual layout. With the default prefix /usr: /etc/jackfield, /usr/sbin/jackfield, /usr/lib/jackfield/modules,
# /usr/include/jackfield, /usr/share/jackfield, /var/{lib,spool,log,run}/jackfield; below any other prefix the same with
# PREFIX/etc and PREFIX/var, where the daemon looks for them by itself.
include(CMakePackageConfigHelpers)

set(JACKFIELD_CONFIG_PACKAGE ${CMAKE_INSTALL_LIBDIR}/cmake/Jackfield)

# Samples never replace what an administrator wrote: a file that is there gets its sample beside it as NAME.sample.
install(CODE "
    set(folder \"${CMAKE_INSTALL_SYSCONFDIR}/jackfield\")
    if(NOT IS_ABSOLUTE \"\${folder}\")
        if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
            set(folder \"/\${folder}\")
        else()
            set(folder \"\${CMAKE_INSTALL_PREFIX}/\${folder}\")
        endif()
    endif()
    set(folder \"\$ENV{DESTDIR}\${folder}\")
    file(GLOB samples \"${CMAKE_SOURCE_DIR}/configs/*.conf\")
    file(MAKE_DIRECTORY \"\${folder}\")
    foreach(sample IN LISTS samples)
        get_filename_component(name \"\${sample}\" NAME)
        if(EXISTS \"\${folder}/\${name}\")
            configure_file(\"\${sample}\" \"\${folder}/\${name}.sample\" COPYONLY)
        else()
            configure_file(\"\${sample}\" \"\${folder}/\${name}\" COPYONLY)
        endif()
        message(STATUS \"Configuration: \${folder}/\${name}\")
    endforeach()
    if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
        set(state \"\$ENV{DESTDIR}/var\")
    else()
        set(state \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/var\")
    endif()
    foreach(name IN ITEMS lib spool log cache)
        file(MAKE_DIRECTORY \"\${state}/\${name}/jackfield\")
    endforeach()
")

# What the daemon reads at run time.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/sounds/ DESTINATION ${CMAKE_INSTALL_DATADIR}/jackfield/sounds USE_SOURCE_PERMISSIONS)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/configs/demo DESTINATION ${CMAKE_INSTALL_DATADIR}/jackfield OPTIONAL)

# The SDK: the core's headers, and of the modules those that declare a service.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/core DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/jackfield
    FILES_MATCHING PATTERN "*.hpp" PATTERN "main" EXCLUDE PATTERN "*_private.hpp" EXCLUDE)
file(GLOB_RECURSE leaf_headers RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/apps/*.hpp ${CMAKE_SOURCE_DIR}/channels/*.hpp ${CMAKE_SOURCE_DIR}/codecs/*.hpp
    ${CMAKE_SOURCE_DIR}/modules/*.hpp)
foreach(header IN LISTS leaf_headers)
    file(STRINGS ${CMAKE_SOURCE_DIR}/${header} service REGEX "std::string_view service_name" LIMIT_COUNT 1)
    if(service)
        get_filename_component(folder ${header} DIRECTORY)
        install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/jackfield/${folder})
    endif()
endforeach()

configure_package_config_file(${CMAKE_SOURCE_DIR}/contrib/cmake/JackfieldConfig.cmake.in
    ${CMAKE_BINARY_DIR}/JackfieldConfig.cmake INSTALL_DESTINATION ${JACKFIELD_CONFIG_PACKAGE}
    PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/JackfieldConfigVersion.cmake COMPATIBILITY SameMinorVersion)
# The prefix is known only when installing (cmake --install --prefix).
install(CODE "
    set(prefix \"\${CMAKE_INSTALL_PREFIX}\")
    set(CMAKE_INSTALL_INCLUDEDIR \"${CMAKE_INSTALL_INCLUDEDIR}\")
    set(CMAKE_INSTALL_LIBDIR \"${CMAKE_INSTALL_LIBDIR}\")
    set(PROJECT_VERSION \"${PROJECT_VERSION}\")
    configure_file(\"${CMAKE_SOURCE_DIR}/contrib/cmake/jackfield.pc.in\" \"${CMAKE_BINARY_DIR}/jackfield.pc\" @ONLY)
")
install(FILES ${CMAKE_BINARY_DIR}/jackfield.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${CMAKE_BINARY_DIR}/JackfieldConfig.cmake ${CMAKE_BINARY_DIR}/JackfieldConfigVersion.cmake
    ${CMAKE_SOURCE_DIR}/contrib/cmake/JackfieldModule.cmake DESTINATION ${JACKFIELD_CONFIG_PACKAGE})
