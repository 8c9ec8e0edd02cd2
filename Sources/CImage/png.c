// PNG by libpng: every colour type and depth becomes 8 bits a sample; palettes become colours, tRNS becomes alpha.
// Gamma and colour profiles are left alone. Every checksum must be right, also of chunks that nobody needs.
#include "CImage.h"
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const uint8_t *bytes;
    size_t count, position;
    png_structp png;
    png_infop info;
    png_bytep *rows;
    uint16_t *deep;
    uint8_t *indices;
    char *message;
} reader;

static void keep_message(png_structp png, png_const_charp text) {
    reader *r = png_get_error_ptr(png);
    snprintf(r->message, ci_message_count, "%s", text);
    png_longjmp(png, 1);
}

static void ignore_message(png_structp png, png_const_charp text) { (void)png, (void)text; }

static void read_bytes(png_structp png, png_bytep out, size_t count) {
    reader *r = png_get_io_ptr(png);
    if (count > r->count - r->position) png_error(png, "it ends early");
    memcpy(out, r->bytes + r->position, count);
    r->position += count;
}

static void *take(png_structp png, size_t bytes) {
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory) png_error(png, "out of memory");
    return memory;
}

/// 16 bits to 8. Where no colour is above 255, they are values of 8 bits already, as programs write that widen samples
/// without scaling them.
static void reduce(const uint16_t *deep, ci_picture *picture) {
    size_t count = (size_t)picture->width * picture->height * picture->channels;
    int has_alpha = picture->channels % 2 == 0;
    uint16_t largest = 0, largest_alpha = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t *top = has_alpha && (i + 1) % picture->channels == 0 ? &largest_alpha : &largest;
        if (deep[i] > *top) *top = deep[i];
    }
    picture->is_unscaled = largest > 0 && largest <= 255;
    for (size_t i = 0; i < count; i++) {
        int is_alpha = has_alpha && (i + 1) % picture->channels == 0;
        int is_byte = picture->is_unscaled && (!is_alpha || largest_alpha <= 255);
        picture->pixels[i] = (uint8_t)(is_byte ? deep[i] : (deep[i] * 255u + 32767u) / 65535u);
    }
}

/// The colours of indices, RGB or, where some are transparent, RGBA. libpng itself would take black for a colour that the
/// palette lacks.
static void colour_in(reader *r, ci_picture *picture) {
    png_colorp palette = NULL;
    png_bytep alpha = NULL;
    int count = 0, alpha_count = 0;
    png_get_PLTE(r->png, r->info, &palette, &count);
    if (picture->channels == 4) png_get_tRNS(r->png, r->info, &alpha, &alpha_count, NULL);
    uint8_t *out = picture->pixels;
    for (size_t i = 0; i < (size_t)picture->width * picture->height; i++, out += picture->channels) {
        int index = r->indices[i];
        if (index >= count) {
            char text[80];
            snprintf(text, sizeof text, "it holds colour %d of a palette of %d", index, count);
            png_error(r->png, text);
        }
        out[0] = palette[index].red, out[1] = palette[index].green, out[2] = palette[index].blue;
        if (picture->channels == 4) out[3] = index < alpha_count ? alpha[index] : 255;
    }
}

static void keep_exif(reader *r, ci_picture *picture) {
    png_uint_32 count = 0;
    png_bytep exif = NULL;
    if (!png_get_eXIf_1(r->png, r->info, &count, &exif) || !exif || count == 0 || picture->exif) return;
    picture->exif = take(r->png, count);
    memcpy(picture->exif, exif, count);
    picture->exif_count = count;
}

/// In a function of its own, since what is in registers is lost in a longjmp.
static int decode(reader *r, uint64_t most_pixels, ci_picture *picture) {
    if (setjmp(png_jmpbuf(r->png))) return 1;
    png_set_read_fn(r->png, r, read_bytes);
    png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_read_info(r->png, r->info);
    picture->width = png_get_image_width(r->png, r->info);
    picture->height = png_get_image_height(r->png, r->info);
    keep_exif(r, picture);
    int colour = png_get_color_type(r->png, r->info);
    int has_alpha = (colour & PNG_COLOR_MASK_ALPHA) || png_get_valid(r->png, r->info, PNG_INFO_tRNS);
    picture->channels = (colour & PNG_COLOR_MASK_COLOR ? 3 : 1) + (has_alpha ? 1 : 0);
    if ((uint64_t)picture->width * picture->height > most_pixels) return -1;
    int is_palette = colour == PNG_COLOR_TYPE_PALETTE;
    if (is_palette) {
        png_set_packing(r->png);
    } else {
        png_set_expand(r->png);
    }
    int is_deep = png_get_bit_depth(r->png, r->info) == 16;
    const uint16_t one = 1;
    if (is_deep && *(const uint8_t *)&one) png_set_swap(r->png);
    png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    if (!is_palette) picture->channels = png_get_channels(r->png, r->info);
    size_t row = png_get_rowbytes(r->png, r->info);
    picture->pixels = take(r->png, (size_t)picture->width * picture->height * picture->channels);
    if (is_deep) r->deep = take(r->png, row * picture->height);
    if (is_palette) r->indices = take(r->png, row * picture->height);
    png_bytep rows = is_deep ? (png_bytep)r->deep : is_palette ? r->indices : picture->pixels;
    r->rows = take(r->png, picture->height * sizeof *r->rows);
    for (uint32_t y = 0; y < picture->height; y++) r->rows[y] = rows + y * row;
    png_read_image(r->png, r->rows);
    png_read_end(r->png, r->info);
    keep_exif(r, picture);
    if (is_deep) reduce(r->deep, picture);
    if (is_palette) colour_in(r, picture);
    return 0;
}

int ci_decode_png(const uint8_t *bytes, size_t count, uint64_t most_pixels, ci_picture *picture, char *message) {
    reader r = {.bytes = bytes, .count = count, .message = message};
    *picture = (ci_picture){0};
    snprintf(message, ci_message_count, "out of memory");
    int status = 1;
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, keep_message, ignore_message);
    if (r.png) r.info = png_create_info_struct(r.png);
    if (r.info) status = decode(&r, most_pixels, picture);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    free(r.rows);
    free(r.deep);
    free(r.indices);
    return status;
}

void ci_free(ci_picture *picture) {
    free(picture->pixels);
    free(picture->exif);
    *picture = (ci_picture){0};
}
