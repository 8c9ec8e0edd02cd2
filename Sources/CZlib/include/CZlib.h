// zlib for Swift: `Datasets` reads gzipped data files through gzopen and gzread.
#ifndef LOCKSTEP_CZLIB_H
#define LOCKSTEP_CZLIB_H

#include <zlib.h>

#endif
