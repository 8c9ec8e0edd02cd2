// The library's messages put settings in backquotes, by their Swift names. On the command line they are flags.

import Lockstep

enum SettingWords {
    /// What is no flag by the rule of `flag`.
    private static let exceptions = [
        "onNonFinite: .skip": "--on-nan skip", "resume: .automatic": "--resume auto", "folder": "--run",
        "load(_:input:)": "--resume-weights PATH", "shards: nil": "--shards auto", "full": "full",
        "everyNSteps": "--checkpoint-every-n-steps", "everyNEpochs": "--checkpoint-every-n-epochs",
        "SeriesOptions.time": "--time-column", "SeriesOptions.group": "--group-column",
        "everyNMinutes": "--checkpoint-every-n-minutes", "tracedSteps": "--trace-steps",
    ]

    /// A message with flags in the place of `names`.
    @Sendable static func flags(_ message: String) -> String {
        let parts = message.split(separator: "`", omittingEmptySubsequences: false)
        guard parts.count > 2 else { return message }
        return parts.enumerated().map { index, part in
            guard index % 2 == 1 else { return String(part) }
            if index == parts.count - 1 { return "`\(part)" }
            return exceptions[String(part)] ?? flag(String(part)) ?? "`\(part)`"
        }.joined()
    }

    /// `batchSize` is --batch-size, `threads: 2` is --threads 2; nil for what names no setting.
    private static func flag(_ words: String) -> String? {
        let parts = words.split(separator: ":", maxSplits: 1)
        guard let name = parts.first, parts.count == 1 || parts[1].first == " " else { return nil }
        let kebab = name.reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : "\($1)" }
        guard SettingsTable.byName[kebab] != nil else { return nil }
        return "--\(kebab)" + (parts.count == 2 ? String(parts[1]) : "")
    }
}

/// `withWorld` with the command's words.
func withWorld(acceptsBrokenPromise: Bool = false, _ body: (World) throws -> Void) {
    withWorld(words: SettingWords.flags, acceptsBrokenPromise: acceptsBrokenPromise, body)
}

extension World {
    /// This process alone, with the command's words.
    static var commandAlone: World {
        var world = World.alone
        world.words = SettingWords.flags
        return world
    }
}
