// The gradient in an image, as windows over the output's gradient. With strides, input positions fall into phases:
// those of one phase (y, x), (y + stride, x), ... lie under the same taps of the kernel.

// The taps of one axis that meet a phase: `count` of them, first, first + step, ... Tap `first` of the phase's first
// position lies over output `origin`; each next tap over one that is `back` before.
typedef struct {
    int64_t first, step, count, origin, back;
} phase_taps;

static phase_taps taps_of_phase(int64_t phase, int64_t pad, int64_t stride, int64_t dilation, int64_t kernel) {
    int64_t divisor = stride;
    for (int64_t rest = dilation; rest != 0;) {
        int64_t next = divisor % rest;
        divisor = rest, rest = next;
    }
    phase_taps t = {0, stride / divisor, 0, 0, dilation / divisor};
    while (t.first < kernel && (phase + pad - t.first * dilation) % stride != 0) t.first++;
    if (t.first < kernel) t.count = (kernel - t.first - 1) / t.step + 1;
    t.origin = (phase + pad - t.first * dilation) / stride;
    return t;
}

static phase_taps tap_rows_of(const lk_convolution *s, int64_t y) {
    return taps_of_phase(y, s->pad_top, s->stride_height, s->dilation_height, s->kernel_height);
}

static phase_taps tap_columns_of(const lk_convolution *s, int64_t x) {
    return taps_of_phase(x, s->pad_left, s->stride_width, s->dilation_width, s->kernel_width);
}

/// Widens -before ..< length - before to what the taps of a phase with `positions` positions read.
static void widen(int64_t *before, int64_t *length, const phase_taps *t, int64_t positions) {
    if (t->count == 0) return;
    int64_t low = smaller(-*before, t->origin - (t->count - 1) * t->back);
    int64_t end = larger(*length - *before, t->origin + positions);
    *before = -low, *length = end - low;
}

static int64_t positions_of_phase(int64_t length, int64_t phase, int64_t stride) {
    return (length - phase - 1) / stride + 1;
}

/// What all phases read of the output's gradient.
static frame backward_frame(const lk_convolution *s) {
    frame f = {0, 0, 1, 1};
    for (int64_t y = 0; y < s->stride_height && y < s->in_height; y++) {
        phase_taps taps = tap_rows_of(s, y);
        widen(&f.top, &f.height, &taps, positions_of_phase(s->in_height, y, s->stride_height));
    }
    for (int64_t x = 0; x < s->stride_width && x < s->in_width; x++) {
        phase_taps taps = tap_columns_of(s, x);
        widen(&f.left, &f.width, &taps, positions_of_phase(s->in_width, x, s->stride_width));
    }
    return f;
}

/// Windows of a phase over a frame of dy; of all its channels.
static windows phase_windows(const lk_convolution *s, const framed *dy, int64_t y, int64_t x, const phase_taps *rows,
                             const phase_taps *columns) {
    return (windows){dy->data + ((dy->top + rows->origin) * dy->width + dy->left + columns->origin) * s->out_channels,
                     dy->width * s->out_channels, s->out_channels, s->out_channels / s->groups,
                     positions_of_phase(s->in_height, y, s->stride_height),
                     positions_of_phase(s->in_width, x, s->stride_width), rows->count, columns->count, 1, 1,
                     -rows->back, -columns->back};
}
