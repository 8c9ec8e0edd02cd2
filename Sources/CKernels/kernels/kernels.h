// All kernels for one instruction set. Included once by each of x86-64-v3.c, x86-64-v4.c and arm64.c, which define
// LK(name), a kernel's name with the set's suffix, and WIDE_VECTORS, 1 where 16 floats are one register (of 32).
#include "vector.h"

#include "functions.h"
#include "double_functions.h"

#include "elementwise.h"
#include "layout.h"
#include "optimizers.h"
#include "peak.h"
#include "pooling.h"
#include "random.h"
#include "reduction.h"
#include "rows.h"
#include "normalization.h"
#include "batch_normalization.h"
#include "warp.h"

// Products and what is made of them, bottom up.
#include "tile.h"
#include "packing.h"
#include "product.h"
#include "windows.h"
#include "phases.h"
#include "depthwise.h"
#include "convolution.h"
#include "pooled_convolution.h"
#include "winograd.h"
#include "cells.h"
#include "recurrence.h"
#include "attention.h"

#define LK_KERNEL(result, name, parameters, arguments) .name = LK(name),
