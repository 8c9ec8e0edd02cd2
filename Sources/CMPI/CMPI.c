// Forwards each function of CMPI.h to the MPI call it is named for; the `MPI` target is the only caller.

#include "CMPI.h"

#if __has_include(<mpi.h>)
#include <mpi.h>
#else
#include <mpi/mpi.h>
#endif

#include <string.h>

// A handle is a pointer in Open MPI and an int in MPICH; both fit into intptr_t and come back unchanged.
#define COMMUNICATOR(handle) ((MPI_Comm)(handle).bits)
#define WINDOW(handle) ((MPI_Win)(handle).bits)
#define HANDLE(type, value) ((type){(intptr_t)(value)})

const int32_t cmpi_error_count = MPI_ERR_COUNT;
const int32_t cmpi_error_truncate = MPI_ERR_TRUNCATE;
const int32_t cmpi_error_other = MPI_ERR_OTHER;

static void copy_text(char *text, int32_t capacity, const char *source) {
    if (capacity <= 0) return;
    strncpy(text, source, (size_t)capacity - 1);
    text[capacity - 1] = 0;
}

void cmpi_error_string(int32_t code, char *text, int32_t capacity) {
    char message[MPI_MAX_ERROR_STRING] = "no text for this code";
    int length = 0;
    MPI_Error_string(code, message, &length);
    copy_text(text, capacity, message);
}

static const int thread_levels[] = {
    [CMPIThreadSingle] = MPI_THREAD_SINGLE,
    [CMPIThreadFunneled] = MPI_THREAD_FUNNELED,
    [CMPIThreadSerialized] = MPI_THREAD_SERIALIZED,
    [CMPIThreadMultiple] = MPI_THREAD_MULTIPLE,
};

int32_t cmpi_init_thread(CMPIThreadLevel required, int32_t *provided) {
    int level = -1;
    int code = MPI_Init_thread(NULL, NULL, thread_levels[required], &level);
    *provided = -1;
    for (int32_t candidate = CMPIThreadSingle; candidate <= CMPIThreadMultiple; candidate++) {
        if (thread_levels[candidate] == level) *provided = candidate;
    }
    return code;
}

int32_t cmpi_finalize(void) { return MPI_Finalize(); }

int32_t cmpi_abort(CMPICommunicator communicator, int32_t code) { return MPI_Abort(COMMUNICATOR(communicator), code); }

const int32_t cmpi_version_capacity = MPI_MAX_LIBRARY_VERSION_STRING;

void cmpi_library_version(char *text) {
    int length = 0;
    if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) text[0] = 0;
}

int32_t cmpi_processor_name(char *text, int32_t capacity) {
    char name[MPI_MAX_PROCESSOR_NAME] = "";
    int length = 0;
    int code = MPI_Get_processor_name(name, &length);
    copy_text(text, capacity, name);
    return code;
}

// Groups

CMPICommunicator cmpi_world(void) { return HANDLE(CMPICommunicator, MPI_COMM_WORLD); }

int32_t cmpi_set_errors_return(CMPICommunicator communicator) {
    return MPI_Comm_set_errhandler(COMMUNICATOR(communicator), MPI_ERRORS_RETURN);
}

int32_t cmpi_rank(CMPICommunicator communicator, int32_t *rank) {
    return MPI_Comm_rank(COMMUNICATOR(communicator), rank);
}

int32_t cmpi_size(CMPICommunicator communicator, int32_t *size) {
    return MPI_Comm_size(COMMUNICATOR(communicator), size);
}

int32_t cmpi_duplicate(CMPICommunicator communicator, CMPICommunicator *result) {
    MPI_Comm made = MPI_COMM_NULL;
    int code = MPI_Comm_dup(COMMUNICATOR(communicator), &made);
    *result = HANDLE(CMPICommunicator, made);
    return code;
}

int32_t cmpi_split(CMPICommunicator communicator, int32_t color, int32_t key, CMPICommunicator *result) {
    MPI_Comm made = MPI_COMM_NULL;
    int code = MPI_Comm_split(COMMUNICATOR(communicator), color, key, &made);
    *result = HANDLE(CMPICommunicator, made);
    return code;
}

int32_t cmpi_split_by_node(CMPICommunicator communicator, CMPICommunicator *result) {
    MPI_Comm made = MPI_COMM_NULL;
    int code = MPI_Comm_split_type(COMMUNICATOR(communicator), MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &made);
    *result = HANDLE(CMPICommunicator, made);
    return code;
}

int32_t cmpi_free_communicator(CMPICommunicator communicator) {
    MPI_Comm freed = COMMUNICATOR(communicator);
    return MPI_Comm_free(&freed);
}

