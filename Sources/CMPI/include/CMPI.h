// The MPI calls that the `MPI` target uses, with handles as small structs: no MPI type or macro crosses into Swift,
// so only CMPI.c needs mpi.h. No policy lives here; every function returns MPI's own return code unless it says
// otherwise, and counts and displacements are in bytes.
#ifndef LOCKSTEP_CMPI_H
#define LOCKSTEP_CMPI_H

#include <stdint.h>

typedef struct { intptr_t bits; } CMPICommunicator;
typedef struct { intptr_t bits; } CMPIRequest;
typedef struct { intptr_t bits; } CMPIWindow;

typedef enum { CMPIThreadSingle, CMPIThreadFunneled, CMPIThreadSerialized, CMPIThreadMultiple } CMPIThreadLevel;
typedef enum { CMPIMinimum, CMPIMaximum } CMPIReduction;

// Return codes that the Swift side gives to refusals of its own.
extern const int32_t cmpi_error_count;
extern const int32_t cmpi_error_truncate;
extern const int32_t cmpi_error_other;

// Writes at most `capacity` bytes including the terminating zero.
void cmpi_error_string(int32_t code, char *text, int32_t capacity);

// Environment (MPI 4.0, 11). `provided` is -1 where MPI names a level that is none of the four.
int32_t cmpi_init_thread(CMPIThreadLevel required, int32_t *provided);
int32_t cmpi_finalize(void);
int32_t cmpi_abort(CMPICommunicator communicator, int32_t code);
// Room for the library's name and version.
extern const int32_t cmpi_version_capacity;
void cmpi_library_version(char *text);
int32_t cmpi_processor_name(char *text, int32_t capacity);

// Groups (MPI 4.0, 7.4). Every communicator made or returned here has MPI_ERRORS_RETURN set by the caller.
CMPICommunicator cmpi_world(void);
int32_t cmpi_set_errors_return(CMPICommunicator communicator);
int32_t cmpi_rank(CMPICommunicator communicator, int32_t *rank);
int32_t cmpi_size(CMPICommunicator communicator, int32_t *size);
int32_t cmpi_duplicate(CMPICommunicator communicator, CMPICommunicator *result);
int32_t cmpi_split(CMPICommunicator communicator, int32_t color, int32_t key, CMPICommunicator *result);
int32_t cmpi_split_by_node(CMPICommunicator communicator, CMPICommunicator *result);
int32_t cmpi_free_communicator(CMPICommunicator communicator);

// Collectives (MPI 4.0, 6). The gathers are in place.
int32_t cmpi_barrier(CMPICommunicator communicator);
int32_t cmpi_broadcast(void *bytes, int32_t count, int32_t root, CMPICommunicator communicator);
int32_t cmpi_all_gather(
    void *buffer, const int32_t *counts, const int32_t *displacements, CMPICommunicator communicator);
int32_t cmpi_all_reduce(int64_t *values, int32_t count, CMPIReduction operation, CMPICommunicator communicator);

// Point to point (MPI 4.0, 3.7).
int32_t cmpi_start_send(
    const void *bytes, int32_t count, int32_t rank, int32_t tag, CMPICommunicator communicator, CMPIRequest *request);
int32_t cmpi_start_receive(
    void *bytes, int32_t count, int32_t rank, int32_t tag, CMPICommunicator communicator, CMPIRequest *request);
// Once complete, `received` holds the bytes that arrived (meaningful for a receive only).
int32_t cmpi_test(CMPIRequest *request, int32_t *complete, int32_t *received);
int32_t cmpi_wait(CMPIRequest *request, int32_t *received);

// Shared windows (MPI 4.0, 12). The window is locked for all ranks from its making to its freeing.
int32_t cmpi_allocate_shared(int64_t byte_count, CMPICommunicator communicator, CMPIWindow *window);
int32_t cmpi_shared_block(CMPIWindow window, int32_t rank, void **base);
int32_t cmpi_sync_window(CMPIWindow window);
int32_t cmpi_free_window(CMPIWindow window);

#endif
