# Installation: filled in below core/ and the leaves; see contrib/cmake/JackfieldConfig.cmake.in.
