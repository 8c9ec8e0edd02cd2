// What the environment says about how this process was started; the command asks it whether to start MPI, and
// whether the world it then got is the one that was promised.

/// The launcher's promises, read from environment variables that the caller passes in.
///
/// A wrong PMI plugin or a foreign launcher starts N processes that each believe to be alone: N single runs training
/// into one folder. `check(worldSize:)` refuses that, for MPI's world and for a run without MPI alike.
package struct LaunchEnvironment: Sendable, Equatable {
    /// Whether Open MPI can join other ranks here: started by `mpirun`, or by `srun --mpi=pmix`. Elsewhere MPI must
    /// not be started: it would fork a daemon, and abort without ssh or a network.
    package let isUnderLauncher: Bool
    /// How many ranks were promised, and by which variable; nil where nobody promised anything.
    package let promise: Promise?

    /// Whether every variable that tells a number of ranks says that there is this one only.
    package let isOnlyRank: Bool
    /// The file by which this rank's place shows that MPI was started in it; nil where the launcher names no folder.
    let startMarker: String?

    /// A number of ranks, and the variable that names it.
    package struct Promise: Sendable, Equatable {
        package let worldSize: Int
        package let variable: String
    }

    /// - Parameter variables: the process environment.
    ///
    /// `SLURM_NTASKS` also exists in the batch shell, where a plain process is right to run alone: it is a promise only
    /// inside a step. `mpirun` in an allocation starts its daemons by `srun`, so its own variable comes first.
    package init(_ variables: [String: String]) {
        let hasPMIx = variables["PMIX_RANK"] != nil
        isUnderLauncher = hasPMIx || variables["OMPI_COMM_WORLD_SIZE"] != nil
        let slurm =
            hasPMIx || Self.isInSlurmStep(variables) ? ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"] : []
        let promises = (["OMPI_COMM_WORLD_SIZE"] + slurm + ["PMI_SIZE"]).compactMap { name in
            variables[name].flatMap(Int.init).map { Promise(worldSize: $0, variable: name) }
        }
        promise = promises.first
        isOnlyRank = !promises.isEmpty && promises.allSatisfy { $0.worldSize == 1 }
        startMarker =
            if let folder = variables["PMIX_SERVER_TMPDIR"], let job = variables["PMIX_NAMESPACE"],
                let rank = variables["PMIX_RANK"]
            { "\(folder)/lockstep-start-\(job)-\(rank)" } else { nil }
    }

    /// Whether `srun` started this process as a task; the batch and interactive shells are steps with special numbers.
    private static func isInSlurmStep(_ variables: [String: String]) -> Bool {
        guard variables["SLURM_PROCID"] != nil, let step = variables["SLURM_STEP_ID"].flatMap(Int.init) else {
            return false
        }
        return step < 0xffff_fff0
    }

    /// The number of ranks that the launcher promised, if it did.
    package var expectedWorldSize: Int? { promise?.worldSize }

    /// Holds the run's world to the promise. Call with 1 where MPI was not started.
    ///
    /// - Throws: `LaunchError` saying what was found, what was promised and how to start the job instead.
    package func check(worldSize: Int) throws(LaunchError) {
        guard let promise, promise.worldSize != worldSize else { return }
        throw LaunchError(worldSize: worldSize, promise: promise, isUnderLauncher: isUnderLauncher)
    }
}

/// A job whose world is not the size that its launcher promised.
package struct LaunchError: Error, Equatable, CustomStringConvertible, Sendable {
    package let worldSize: Int
    package let promise: LaunchEnvironment.Promise
    package let isUnderLauncher: Bool

    package var description: String {
        """
        this process is in a world of \(worldSize), but \(promise.variable)=\(promise.worldSize) promises \
        \(promise.worldSize): going on would train \(promise.worldSize) separate models into one folder. \(remedy)
        """
    }

    private var remedy: String {
        if isUnderLauncher {
            return "Use the mpirun, or the srun --mpi=pmix, that belongs to the Open MPI this program is linked with."
        }
        if promise.variable == "PMI_SIZE" {
            return "The launcher is not Open MPI's: start the job with Open MPI's mpirun, or under Slurm with "
                + "srun --mpi=pmix."
        }
        return "srun passed no PMIX_RANK: start the job with srun --mpi=pmix, or a single process with srun -n 1."
    }
}
