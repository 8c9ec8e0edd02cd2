// Several runs of `lockstep train` one after the other, with other seeds or on other folds of the data: `--seeds`, `--folds`.

import Foundation
import Lockstep
import Streams

/// The runs of a series, each in a folder of its own below the series'.
struct TrainSeries {
    /// One run, by what it differs in from the others.
    private struct Member {
        /// `seed=1`, `fold=2` or `seed=1-fold=2`, also its folder.
        let name: String
        let seed: UInt64?
        let fold: Fold?
    }

    private let flags: SettingsLayer
    private let settings: ResolvedSettings
    private let members: [Member]
    private let folder: String

    /// nil where the settings ask for a single run.
    ///
    /// - Parameter flags: as for a single run.
    init?(_ flags: SettingsLayer) throws {
        self.flags = try flags.withFiles()
        settings = ResolvedSettings([self.flags])
        let (seeds, foldCount) = (settings.run.seeds, settings.run.folds)
        guard !seeds.isEmpty || foldCount != nil else {
            try TrainSeries.refuseOneRun(in: settings)
            return nil
        }
        if !seeds.isEmpty, case .flag? = flags.values["seed"]?.origin {
            throw settings.error(\.training.seed, "and --seeds both say which seed: leave one of them out")
        }
        if foldCount != nil, settings.data.fold != nil {
            throw settings.error(\.data.fold, "is one part alone, and --folds trains on all: leave one of them out")
        }
        if case .from = settings.run.resume {
            throw settings.error(\.run.resume, "goes on with a single run; of a series give --run DIR --resume auto")
        }
        if settings.run.resume == .automatic, settings.run.run == nil {
            throw TrainingError("--resume auto needs --run DIR, the series to go on with")
        }
        let folds: [Fold?] = foldCount.map { count in (1...count).map { Fold(number: $0, count: count) } } ?? [nil]
        members = (seeds.isEmpty ? [nil] : seeds.map { Optional($0) }).flatMap { seed in
            folds.map { fold in
                let parts = [seed.map { "seed=\($0)" }, fold.map { "fold=\($0.number)" }].compactMap { $0 }
                return Member(name: parts.joined(separator: "-"), seed: seed, fold: fold)
            }
        }
        folder =
            try settings.run.run
            ?? RunFolder.defaultPath(model: "series", data: DataSource(settings.data.data).name, date: Date())
    }

    /// A single run does not go on in a series' folder.
    private static func refuseOneRun(in settings: ResolvedSettings) throws {
        guard settings.run.resume == .automatic, let folder = settings.run.run, SeriesResults.exist(in: folder)
        else { return }
        throw TrainingError("\(folder) holds several runs: to go on with them give --seeds or --folds as before")
    }

    /// Collective.
    ///
    /// - Returns: whether a signal stopped the series before its end.
    func execute(_ world: World, _ signals: StopSignals) throws -> Bool {
        let isTold = world.rank == 0 && settings.output.verbose != .silent
        let goesOn = settings.run.resume == .automatic
        try world.together {
            guard world.rank == 0, !goesOn, SeriesResults.exist(in: folder) else { return }
            throw TrainingError(
                "\(folder) holds several runs: --resume auto goes on with them, another --run begins anew")
        }
        var results = goesOn ? SeriesResults(in: folder) : SeriesResults()
        for (index, member) in members.enumerated() {
            let path = "\(folder)/\(member.name)"
            let isDone = try results[member.name] != nil && isAsBefore(path)
            let exists = FileManager.default.fileExists(atPath: path)
            // What the ranks have seen may change from here on.
            try world.together { if world.rank == 0, !exists { try results.write(to: folder) } }
            if isTold { print("\(index == 0 ? "" : "\n")run \(index + 1) of \(members.count): \(member.name)") }
            if isDone {
                if isTold { print("already finished") }
                continue
            }
            let outcome = try TrainRun(layer(member, path, exists: exists), inSeries: true).execute(world, signals)
            guard !outcome.isInterrupted else {
                if world.rank == 0 {
                    world.logger.notice(
                        "stopped by a signal; go on with the same command and --run \(folder) --resume auto")
                }
                return true
            }
            results.add(member.name, outcome)
            try world.together { if world.rank == 0 { try results.write(to: folder) } }
        }
        if isTold { print("\n\(results.text(of: members.map(\.name)))\nresults \(SeriesResults.path(in: folder))") }
        return false
    }

    /// The flags of one run.
    private func layer(_ member: Member, _ path: String, exists: Bool) -> SettingsLayer {
        var layer = flags
        layer.set("run", Optional(path))
        if !exists { layer.set("resume", Resume.never) }
        if let seed = member.seed { layer.set("seed", seed) }
        if let fold = member.fold { layer.set("fold", Optional(fold)) }
        return layer
    }

    /// Whether a finished run was trained by the settings that are given now; else it may have to go on.
    private func isAsBefore(_ path: String) throws -> Bool {
        let file = path + "/config.yaml"
        guard let data = FileManager.default.contents(atPath: file) else { return false }
        let former = try ConfigurationFile(text: Text.decode(data, file: file), file: file).layer
        let (now, before) = (settings.onTop(of: former.handedOn), ResolvedSettings([former]))
        return SettingsTable.entries.allSatisfy { setting in
            if ["seed", "fold"].contains(setting.name) { return true }
            if case .anew = setting.resume, setting.name != "max-steps" { return true }
            return setting.recordedWords(now) == setting.recordedWords(before)
        }
    }
}
