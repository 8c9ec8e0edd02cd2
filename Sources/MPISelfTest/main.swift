// Tests the whole MPI binding for real: `mpirun -n 1..8 MPISelfTest`, or bare as a world of one. Prints one line on
// rank 0 when all is well; any failure names the rank and ends the job with status 1.

import Foundation
import MPI
import Streams

let launch = LaunchEnvironment(ProcessInfo.processInfo.environment)
if !launch.isUnderLauncher {
    // Alone, Open MPI would fork a daemon that needs ssh and a network.
    setenv("OMPI_MCA_ess_singleton_isolated", "1", 1)
}

do {
    let runtime = try MPIRuntime()
    let world = runtime.world
    let checks = Checks(world: world)
    do {
        try launch.check(worldSize: world.size)
        let words = CommandLine.arguments.dropFirst()
        if words.first == "watchdog" {
            try checkWatchdog(world, stopping: words.count == 3 ? words.last.flatMap { Int($0) } : nil)
        } else {
            try checks.runAll(world)
        }
    } catch {
        checks.fail("\(error)")
    }
    let passed = try world.allGather(checks.passed).reduce(0, +)
    let (rank, size) = (world.rank, world.size)
    try runtime.finalize()
    if rank == 0 { print("MPISelfTest: \(size) ranks, \(passed) passed, 0 failed") }
} catch {
    StandardStream.error.write("MPISelfTest: \(error)\n")
    exit(1)
}
