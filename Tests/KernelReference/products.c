// Matrix products.
#include "case.h"
#include "chains.h"
#include <stddef.h>

#pragma clang fp contract(off)

static void product(const lk_product *p, float *c, const float *a, const float *b, const float *bias) {
    for (int64_t i = 0; i < p->m; i++) {
        for (int64_t j = 0; j < p->n; j++, c++) {
            product_sum sum = {0};
            for (int64_t k = 0; k < p->k; k++)
                add_product(&sum, p->transpose_a ? a[k * p->m + i] : a[i * p->k + k],
                            p->transpose_b ? b[j * p->k + k] : b[k * p->n + j]);
            float total = total_of(&sum);
            if (p->accumulate) total = *c + total;
            if (bias) total += bias[j];
            *c = p->relu && total <= 0 ? 0 : total;
        }
    }
}

static void compare_product(comparison *c, const lk_product *p, bool has_bias, argument_kind kind) {
    int64_t scratch_count = lk_product_scratch(p);
    // One more of each: what must not be touched.
    float *a = floats(p->m * p->k), *b = floats(p->k * p->n), *bias = floats(p->n);
    float *scratch = floats(scratch_count + 1), *found = floats(p->m * p->n + 1);
    float *expected = floats(p->m * p->n + 1), *untouched = floats(1);
    fill(a, p->m * p->k, kind, 1), fill(b, p->k * p->n, kind, 2), fill(bias, p->n, USUAL, 3);
    fill(found, p->m * p->n, kind, 4), fill(expected, p->m * p->n, kind, 4);
    lk_matrix_product(p, found, a, b, has_bias ? bias : NULL, scratch_count > 0 ? scratch : NULL);
    product(p, expected, a, b, has_bias ? bias : NULL);
    same(c, found, expected, p->m * p->n + 1, "%lld x %lld x %lld%s%s%s%s%s", (long long)p->m, (long long)p->k,
         (long long)p->n, p->transpose_a ? ", a across" : "", p->transpose_b ? ", b across" : "",
         p->accumulate ? ", added" : "", has_bias ? ", bias" : "", p->relu ? ", ReLU" : "");
    same(c, scratch + scratch_count, untouched, 1, "behind the working memory of %lld x %lld x %lld", (long long)p->m,
         (long long)p->k, (long long)p->n);
    release();
}

/// A second product with the same `b`, of another height.
static void compare_pair(comparison *c, const lk_product *first, argument_kind kind) {
    lk_product second = *first;
    second.m += 37;
    int64_t length = first->m * first->n, other_length = second.m * second.n;
    int64_t scratch = lk_product_scratch(first), other_scratch = lk_product_scratch(&second);
    float *a = floats(first->m * first->k), *b = floats(second.m * second.k), *shared = floats(first->k * first->n);
    float *found = floats(length + 1), *expected = floats(length + 1);
    float *other = floats(other_length + 1), *other_expected = floats(other_length + 1);
    fill(a, first->m * first->k, kind, 5), fill(b, second.m * second.k, kind, 6);
    fill(shared, first->k * first->n, kind, 7);
    lk_product_pair(first, &second, found, other, a, b, shared, floats(scratch > other_scratch ? scratch : other_scratch));
    product(first, expected, a, shared, NULL), product(&second, other_expected, b, shared, NULL);
    same(c, found, expected, length + 1, "the first of two products of %lld x %lld x %lld", (long long)first->m,
         (long long)first->k, (long long)first->n);
    same(c, other, other_expected, other_length + 1, "the second of two products of %lld x %lld x %lld",
         (long long)second.m, (long long)second.k, (long long)second.n);
    release();
}

void compare_products(comparison *c) {
    // Around the tiles of 6 x 16 and 12 x 32, the chain of 256, the vectors of transposed packing, and the blocks and panels
    // that are packed.
    static const int64_t shapes[][3] = {  // m, k, n
        {1, 1, 1}, {1, 300, 5}, {2, 3, 16}, {6, 17, 16}, {7, 256, 33}, {12, 257, 32}, {13, 31, 31}, {5, 513, 7},
        {32, 64, 10}, {23, 19, 67}, {49, 40, 17}, {50, 7, 65}, {65, 30, 80}, {70, 260, 72}, {193, 9, 66}, {200, 33, 97},
        {3, 5, 1030}, {40, 33, 101}, {66, 260, 170},
    };
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int options = 0; options < 32; options++) {
            bool adds = options & 4, has_bias = options & 8, relu = options & 16;
            if (adds && (has_bias || relu)) continue;
            lk_product p = {shapes[i][0], shapes[i][2], shapes[i][1], options & 1, options & 2, adds, relu};
            for (int kind = 0; kind < KINDS; kind++) {
                compare_product(c, &p, has_bias, (argument_kind)kind);
                if (!adds && !has_bias && !relu) compare_pair(c, &p, (argument_kind)kind);
            }
        }
    }
}
