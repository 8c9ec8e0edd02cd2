// JPEG by libjpeg (-turbo): grey stays grey, all else becomes RGB; CMYK is taken as Adobe's programs write it, inverted,
// and becomes RGB by the same formula as in Pillow.
#include "CImage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// After <stdio.h>, which they need.
#include <jpeglib.h>
#include <jerror.h>
#include <setjmp.h>

/// No program writes so many; a damaged or hostile file may, and each costs a pass over the picture.
enum { most_scans = 100 };

typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf escape;
    char *message;
} handler;

static void keep_message(j_common_ptr info) {
    handler *h = (handler *)info->err;
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    snprintf(h->message, ci_message_count, "%s", text);
    longjmp(h->escape, 1);
}

/// What libjpeg warns of, it mends by guessing; but for oddities that cost no pixel, that is a damaged file.
static void judge_warning(j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (info->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR: return;
    default: keep_message(info);
    }
}

static void ignore_message(j_common_ptr info) { (void)info; }

static void limit_scans(j_common_ptr info) {
    if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > most_scans) {
        info->err->msg_code = JERR_BAD_PROGRESSION;
        keep_message(info);
    }
}

static uint8_t scaled(unsigned a, unsigned b) {
    unsigned product = a * b + 128;
    return (uint8_t)(((product >> 8) + product) >> 8);
}

static void separate(const uint8_t *cmyk, uint8_t *rgb, uint32_t width) {
    for (uint32_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        for (int i = 0; i < 3; i++) rgb[i] = (uint8_t)(cmyk[3] - scaled(255u - cmyk[i], cmyk[3]));
    }
}

static void keep_exif(j_decompress_ptr info, ci_picture *picture) {
    for (jpeg_saved_marker_ptr m = info->marker_list; m && !picture->exif; m = m->next) {
        if (m->marker != JPEG_APP0 + 1 || m->data_length <= 6 || memcmp(m->data, "Exif\0\0", 6)) continue;
        picture->exif_count = m->data_length - 6;
        picture->exif = malloc(picture->exif_count);
        if (!picture->exif) ERREXIT1(info, JERR_OUT_OF_MEMORY, 0);
        memcpy(picture->exif, m->data + 6, picture->exif_count);
    }
}

/// In a function of its own, since what is in registers is lost in a longjmp.
static int decode(j_decompress_ptr info, handler *h, const uint8_t *bytes, size_t count, uint64_t most_pixels,
                  ci_picture *picture, uint8_t **line) {
    if (setjmp(h->escape)) return 1;
    jpeg_create_decompress(info);
    struct jpeg_progress_mgr progress = {.progress_monitor = limit_scans};
    info->progress = &progress;
    jpeg_mem_src(info, bytes, (unsigned long)count);
    jpeg_save_markers(info, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(info, TRUE);
    picture->width = info->image_width;
    picture->height = info->image_height;
    keep_exif(info, picture);
    int is_cmyk = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
    int is_grey = info->jpeg_color_space == JCS_GRAYSCALE;
    picture->channels = is_grey ? 1 : 3;
    if ((uint64_t)picture->width * picture->height > most_pixels) return -1;
    info->out_color_space = is_cmyk ? JCS_CMYK : is_grey ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(info);
    size_t row = (size_t)picture->width * picture->channels;
    picture->pixels = malloc(row * picture->height);
    if (is_cmyk) *line = malloc((size_t)picture->width * 4);
    if (!picture->pixels || (is_cmyk && !*line)) ERREXIT1(info, JERR_OUT_OF_MEMORY, 0);
    while (info->output_scanline < info->output_height) {
        uint8_t *out = picture->pixels + info->output_scanline * row;
        JSAMPROW target = is_cmyk ? *line : out;
        jpeg_read_scanlines(info, &target, 1);
        if (is_cmyk) separate(*line, out, picture->width);
    }
    jpeg_finish_decompress(info);
    return 0;
}

int ci_decode_jpeg(const uint8_t *bytes, size_t count, uint64_t most_pixels, ci_picture *picture, char *message) {
    struct jpeg_decompress_struct info = {0};
    handler h = {.message = message};
    uint8_t *line = NULL;
    *picture = (ci_picture){0};
    info.err = jpeg_std_error(&h.manager);
    h.manager.error_exit = keep_message;
    h.manager.emit_message = judge_warning;
    h.manager.output_message = ignore_message;
    int status = decode(&info, &h, bytes, count, most_pixels, picture, &line);
    jpeg_destroy_decompress(&info);
    free(line);
    return status;
}
