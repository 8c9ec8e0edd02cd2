// The one place where stb_image is compiled. Its own warnings are not ours to fix.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#define STB_IMAGE_IMPLEMENTATION
#include "CImage.h"
#pragma clang diagnostic pop
