// Pictures for Swift: `Datasets` decodes PNG by libpng and JPEG by libjpeg. Both report errors by longjmp, which stays
// within these two functions.
#ifndef LOCKSTEP_CIMAGE_H
#define LOCKSTEP_CIMAGE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t width, height;
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    uint32_t channels;
    /// Whether the file has 16 bits a sample, of which no grey or colour uses the upper eight.
    uint32_t is_unscaled;
    /// height * width * channels bytes.
    uint8_t *pixels;
    /// The TIFF part of the file's EXIF data, NULL where it has none.
    uint8_t *exif;
    size_t exif_count;
} ci_picture;

enum { ci_message_count = 256 };

/// Decodes the file of `count` bytes; beyond `most_pixels` it reads the size and nothing else.
///
/// Returns 0 for a picture, -1 for one with too many pixels, of which only size, channels and `exif` are set, and 1 for a
/// damaged file, with a reason in `message` of ci_message_count bytes. `ci_free` must be called in any case.
int ci_decode_png(const uint8_t *bytes, size_t count, uint64_t most_pixels, ci_picture *picture, char *message);
int ci_decode_jpeg(const uint8_t *bytes, size_t count, uint64_t most_pixels, ci_picture *picture, char *message);

void ci_free(ci_picture *picture);

#endif
