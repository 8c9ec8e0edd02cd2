// An image as a matrix, read where it lies: row (y, x) is a window, column (tap row, tap column, channel) the element
// under that tap. Images get a border of zeros first where windows reach beyond them.

typedef struct {
    const float *data;  // where window (0, 0) begins, in the first channel taken
    int64_t line, pixel, channels;  // floats from one row or pixel of the image to the next; channels taken of a pixel
    int64_t rows, columns;  // windows
    int64_t tap_rows, tap_columns;
    int64_t stride_y, stride_x, step_y, step_x;  // from one window, or tap, to the next, in rows and pixels
} windows;

static int64_t terms_of(const windows *w) { return w->tap_rows * w->tap_columns * w->channels; }

/// The columns first ..< first + count, as segments of what is contiguous; at most `count` of them.
static int64_t find_segments(segment *segments, const windows *w, int64_t first, int64_t count) {
    int64_t n = 0, tap = first / w->channels, channel = first % w->channels;
    bool joins = w->step_x == 1 && w->pixel == w->channels;  // one tap's channels end where the next one's begin
    for (int64_t left = count; left > 0; tap++, channel = 0) {
        int64_t length = smaller(w->channels - channel, left), column = tap % w->tap_columns;
        left -= length;
        if (joins && n > 0 && column > 0) segments[n - 1].length += length;
        else
            segments[n++] = (segment){
                tap / w->tap_columns * w->step_y * w->line + column * w->step_x * w->pixel + channel, length};
    }
    return n;
}

// An image's rows and columns from -top and -left on, `height` and `width` of them: zeros outside.
typedef struct {
    int64_t top, left, height, width;
} frame;

/// An image with what surrounds it: (0, 0) lies at row `top`, column `left`; rows are `width` pixels.
typedef struct {
    const float *data;
    int64_t top, left, width;
} framed;

static int64_t frame_floats(const frame *f, int64_t pixel) { return f->height * f->width * pixel; }

/// The image itself where nothing surrounds it, else a copy in `scratch`.
static framed frame_image(const frame *f, const float *image, int64_t height, int64_t width, int64_t pixel,
                          float *scratch) {
    if (f->top <= 0 && f->left <= 0 && f->height <= height && f->width <= width) return (framed){image, 0, 0, width};
    int64_t line = f->width * pixel, before = smaller(f->left, f->width) * pixel;
    int64_t taken = larger(0, smaller(width, f->width - f->left)) * pixel;
    float *out = scratch;
    for (int64_t y = 0; y < f->height; y++, out += line) {
        int64_t at = y - f->top;
        if (at < 0 || at >= height) {
            memset(out, 0, (size_t)line * sizeof(float));
        } else {
            memset(out, 0, (size_t)before * sizeof(float));
            memcpy(out + before, image + at * width * pixel, (size_t)taken * sizeof(float));
            memset(out + before + taken, 0, (size_t)(line - before - taken) * sizeof(float));
        }
    }
    return (framed){scratch, f->top, f->left, f->width};
}

/// What windows of the forward direction read of an image.
static frame forward_frame(const lk_convolution *s) {
    return (frame){s->pad_top, s->pad_left,
                   (s->out_height - 1) * s->stride_height + (s->kernel_height - 1) * s->dilation_height + 1,
                   (s->out_width - 1) * s->stride_width + (s->kernel_width - 1) * s->dilation_width + 1};
}

/// Windows of the forward direction over an image; of all its channels.
static windows forward_windows(const lk_convolution *s, const float *image, float *scratch) {
    frame f = forward_frame(s);
    framed x = frame_image(&f, image, s->in_height, s->in_width, s->in_channels, scratch);
    return (windows){x.data, x.width * s->in_channels, s->in_channels, s->in_channels / s->groups, s->out_height,
                     s->out_width, s->kernel_height, s->kernel_width, s->stride_height, s->stride_width,
                     s->dilation_height, s->dilation_width};
}

/// Where the result of window (0, 0) goes, and from one window to the next.
typedef struct {
    float *data;
    int64_t row, column;
} target;
