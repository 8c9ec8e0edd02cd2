// Where a run is kept, how it goes on, how it is executed and what it tells: nothing here changes bits.

import Lockstep

struct RunFolderSettings: SettingsGroup {
    static let title = "Run"

    let run = Setting(
        "run", .path("dir", completion: .directory), "Folder of the run (unless given, runs/MODEL-DATA-TIME).",
        resume: .anew, record: .never)
    let resume = Setting(
        "resume", .resume, default: .never,
        "Go on: 'auto' from --run's newest checkpoint (or start, where there is none), or from PATH.",
        resume: .anew, record: .never, inFiles: false)
    let seeds = Setting(
        "seeds", .seeds, default: [],
        "Train a run with each of these seeds, such as 1-5 or 1,4,7, and tell mean and deviation of the results.",
        resume: .anew, record: .never)
    let folds = Setting(
        "folds", .integer(from: 2),
        "Cross-validation: train so many runs, each validated on another part of the training data.", resume: .anew,
        record: .never)
    let config = Setting(
        "config", .path("name"),
        "A recipe (\(NamedConfiguration.list)) or a YAML file of settings, the flags' words; flags win.",
        resume: .anew, record: .never, inFiles: false)
}

struct CheckpointSettings: SettingsGroup {
    static let title = "Checkpoints"

    let everyNSteps = Setting(
        "checkpoint-every-n-steps", .integer(from: 0), default: 0,
        "A checkpoint every so many steps; 0 for none within epochs.", resume: .mayChange)
    let everyNMinutes = Setting(
        "checkpoint-every-n-minutes", .double("minutes", from: 0), default: 0,
        "A checkpoint every so many minutes; 0 for none.", resume: .mayChange)
    let everyNEpochs = Setting(
        "checkpoint-every-n-epochs", .integer(from: 0), default: 1,
        "A checkpoint every so many epochs; 0 for none but at the end of the run.", resume: .mayChange)
    let keepLast = Setting(
        "keep-last", .integer(from: 1), default: 5, "Checkpoints to keep, the newest ones.", resume: .mayChange)
    let keepBest = Setting(
        "keep-best", .integer(from: 0), default: 1, "Checkpoints to keep besides, those of the best epochs.",
        resume: .mayChange)
    let monitor = Setting(
        "monitor", .text("metric"), default: "val_loss",
        "The metric that makes an epoch the best, such as val_loss or val_accuracy.", resume: .mayChange)
    let mode = Setting(
        "checkpoint-mode", .choice("mode"), default: CheckpointPolicy.Mode.async,
        "async writes checkpoints in the background; sync lets training wait.", resume: .mayChange)
    let onError = Setting(
        "on-checkpoint-error", .choice("action"), default: CheckpointPolicy.ErrorAction.warn,
        "When a checkpoint can't be written: warn and try again at the next one, or stop.", resume: .mayChange)
}

struct ExecutionSettings: SettingsGroup {
    static let title = "Execution"

    let threads = Setting(
        "threads", .automatic(or: .integer(from: 1)), default: nil,
        "Threads of each rank, or 'auto' (one per physical core, at most one per shard).", resume: .anew)
    let verifyEvery = Setting(
        "verify-every", .integer("steps", from: 0), default: 100,
        "Compare the ranks' weights every so many steps, and before each checkpoint; 0 for never.", resume: .mayChange)
    let stallTimeout = Setting(
        "stall-timeout", .seconds(from: 5, orZeroFor: "none"), default: 300,
        "A rank's time without progress that ends the job, after a warning at a fifth of it; 0 for never.",
        resume: .mayChange)
}

struct OutputSettings: SettingsGroup {
    static let title = "Output"

    let verbose = Setting(
        "verbose", .choice([("0", .silent), ("1", .progress), ("2", .linePerEpoch)], "level"),
        default: Verbosity.progress, "What to print: nothing, progress, or one line per epoch.", resume: .anew)
    let logEveryNSteps = Setting(
        "log-every-n-steps", .integer(from: 0), default: 0,
        "A metrics row every so many steps besides one every epoch.", resume: .mayChange)
    let profile = Setting(
        "profile", .flag, default: false,
        "Show where a step's time goes: layers, exchange, wait (also profile.txt, profile.json).", resume: .anew,
        record: .never, inFiles: false)
    let trace = Setting(
        "trace", .path(), "Write a Chrome/Perfetto trace of all ranks to this file.", resume: .anew, record: .never,
        inFiles: false)
    let traceSteps = Setting(
        "trace-steps", .steps, "Steps that the trace holds, as in 1-100 (unless given, this process's first 100).",
        resume: .anew, record: .never, inFiles: false)
}

extension SettingForm where Value == Resume {
    fileprivate static var resume: SettingForm {
        SettingForm<String>.path("path", completion: .directory).map(
            { $0 == "auto" ? .automatic : .from($0) },
            back: { resume in
                switch resume {
                case .never: nil
                case .automatic: "auto"
                case .from(let path): path
                }
            })
    }
}

extension SettingForm where Value == [UInt64] {
    /// `1-5` or `1,4,7`.
    fileprivate static var seeds: SettingForm {
        let most = 10_000
        return SettingForm<[ClosedRange<UInt64>]>.list(
            SettingForm<ClosedRange<UInt64>>(
                "seed",
                read: { (word) throws(SettingProblem) in
                    let ends = word.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
                    guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last,
                        last - first < most
                    else {
                        throw SettingProblem(
                            "must be seeds and ranges of at most \(most), such as 1-5 or 1,4,7, got '\(word)'")
                    }
                    return first...last
                }, text: { "\($0.lowerBound)-\($0.upperBound)" })
        ).map(
            { (ranges) throws(SettingProblem) in
                let seeds = ranges.flatMap { Array($0) }
                guard Set(seeds).count == seeds.count else { throw SettingProblem("must name each seed once") }
                return seeds
            }, back: { $0.map { $0...$0 } })
    }
}

extension SettingForm where Value == ClosedRange<Int> {
    /// `1-100`.
    fileprivate static var steps: SettingForm {
        SettingForm(
            "first-last",
            read: { (word) throws(SettingProblem) in
                let ends = word.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
                guard ends.count == 2, let first = ends[0], let last = ends[1], 1 <= first, first <= last else {
                    throw SettingProblem("must be FIRST-LAST, counted from 1, got '\(word)'")
                }
                return first...last
            }, text: { "\($0.lowerBound)-\($0.upperBound)" })
    }
}
