// Copies between layouts: strided views, row pieces, rows chosen by an index.

static void LK(gather_strided)(float *out, const float *x, int rank, const int64_t *dimensions,
                               const int64_t *strides) {
    int64_t width = rank ? dimensions[rank - 1] : 1, stride = rank ? strides[rank - 1] : 0;
    int64_t rows = 1, index[8] = {0};
    for (int axis = 0; axis < rank - 1; axis++) rows *= dimensions[axis];
    for (int64_t row = 0; row < rows; row++, out += width) {
        if (stride == 1) {
            memcpy(out, x, (size_t)width * sizeof(float));
        } else {
            for (int64_t i = 0; i < width; i++) out[i] = x[i * stride];
        }
        for (int axis = rank - 2; axis >= 0; axis--) {
            x += strides[axis];
            if (++index[axis] < dimensions[axis]) break;
            x -= strides[axis] * dimensions[axis];
            index[axis] = 0;
        }
    }
}

static void LK(copy_rows)(float *out, int64_t out_pitch, const float *x, int64_t x_pitch, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++) {
        memcpy(out + row * out_pitch, x + row * x_pitch, (size_t)width * sizeof(float));
    }
}

/// Whether `value` is a whole number in 0 ..< limit; false for NaN.
static int is_index(float value, int64_t limit) {
    return value >= 0 && value < (float)limit && (float)(int64_t)value == value;
}

static int64_t LK(take_rows)(float *out, const float *table, const float *indices, int64_t count, int64_t width,
                     int64_t table_rows) {
    for (int64_t i = 0; i < count; i++) {
        if (!is_index(indices[i], table_rows)) return i;
        memcpy(out + i * width, table + (int64_t)indices[i] * width, (size_t)width * sizeof(float));
    }
    return -1;
}

static void LK(add_rows)(float *table, const float *x, const float *indices, int64_t count, int64_t width) {
    for (int64_t i = 0; i < count; i++) LK(accumulate)(table + (int64_t)indices[i] * width, x + i * width, width);
}

static void LK(prefetch)(const void *memory, int64_t bytes) {
    for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)memory + i);
}

static void LK(take_bytes)(float *out, const uint8_t *bytes, const int64_t *rows, int64_t count, int64_t width,
                          float scale) {
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *row = bytes + rows[i] * width;
        if (i + 4 < count) LK(prefetch)(bytes + rows[i + 4] * width, width);
        for (int64_t j = 0; j < width; j++) out[i * width + j] = (float)row[j] * scale;
    }
}
