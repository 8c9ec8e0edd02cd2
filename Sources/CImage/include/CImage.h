// stb_image for Swift: `Datasets` decodes PNG, JPEG, BMP and PGM/PPM files through stbi_info_from_memory and
// stbi_load_from_memory. Compiled into CImage.c, so no library is needed at run time.
#ifndef LOCKSTEP_CIMAGE_H
#define LOCKSTEP_CIMAGE_H

#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_PNM
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_FAILURE_USERMSG
#define STBI_MAX_DIMENSIONS 16384

#include <stb/stb_image.h>

#endif
