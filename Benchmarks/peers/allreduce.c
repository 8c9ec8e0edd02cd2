// MPI_Allreduce on floats, as the whole buffer or in pieces: what the reduction of gradients is measured against.
// usage: mpirun -n N allreduce BYTES PIECE_BYTES [in-place]. Takes turns like the other peers (turns.py).
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long next_order(int rank, int size) {
    long steps = 0;
    if (rank == 0) {
        char line[64];
        if (!fgets(line, sizeof line, stdin) || sscanf(line, "measure %ld", &steps) != 1) steps = 0;
        for (int other = 1; other < size; other++) MPI_Send(&steps, 1, MPI_LONG, other, 0, MPI_COMM_WORLD);
    } else {
        MPI_Request request;
        int done = 0;
        MPI_Irecv(&steps, 1, MPI_LONG, 0, 0, MPI_COMM_WORLD, &request);
        // MPI waits by spinning, which would cost the other contenders their core.
        while (MPI_Test(&request, &done, MPI_STATUS_IGNORE), !done) usleep(2000);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    return steps;
}

int main(int argc, char **argv) {
    int rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    long count = argc > 1 ? atol(argv[1]) / 4 : 0, piece = argc > 2 ? atol(argv[2]) / 4 : 0;
    int in_place = argc > 3 && strcmp(argv[3], "in-place") == 0;
    if (count < 1 || piece < 1) return fprintf(stderr, "usage: allreduce BYTES PIECE_BYTES [in-place]\n"), 2;
    float *gradients = malloc(count * 4), *sums = malloc(count * 4);
    if (!gradients || !sums) MPI_Abort(MPI_COMM_WORLD, 1);
    for (long i = 0; i < count; i++) gradients[i] = sums[i] = 0;
    long steps = 1;
    int ready = 0;
    do {
        double begin = MPI_Wtime();
        for (long step = 0; step < steps; step++)
            for (long first = 0; first < count; first += piece) {
                int length = (int)(first + piece < count ? piece : count - first);
                MPI_Allreduce(in_place ? MPI_IN_PLACE : gradients + first, sums + first, length, MPI_FLOAT, MPI_SUM,
                              MPI_COMM_WORLD);
            }
        double seconds = MPI_Wtime() - begin;
        if (rank == 0 && !ready) {
            char version[MPI_MAX_LIBRARY_VERSION_STRING];
            int length;
            MPI_Get_library_version(version, &length);
            version[strcspn(version, ",")] = 0;
            printf("{\"versions\": {\"MPI\": \"%s\"}}\n", version);
        } else if (rank == 0) {
            printf("{\"microseconds\": %.9g}\n", seconds / steps * 1e6);
        }
        fflush(stdout);
        ready = 1;
    } while ((steps = next_order(rank, size)) > 0);
    MPI_Finalize();
    return 0;
}
