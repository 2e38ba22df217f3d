# What find_package(callpy) reads:
#
#     find_package(callpy REQUIRED)
#     target_link_libraries(program PRIVATE callpy::callpy)     # the shared library, if it is installed
#     target_link_libraries(program PRIVATE callpy::static)     # the static one
include(CMakeFindDependencyMacro)
find_dependency(Threads)

# The folder that has include and lib, wherever it was moved to.
get_filename_component(callpy_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET callpy::static)
    add_library(callpy::static STATIC IMPORTED)
    set_target_properties(callpy::static PROPERTIES
        IMPORTED_LOCATION "${callpy_PREFIX}/lib/libcallpy_c.a"
        INTERFACE_INCLUDE_DIRECTORIES "${callpy_PREFIX}/include"
        INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};m")

    set(callpy_SHARED "${callpy_PREFIX}/lib/${CMAKE_SHARED_LIBRARY_PREFIX}callpy_c${CMAKE_SHARED_LIBRARY_SUFFIX}")
    if(EXISTS "${callpy_SHARED}")
        add_library(callpy::callpy SHARED IMPORTED)
        set_target_properties(callpy::callpy PROPERTIES
            IMPORTED_LOCATION "${callpy_SHARED}"
            INTERFACE_INCLUDE_DIRECTORIES "${callpy_PREFIX}/include")
    else()
        add_library(callpy::callpy INTERFACE IMPORTED)
        set_target_properties(callpy::callpy PROPERTIES INTERFACE_LINK_LIBRARIES callpy::static)
    endif()
    unset(callpy_SHARED)
endif()
