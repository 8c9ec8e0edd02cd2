// What the launcher's variables are read as, and which worlds are refused.

import Foundation
import MPI
import Testing

struct LaunchEnvironmentTests {
    @Test(
        arguments: [
            ("plain", [:], false, nil),
            ("mpirun", ["OMPI_COMM_WORLD_SIZE": "4", "PMIX_RANK": "0"], true, 4),
            ("prterun, size unknown", ["PMIX_RANK": "0"], true, nil),
            (
                "srun --mpi=pmix",
                [
                    "PMIX_RANK": "1", "SLURM_PROCID": "1", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "6",
                    "SLURM_NTASKS": "8",
                ], true, 6
            ),
            ("srun --mpi=pmix, job size only", ["PMIX_RANK": "1", "SLURM_NTASKS": "3"], true, 3),
            ("srun --mpi=none", ["SLURM_PROCID": "0", "SLURM_STEP_ID": "2", "SLURM_NTASKS": "6"], false, 6),
            ("batch shell", ["SLURM_PROCID": "0", "SLURM_JOB_ID": "7", "SLURM_NTASKS": "6"], false, nil),
            (
                "batch step's own number",
                ["SLURM_PROCID": "0", "SLURM_STEP_ID": "4294967291", "SLURM_NTASKS": "6"], false, nil
            ),
            (
                "mpirun in an allocation",
                [
                    "OMPI_COMM_WORLD_SIZE": "4", "PMIX_RANK": "3", "SLURM_PROCID": "0", "SLURM_STEP_ID": "1",
                    "SLURM_STEP_NUM_TASKS": "2",
                ], true, 4
            ),
            ("MPICH's mpiexec", ["PMI_RANK": "1", "PMI_SIZE": "2"], false, 2),
            ("nonsense", ["OMPI_COMM_WORLD_SIZE": "many"], true, nil),
        ] as [(String, [String: String], Bool, Int?)])
    func reads(name: String, variables: [String: String], isUnderLauncher: Bool, expectedWorldSize: Int?) {
        let launch = LaunchEnvironment(variables)
        #expect(launch.isUnderLauncher == isUnderLauncher, "\(name)")
        #expect(launch.expectedWorldSize == expectedWorldSize, "\(name)")
    }

    @Test func acceptsTheWorldThatWasPromised() {
        #expect(throws: Never.self) {
            try LaunchEnvironment([:]).check(worldSize: 1)
            try LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "4"]).check(worldSize: 4)
            try LaunchEnvironment(["SLURM_PROCID": "0", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "1"]).check(worldSize: 1)
        }
    }

    /// Who is alone in the job needs no MPI; where the variables contradict each other, MPI tells.
    @Test(
        arguments: [
            ([:], false), (["PMIX_RANK": "0"], false), (["OMPI_COMM_WORLD_SIZE": "2", "PMIX_RANK": "0"], false),
            (["OMPI_COMM_WORLD_SIZE": "1", "PMIX_RANK": "0"], true),
            (["PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "1", "SLURM_NTASKS": "1"], true),
            // srun within an mpirun of one rank.
            (["OMPI_COMM_WORLD_SIZE": "1", "PMIX_RANK": "3", "SLURM_STEP_NUM_TASKS": "4"], false),
        ] as [([String: String], Bool)])
    func tellsAnOnlyRank(variables: [String: String], isOnly: Bool) {
        #expect(LaunchEnvironment(variables).isOnlyRank == isOnly)
    }

    @Test func aRankStartsMPIOnce() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lockstep-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func place(_ job: String, _ rank: String, _ folder: String) -> LaunchEnvironment {
            LaunchEnvironment(["PMIX_SERVER_TMPDIR": folder, "PMIX_NAMESPACE": job, "PMIX_RANK": rank])
        }
        for (job, rank) in [("7", "0"), ("7", "1"), ("8", "0")] { try place(job, rank, folder.path).claimStart() }
        let error = try #require(throws: MPIStartError.self) { try place("7", "1", folder.path).claimStart() }
        #expect("\(error)".hasPrefix("MPI was already started in this rank's place, by process \(getpid()), "))
        // Where there is no place to remember it, nobody is refused.
        for _ in 0..<2 {
            try place("7", "0", "/nowhere").claimStart()
            try LaunchEnvironment([:]).claimStart()
        }
    }

    @Test func refusesSilentSingleRunsOfSrun() throws {
        let launch = LaunchEnvironment(["SLURM_PROCID": "3", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "6"])
        let error = try #require(throws: LaunchError.self) { try launch.check(worldSize: 1) }
        #expect("\(error)".contains("SLURM_NTASKS=6"))
        #expect("\(error)".contains("srun --mpi=pmix"))
    }

    @Test func refusesAForeignLauncher() throws {
        let launch = LaunchEnvironment(["PMI_RANK": "0", "PMI_SIZE": "2"])
        let error = try #require(throws: LaunchError.self) { try launch.check(worldSize: 1) }
        #expect("\(error)".contains("Open MPI's mpirun"))
    }

    @Test func refusesAnotherOpenMPIsWorld() throws {
        let launch = LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "4", "PMIX_RANK": "0"])
        let error = try #require(throws: LaunchError.self) { try launch.check(worldSize: 1) }
        #expect("\(error)".contains("a world of 1"))
        #expect("\(error)".contains("OMPI_COMM_WORLD_SIZE=4"))
    }
}
