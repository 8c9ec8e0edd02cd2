// `lockstep launch`.

import ArgumentParser
import Foundation
import Lockstep
import Streams

struct Launch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train under mpirun, and start again from the newest checkpoint when the job fails.",
        discussion: """
            Example:
              lockstep launch --ranks 4 -- train --data mnist --epochs 20

            Before each start the hostfile is read again: as many ranks are started as
            there are slots, at least --min-ranks and at most --ranks. The weights at the
            end are the same bits, whatever happened on the way.

            A notice (SIGTERM, SIGINT, SIGUSR1, SIGHUP) is passed on: the ranks save and
            stop. A second SIGINT kills them. What happened is told on standard error and
            in RUN/launch.log.

            Exit status: 0 finished, 1 an error that would come again (configuration, data,
            model), 64 wrong flags, 70 the job failed too often at the same step or slots
            did not come back, 75 stopped by a notice: --resume auto goes on, 130 killed
            by a second SIGINT. Ranks tell their launcher by status 78 that an error would
            come again; a start that mpirun itself refuses counts as one, too. Whatever else
            ends a job is taken for a failure that may not come again.
            """)

    @Option(help: "Ranks to start.")
    var ranks: Int
    @Option(help: "Start with fewer ranks where the hostfile has fewer slots, but not below this (default: --ranks).")
    var minRanks: Int?
    @Option(help: "Restarts in a row that may fail to reach a newer checkpoint.")
    var maxRestarts = 5
    @Option(help: "Seconds before a restart; they double up to 60 until there is a newer checkpoint.")
    var backOff = 1.0
    @Option(
        help: "Hosts, a line 'NAME slots=N' each (default: this machine, or the batch system's hosts).",
        transform: expandingHome)
    var hostfile: String?
    @Option(help: "Seconds to wait for slots while there are fewer than --min-ranks.")
    var slotWait = 600.0
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Words for mpirun, e.g. '--mca btl tcp,self'; may be repeated.", valueName: "words"))
    var mpirunOption: [String] = []
    @Argument(
        parsing: .postTerminator, help: ArgumentHelp("'train' and its flags, after '--'.", valueName: "command"))
    var command: [String] = []

    func validate() throws {
        guard command.first == "train" else {
            throw ValidationError(
                "expected '-- train' and its flags at the end, as in: lockstep launch --ranks 2 -- train")
        }
        let least = minRanks ?? ranks
        guard ranks >= 1 else { throw ValidationError("--ranks must be at least 1, got \(ranks)") }
        guard (1...ranks).contains(least) else {
            throw ValidationError("--min-ranks must be from 1 to --ranks \(ranks), got \(least)")
        }
        if minRanks != nil && hostfile == nil {
            throw ValidationError("--min-ranks needs a --hostfile: it says how many slots are left")
        }
        guard maxRestarts >= 0 else { throw ValidationError("--max-restarts must be 0 or more, got \(maxRestarts)") }
        guard backOff >= 0, slotWait >= 0 else {
            throw ValidationError(
                "--back-off and --slot-wait must be 0 or more seconds, got \(backOff) and \(slotWait)")
        }
    }

    func run() throws {
        let given = CommandLineWords.joined(Array(command.dropFirst()))
        let train: Train
        do { train = try Train.parse(given) } catch { CommandLineWords.leave(error, Train.self) }
        let configured = try settings(train.given.layer())
        let run = configured.run
        let runFolder = try run.run ?? newFolder(configured)
        // Where nothing was trained, a folder of ours is empty.
        defer { if run.run == nil { rmdir(runFolder) } }
        let environment = ProcessInfo.processInfo.environment
        var launcher = Launcher(
            Launcher.Request(
                ranks: ranks, minRanks: minRanks ?? ranks, hostfile: hostfile, slotWaitSeconds: slotWait,
                maxRestarts: maxRestarts, backOffSeconds: backOff, runFolder: runFolder,
                isReserved: run.run == nil,
                beginsElsewhere: run.resume != .never && run.resume != .automatic,
                newRunWarning: configured.newRunWarning,
                trainArguments: command + ["--run", runFolder],
                command: JobCommand(
                    threads: configured.execution.threads,
                    mpirunOptions: mpirunOption.flatMap { $0.split(separator: " ").map(String.init) },
                    environment: environment)))
        throw ExitCode(try launcher.run())
    }

    /// Reserves the folder of a run that was given no name, for all its incarnations.
    private func newFolder(_ settings: ResolvedSettings) throws -> String {
        let name = settings.model.model
        return try RunFolder.makeNew(
            RunFolder.defaultPath(
                model: AutomaticModel.fits(name) ? name : ModelDescription(name).name,
                data: DataSource(settings.data.data).name,
                date: Date()))
    }

    /// What the ranks will go by, as far as the launcher needs it.
    private func settings(_ flags: SettingsLayer) throws -> ResolvedSettings {
        let given = ResolvedSettings([flags])
        for (name, path) in [("config", given.run.config), ("model", given.model.model)] {
            guard let path, FileBytes.isPipe(path) else { continue }
            throw TrainingError(
                "--\(name) \(path) can be read only once, and every rank of every start reads it: save it as a file")
        }
        return try ResolvedSettings(flags: flags)
    }
}