// Collectives

int32_t cmpi_barrier(CMPICommunicator communicator) { return MPI_Barrier(COMMUNICATOR(communicator)); }

int32_t cmpi_broadcast(void *bytes, int32_t count, int32_t root, CMPICommunicator communicator) {
    return MPI_Bcast(bytes, count, MPI_BYTE, root, COMMUNICATOR(communicator));
}

int32_t cmpi_all_gather(
    void *buffer, const int32_t *counts, const int32_t *displacements, CMPICommunicator communicator) {
    return MPI_Allgatherv(
        MPI_IN_PLACE, 0, MPI_BYTE, buffer, counts, displacements, MPI_BYTE, COMMUNICATOR(communicator));
}

static MPI_Op reduction(CMPIReduction operation) {
    switch (operation) {
        case CMPIMinimum: return MPI_MIN;
        case CMPIMaximum: return MPI_MAX;
    }
    return MPI_OP_NULL;
}

int32_t cmpi_all_reduce(int64_t *values, int32_t count, CMPIReduction operation, CMPICommunicator communicator) {
    return MPI_Allreduce(
        MPI_IN_PLACE, values, count, MPI_INT64_T, reduction(operation), COMMUNICATOR(communicator));
}

// Point to point

int32_t cmpi_start_send(
    const void *bytes, int32_t count, int32_t rank, int32_t tag, CMPICommunicator communicator, CMPIRequest *request) {
    MPI_Request started = MPI_REQUEST_NULL;
    int code = MPI_Isend(bytes, count, MPI_BYTE, rank, tag, COMMUNICATOR(communicator), &started);
    *request = HANDLE(CMPIRequest, started);
    return code;
}

int32_t cmpi_start_receive(
    void *bytes, int32_t count, int32_t rank, int32_t tag, CMPICommunicator communicator, CMPIRequest *request) {
    MPI_Request started = MPI_REQUEST_NULL;
    int code = MPI_Irecv(bytes, count, MPI_BYTE, rank, tag, COMMUNICATOR(communicator), &started);
    *request = HANDLE(CMPIRequest, started);
    return code;
}

int32_t cmpi_test(CMPIRequest *request, int32_t *complete, int32_t *received) {
    MPI_Request tested = (MPI_Request)request->bits;
    MPI_Status status;
    int flag = 0;
    int code = MPI_Test(&tested, &flag, &status);
    if (code == MPI_SUCCESS && flag) code = MPI_Get_count(&status, MPI_BYTE, received);
    *complete = flag;
    *request = HANDLE(CMPIRequest, tested);
    return code;
}

int32_t cmpi_wait(CMPIRequest *request, int32_t *received) {
    MPI_Request waited = (MPI_Request)request->bits;
    MPI_Status status;
    int code = MPI_Wait(&waited, &status);
    if (code == MPI_SUCCESS) code = MPI_Get_count(&status, MPI_BYTE, received);
    *request = HANDLE(CMPIRequest, waited);
    return code;
}

// Shared windows

int32_t cmpi_allocate_shared(int64_t byte_count, CMPICommunicator communicator, CMPIWindow *window) {
    MPI_Info info = MPI_INFO_NULL;
    MPI_Win made = MPI_WIN_NULL;
    void *base = NULL;
    int code = MPI_Info_create(&info);
    // Blocks need not follow one another, so each may start on a page of its own.
    if (code == MPI_SUCCESS) code = MPI_Info_set(info, "alloc_shared_noncontig", "true");
    if (code == MPI_SUCCESS) {
        code = MPI_Win_allocate_shared((MPI_Aint)byte_count, 1, info, COMMUNICATOR(communicator), &base, &made);
    }
    if (code == MPI_SUCCESS) code = MPI_Win_set_errhandler(made, MPI_ERRORS_RETURN);
    if (code == MPI_SUCCESS) code = MPI_Win_lock_all(MPI_MODE_NOCHECK, made);
    if (info != MPI_INFO_NULL) MPI_Info_free(&info);
    *window = HANDLE(CMPIWindow, made);
    return code;
}

int32_t cmpi_shared_block(CMPIWindow window, int32_t rank, void **base) {
    MPI_Aint byte_count = 0;
    int unit = 0;
    return MPI_Win_shared_query(WINDOW(window), rank, &byte_count, &unit, base);
}

int32_t cmpi_sync_window(CMPIWindow window) { return MPI_Win_sync(WINDOW(window)); }

int32_t cmpi_free_window(CMPIWindow window) {
    MPI_Win freed = WINDOW(window);
    int code = MPI_Win_unlock_all(freed);
    return code == MPI_SUCCESS ? MPI_Win_free(&freed) : code;
}
